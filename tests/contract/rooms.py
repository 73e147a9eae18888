"""Two rooms for one scenario: a real Kamailio on loopback, and the fake. Both tell what each party got, in order."""

import contextlib
import re
import socket
import tempfile
import time
from pathlib import Path
from typing import Final, Protocol

from deploy.wait import readable
from tests.fakes import dump_api
from tests.fakes.kamailio import FakeKamailio  # first: it puts KSR where the script's import finds it
from tests.fakes.message import Message
from tests.fakes.state import Address

from tests.contract.entry import Contract  # isort: skip

HERE: Final = Path(__file__).parent
_DEADLINE_SECONDS: Final = 8.0
TABLES: Final = "\n".join(
    line.replace("MAX_CALL_SECONDS", "60")
    for line in (HERE.parents[1] / "kamailio.cfg").read_text().splitlines()
    if line.startswith('modparam("htable"')
)
_MORE: Final = f"""
{TABLES}
server_signature=no
server_header="Server: SIP"
user_agent_header="User-Agent: SIP"
sip_warning=0
dns=no
rev_dns=no
use_dns_failover=no
max_branches=30
kemi.onsend_route_callback="none"
modparam("tm", "fr_timer", 5000)
modparam("tm", "restart_fr_on_each_reply", 0)
modparam("tm", "wt_timer", 33000)
modparam("tm", "e2e_cancel_reason", 0)
modparam("tm", "local_cancel_reason", 1)
modparam("tm", "reparse_invite", 1)
modparam("tm", "callid_matching", 0)
modparam("tm", "failure_exec_mode", 1)
modparam("tm", "cancel_b_method", 1)
modparam("tm", "auto_inv_100_reason", "Trying")
modparam("tm", "unmatched_cancel", 2)
"""


class Room(Protocol):
    """Where a scenario is played: datagrams go in as from a party; `got` is what the parties received."""

    edge: Address
    got: list[tuple[str, Message]]
    forgives: bool  # the fake shall not fail the test for the misuses that a scenario is about

    @property
    def caller(self) -> Address:
        """The caller's address."""

    @property
    def gateway(self) -> Address:
        """The gateway's address."""

    def send(self, party: str, data: bytes) -> None:
        """Send a datagram to the edge as "caller" or "gateway"."""

    def settle(self) -> None:
        """Wait until everything that the last datagrams caused is in `got`."""

    def time_runs_out(self) -> None:
        """Wait for, or make, the timeout of the ringing legs; ends when a final reply has reached the caller."""


class FakeRoom:
    """The fake, with the addresses of the real room."""

    def __init__(self, edge: Address, caller: Address, gateway: Address) -> None:
        self.edge, self._caller, self._gateway = edge, caller, gateway
        self.got: list[tuple[str, Message]] = []
        self._seen: set[tuple[str, bytes]] = set()
        self.kam = FakeKamailio(Contract(), listen=edge)
        self.forgives = False

    @property
    def caller(self) -> Address:
        """The caller's address."""
        return self._caller

    @property
    def gateway(self) -> Address:
        """The gateway's address."""
        return self._gateway

    def send(self, party: str, data: bytes) -> None:
        """Receive at once."""
        source = self.caller if party == "caller" else self.gateway
        if self.forgives:
            with contextlib.suppress(AssertionError):
                self.kam.receive(data, source)
        else:
            self.kam.receive(data, source)

    def settle(self) -> None:
        """Nothing is ever under way."""
        for sent in self.kam.take():
            party = "caller" if sent.to == self.caller else "gateway"
            if (party, sent.data) not in self._seen:
                self._seen.add((party, sent.data))
                self.got.append((party, sent.message))

    def time_runs_out(self) -> None:
        """Fire every timer."""
        self.kam.time_runs_out()
        self.settle()


