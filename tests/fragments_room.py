"""A call whose INVITE is larger than the wire: played in a network namespace where the loopback's MTU is 1500.

`in_its_own_namespace` starts this file in one (network and processes: when it ends, everything in it does) and returns
what was seen there.
"""

import fcntl
import json
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests import bare_edge
from tests.edge import BOB, CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST, HOTLINE
from tests.leaks import find_leaks
from tests.sip import Call, Carrier, Customer, Recording, sdp

ROOT: Final = Path(__file__).resolve().parents[1]
MTU: Final = 1500
EDGE, GATEWAY_PORT = (EDGE_HOST, 5060), 5070
CODECS: Final = 40
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCSIFMTU, _IFF_UP = 0x8913, 0x8914, 0x8922, 1  # netdevice(7)
_UNSHARE: Final = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--")


def in_its_own_namespace(var_dir: Path, seconds: float = 40.0) -> dict[str, Any]:
    """Play the call there and return what it was like. Raises `CalledProcessError`, `TimeoutExpired`."""
    command = [*_UNSHARE, sys.executable, "-m", "tests.fragments_room", str(var_dir)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=seconds)
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def offer(host: str, who: str) -> bytes:
    """An SDP of about 3500 bytes, with a line for each codec that must arrive."""
    lines = [
        f"a=rtpmap:{60 + n} CODEC{n}/8000\r\na=fmtp:{60 + n} mode=narrow;robust=1;level={n}" for n in range(CODECS)
    ]
    return sdp(host, 40000, who) + ("\r\n".join(lines) + "\r\n").encode()


def set_mtu(mtu: int = MTU) -> None:
    """Bring the namespace's loopback up, as narrow as Ethernet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFMTU, struct.pack("16si", b"lo", mtu))
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | _IFF_UP))


def counters() -> dict[str, int]:
    """The namespace's IP counters: FragCreates, ReasmOKs … (proc(5): /proc/net/snmp)."""
    names, values = [line.split()[1:] for line in Path("/proc/net/snmp").read_text().splitlines()[:2]]
    return dict(zip(names, map(int, values), strict=True))


def play(var_dir: Path) -> dict[str, Any]:
    """One answered call, its caller behind two proxies with Record-Routes of 90 characters."""
    recording = Recording()
    bare_edge.write_table(var_dir / "table", GATEWAY_PORT)
    with (
        bare_edge.running(var_dir, EDGE, "1:" + "17" * 32),
        Carrier(GATEWAY_HOST, GATEWAY_PORT, recording) as carrier,
        Customer(EDGE, host=CUSTOMER_HOST, recording=recording) as customer,
    ):
        customer.is_behind_proxies = True
        routes = [_record_route(customer.sent_by, n) for n in (2, 1)]
        bob = carrier.member(BOB)
        before = counters()
        body = offer(customer.media_host, customer.who)
        call = customer.calls(HOTLINE, sdp=body, extra_headers=[("Record-Route", each) for each in routes])
        bob.rings()
        is_ringing = call.is_ringing
        answer = offer(carrier.media_host, carrier.who)
        bob.answers(answer)
        facts = {
            "ringing": is_ringing, "answered": call.is_answered, "acked": bob.was_acked,
            "sent": len(call.invite.raw), "received": len(bob.invite.raw),
            "offered": _codecs(bob.invite.body), "answered_with": _codecs(call.replies[-1].body),
            "member_hangs_up": bob.leg.sends("BYE", to=EDGE).outcome().status, "caller_was_hung_up": call.was_hung_up,
            "routes": routes, "bye_routes": _routes_of_the_bye(call),
        }  # fmt: skip
        after = counters()
    facts["leaks"] = [str(each) for each in find_leaks(recording.packets, bare_edge.sides(EDGE))]
    return facts | {name: after[name] - before[name] for name in ("FragCreates", "ReasmOKs", "ReasmFails")}


def _record_route(address: str, number: int) -> str:
    return f"<sip:{address};lr;n={number};did={'7c41d5a9.' * 10}"[:89] + ">"


def _codecs(body: bytes) -> int:
    return body.count(b"a=rtpmap:") - 3  # those of any offer of the tests


def _routes_of_the_bye(call: Call) -> list[str]:
    bye = next(each for each in call.requests if each.method == "BYE")
    return [each for value in bye.all("route") for each in value.split(",")]


if __name__ == "__main__":
    set_mtu()
    print(json.dumps(play(Path(sys.argv[1]))))
