"""A capture of a window, and the delays that stand in it: a call's messages are told by what passes of it."""

import re
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from deploy.wait import until
from sipp_scenarios.bench import measure
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import Program
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST
from tests.percentile import percentiles

KINDS: Final = {
    "invite": "INVITE in → first INVITE out",
    "ringing": "INVITE in → 180 out",
    "answer": "200 in → 200 out",
}
_CALL_ID: Final = re.compile(rb"\r\n(?:Call-ID|i) *: *([^\r]+)", re.IGNORECASE)
# The bandwidth line passes every program but Asterisk, and the name before the address passes Asterisk.
_NUMBER: Final = re.compile(rb"\nb=AS:(\d+)|\r\nFrom: \"Khach (\d+)\"")
_OF_AN_INVITE: Final = re.compile(rb"\r\nCSeq *: *\d+ +INVITE", re.IGNORECASE)
_DROPPED: Final = re.compile(r"dropped on interface '[^']*': \d+/(\d+)")
_SNAP: Final = 2000  # bytes of a packet
_LINK_BYTES: Final = {1: 14, 101: 0, 113: 16, 276: 20}  # Ethernet (the loopback too), raw IP, Linux' cooked ones


class Captured(NamedTuple):
    """A window, the ms of each kind in it, and how many packets the capture has lost (None: it did not say)."""

    window: Window
    delays: dict[str, list[float]]
    lost: int | None


class Datagram(NamedTuple):
    """When, from which address to which, and what."""

    at: float  # seconds
    source: str
    target: str
    raw: bytes


def datagrams(file: Path) -> Iterator[Datagram]:
    """Read the UDP of a pcap file. Raises `ValueError` for what is none."""
    data = file.read_bytes()
    marks = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}
    unit = marks.get(struct.unpack_from("<I", data)[0]) if len(data) >= 24 else None
    link = struct.unpack_from("<I", data, 20)[0] if unit else None
    if unit is None or link not in _LINK_BYTES:
        raise ValueError("not a capture that can be read")
    at = 24
    while at + 16 <= len(data):
        seconds, part, size, _ = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16 + _LINK_BYTES[link] : at + 16 + size]
        at += 16 + size
        if len(packet) >= 28 and packet[0] >> 4 == 4 and packet[9] == 17:
            head = (packet[0] & 15) * 4
            source, target = (".".join(map(str, packet[place : place + 4])) for place in (12, 16))
            yield Datagram(seconds + part * unit, source, target, packet[head + 8 :])


def delays(packets: Iterator[Datagram]) -> dict[str, list[float]]:
    """Return the ms of each kind, one of each call that has it."""
    asked: dict[bytes, float] = {}  # by the caller's Call-ID, and by the number that passes to the legs
    legs: dict[bytes, bytes] = {}  # a leg's Call-ID -> the call's number
    names: dict[bytes, bytes] = {}  # the caller's Call-ID -> the call's number
    answered: dict[bytes, float] = {}
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    seen: set[tuple[str, bytes]] = set()

    def once(kind: str, call: bytes, since: float | None, now: float) -> None:
        if since is not None and (kind, call) not in seen:
            seen.add((kind, call))
            found[kind].append((now - since) * 1000)

    for one in packets:
        call_id = _CALL_ID.search(one.raw)
        if call_id is None or not _OF_AN_INVITE.search(one.raw):
            continue
        name = call_id[1]
        if one.raw.startswith(b"INVITE "):
            said = _NUMBER.findall(one.raw)
            if not said:
                continue
            number = b"".join(said[-1])  # the body's, where there is one: it stands below the headers
            if one.source == CUSTOMER_HOST:
                asked.setdefault(number, one.at)
                names[name] = number
            elif one.target == GATEWAY_HOST:
                legs[name] = number
                once("invite", number, asked.get(number), one.at)
        elif one.target == CUSTOMER_HOST and name in names:
            if one.raw.startswith(b"SIP/2.0 180"):
                once("ringing", names[name], asked.get(names[name]), one.at)
            elif one.raw.startswith(b"SIP/2.0 200"):
                once("answer", names[name], answered.get(names[name]), one.at)
        elif one.source == GATEWAY_HOST and name in legs and one.raw.startswith(b"SIP/2.0 200"):
            answered.setdefault(legs[name], one.at)
    return found


def spread(samples: list[float]) -> dict[str, float]:
    """Return p50, p95 and p99. Raises `ValueError` where there are hardly any samples."""
    if len(samples) < 2:
        raise ValueError("no delays were seen in the capture")
    return dict(zip(("p50", "p95", "p99"), percentiles(samples, 50, 95, 99), strict=True))


def captured(program: Program, load: Load, file: Path) -> Captured:
    """Load the program and capture meanwhile, into `file`, which is removed. Raises `ValueError` in words."""
    ports = " or ".join(f"port {port}" for port in (program.address[1], *program.ports(load.members)))
    command = ["dumpcap", "-q", "-P", "-i", "lo", "-s", str(_SNAP), "-B", "64", "-f", f"udp and ({ports})"]
    dumpcap = subprocess.Popen([*command, "-w", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        if not until(lambda: file.exists() and file.stat().st_size >= 24, 10.0):
            raise ValueError("dumpcap captures nothing; it needs root, or CAP_NET_RAW")
        window = measure.window(program, load)
    finally:
        dumpcap.send_signal(signal.SIGINT)
        told = dumpcap.communicate(timeout=30)[1].decode(errors="replace")
    try:
        return Captured(window, delays(datagrams(file)), lost(told))
    finally:
        file.unlink()


def lost(told: str) -> int | None:
    """Return how many packets dumpcap says to have lost, in its last words; None where it says nothing."""
    found = _DROPPED.search(told)
    return int(found[1]) if found else None