class RealRoom:
    """A real Kamailio with one worker, and two sockets for the parties."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._sockets = {party: _bound() for party in ("caller", "gateway", "pinger")}
        self.edge = ("127.0.0.1", dump_api.free_udp_port())
        cfg = dump_api.config(folder, HERE / "entry.py", self.edge[1], more=_MORE)
        self._process = dump_api.start(folder, cfg)
        self.got: list[tuple[str, Message]] = []
        self._seen: set[tuple[str, bytes]] = set()
        self._pings = 0
        self.forgives = False

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)
        for party in self._sockets.values():
            party.close()
        self._folder.cleanup()

    def begin(self) -> None:
        """A new scenario starts: new parties, so that nothing of an earlier one reaches them."""
        for party in ("caller", "gateway"):
            self._sockets[party].close()
            self._sockets[party] = _bound()
        self.got, self._seen = [], set()

    @property
    def caller(self) -> Address:
        """The caller's address."""
        return _address(self._sockets["caller"])

    @property
    def gateway(self) -> Address:
        """The gateway's address."""
        return _address(self._sockets["gateway"])

    def send(self, party: str, data: bytes) -> None:
        """Send from the party's socket."""
        self._sockets[party].sendto(data, self.edge)

    def settle(self) -> None:
        """Wait until the one worker has done what it was given. Then read what came."""
        assert self.pinged(_DEADLINE_SECONDS), "Kamailio does not answer"
        self._collect()

    def pinged(self, seconds: float) -> bool:
        """Send an OPTIONS and say whether it is answered; the worker has then done all it was given before."""
        self._pings += 1
        branch = f"z9hG4bKping{self._pings}"
        pinger = self._sockets["pinger"]
        host, port = _address(pinger)
        pinger.sendto(
            f"OPTIONS sip:ping@{self.edge[0]} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch={branch}\r\n"
            f"From: <sip:p@h>;tag=p\r\nTo: <sip:p@h>\r\nCall-ID: {branch}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 9\r\n"
            "Content-Length: 0\r\n\r\n".encode(),
            self.edge,
        )
        deadline = time.monotonic() + seconds
        answered = False
        while not answered and time.monotonic() < deadline:
            answered = any(branch.encode() in data for data in self._read("pinger", 0.2))
        return answered

    def _collect(self) -> None:
        for party in ("caller", "gateway"):
            for data in self._read(party, 0):
                if (party, data) not in self._seen:  # a retransmission tells nothing new
                    self._seen.add((party, data))
                    self.got.append((party, Message(data)))

    def _read(self, party: str, wait: float) -> list[bytes]:
        out = []
        while readable([self._sockets[party]], wait):
            out.append(self._sockets[party].recv(65535))
            wait = 0
        return out

    def time_runs_out(self) -> None:
        """Wait for tm's timer, a process of its own: the caller's reply and the legs' CANCEL come when it likes."""
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not (
            any(party == "caller" and message.status >= 200 for party, message in self.got)
            and any(party == "gateway" and message.method == "CANCEL" for party, message in self.got)
        ):
            assert time.monotonic() < deadline, "no final reply, or no CANCEL"
            readable([self._sockets["caller"], self._sockets["gateway"]], 0.1)
            self._collect()
        self.settle()


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made


def _address(bound: socket.socket) -> Address:
    host, port = bound.getsockname()
    return host, port


def transcript(got: list[tuple[str, Message]]) -> list[str]:
    """Return what the parties got, each party's in order, without what may differ: our tags, branches, own headers."""
    return [
        f"{party}: {_plain(message)}" for wanted in ("caller", "gateway") for party, message in got if party == wanted
    ]


def _plain(message: Message) -> str:
    lines = [" ".join(part.decode("latin-1") for part in message.parts)]
    for one in message.headers:
        name, body = one.raw_name.decode("latin-1"), one.raw_body.decode("latin-1")
        if name in ("Server", "User-Agent"):
            continue
        if one.key == "via":
            body = ";".join(sorted(re.sub(r"z9hG4bK[^;]*", "BRANCH", body).split(";")))
        if one.key == "to" and message.is_reply:
            body = re.sub(r"tag=(?!uas-)[^;]*", "tag=OURS", body)
        lines.append(f"{name}: {body}")
    return "\n".join(lines) + "\n\n" + message.body.decode("latin-1")
