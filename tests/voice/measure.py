"""One rtpengine, started as the stack starts it, and so many calls through it: what is lost, late and used."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from deploy.parts import pongs, rtpengine
from deploy.ports import free_rtp, free_udp
from deploy.settings import ROOT, FixedSettings
from deploy.wait import until
from kemi.domain.media import Change, Node
from kemi.media.rtpengine import Rtpengines
from sipp_scenarios.bench import cpu
from tests.media_room import media_of
from tests.percentile import percentiles
from tests.sip.sdp import sdp

CALLER, MEMBER = "127.0.0.11", "127.0.0.21"
OURS: Final = "rtpengine"
MOST_CALLS: Final = 1600
_WAIT_MS: Final = 2000
ANSWER: Final = Change("answer", "caller", "member")


@dataclass
class Found:
    """What one load showed; times in µs, CPU in ms of one call's second."""

    calls: int
    sent: int
    lost: int
    p50_us: float
    p99_us: float
    cpu_ms: float
    late_ms: float


Way: TypeAlias = tuple[str, int]  # address and port that a side sends its voice to


class Relay(Protocol):
    """Whoever carries voice: a running rtpengine, or a peer (tests/voice/peers.py)."""

    name: str
    pid: int

    def place(self, call: bytes, caller: int, member: int) -> tuple[Way, Way]: ...

    def end(self, call: bytes) -> None: ...


@dataclass
class Room:
    """A running rtpengine, the client that asks it, and what its answers took, µs."""

    media: Rtpengines
    pid: int
    name: str = OURS
    took: dict[str, list[float]] = field(default_factory=lambda: {"offer": [], "answer": [], "delete": []})

    def place(self, call: bytes, caller: int, member: int) -> tuple[Way, Way]:
        """Begin a call; where the caller sends to, and where the member does."""
        begin = time.perf_counter()
        _, bodies = self.media.place(call, sdp(CALLER, caller).decode(), {0})
        offered = time.perf_counter()
        answer = self.media.change(0, call, ANSWER, sdp(MEMBER, member).decode())
        answered = time.perf_counter()
        self.took["offer"].append((offered - begin) * 1e6)
        self.took["answer"].append((answered - offered) * 1e6)
        return media_of(answer.encode()), media_of(bodies[0].encode())

    def end(self, call: bytes) -> None:
        begin = time.perf_counter()
        self.media.delete(0, call)
        self.took["delete"].append((time.perf_counter() - begin) * 1e6)


@contextmanager
def room(folder: Path, most_calls: int = MOST_CALLS) -> Iterator[Room]:
    """Start an rtpengine with ports for so many calls; it ends with this."""
    (folder / "recordings" / "raw").mkdir(parents=True)
    control = free_udp("127.0.0.1")
    settings = FixedSettings(var_dir=folder, rtp_ports=free_rtp("127.0.0.1", 4 * most_calls + 100))
    with ExitStack() as open_, (folder / "rtpengine.log").open("wb") as log:
        process = open_.enter_context(subprocess.Popen(rtpengine(settings, control).command, stdout=log, stderr=log))
        open_.callback(process.terminate)
        if not until(lambda: pongs(control), 30):
            raise RuntimeError(f"rtpengine does not start: {(folder / 'rtpengine.log').read_text()}")
        media = open_.enter_context(closing(Rtpengines([Node(*control)], set(), _WAIT_MS)))
        yield Room(media, process.pid)


def carried(relay: Relay | None, calls: int, seconds: float) -> Found:
    """Have `calls` speak both ways for so long; None: straight from side to side, for comparison."""
    with ExitStack() as open_:
        socks = [open_.enter_context(_socket(host)) for host in (CALLER, MEMBER)]
        return _carried(relay, calls, seconds, *socks)


def _carried(
    relay: Relay | None, calls: int, seconds: float, of_caller: socket.socket, of_member: socket.socket
) -> Found:
    caller, member = of_caller.getsockname()[1], of_member.getsockname()[1]
    names = [f"{number:010}".encode() for number in range(calls)]
    ways = [relay.place(name, caller, member) if relay else ((MEMBER, member), (CALLER, caller)) for name in names]
    ears = [_starts(sock) for sock in (of_caller, of_member)]
    for ear in ears:
        assert ear.stderr is not None
        ear.stderr.readline()
    mouths = [
        _starts(sock, targets=[way[side] for way in ways], seconds=seconds)
        for side, sock in enumerate((of_caller, of_member))
    ]
    used = cpu.seconds(relay.pid) if relay else 0.0
    said = [json.loads(mouth.communicate()[0]) for mouth in mouths]
    used = cpu.seconds(relay.pid) - used if relay else 0.0
    for ear in ears:
        ear.terminate()
    heard = [json.loads(ear.communicate()[0]) for ear in ears]
    for name in names if relay else ():
        assert relay is not None
        relay.end(name)
    sent, got = sum(one["sent"] for one in said), sum(one["received"] for one in heard)
    p50, p99 = (max(one[key] for one in heard) for key in ("p50_us", "p99_us"))
    return Found(calls, sent, sent - got, p50, p99, used / seconds / calls * 1000, max(one["late_ms"] for one in said))


def spread(values: list[float]) -> tuple[float, float]:
    """Return p50 and p99."""
    p50, p99 = percentiles(values, 50, 99)
    return p50, p99


def _socket(host: str) -> socket.socket:
    """One side's only socket: it speaks and hears at one port, as telephones do (RFC 4961)."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    return sock


def _starts(sock: socket.socket, **what: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.voice.traffic", json.dumps({"fd": sock.fileno(), **what})]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, pass_fds=(sock.fileno(),))
