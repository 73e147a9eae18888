"""Others that carry voice, beside our rtpengine: RTPProxy and Asterisk, where they can be had.

Neither is a package of Debian 12. RTPProxy comes as its authors' module `rtp.io`, put once into `var/rtpproxy`;
Asterisk as in `make bench` (sipp_scenarios/bench/asterisk.py).
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from deploy.settings import ROOT
from sipp_scenarios.bench import asterisk
from sipp_scenarios.bench.groups import hotline, numbers
from sipp_scenarios.bench.program import EDGE
from tests.edge import CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST
from tests.media_room import media_of
from tests.sip import Call, Carrier, Customer
from tests.sip.sdp import sdp
from tests.voice.measure import CALLER, MEMBER, Way

RTPPROXY: Final = "RTPProxy"
ASTERISK: Final = asterisk.NAME
CANNOT: Final = {
    RTPPROXY: "gives ports and relays: SDP is the SIP server's work, SRTP and codecs pass as they are, and so does a "
    "side's RTCP with its name",
    ASTERISK: "is one process for voice and signalling: " + asterisk.CANNOT,
}
_MODULE: Final = "rtp.io==1.1.1"
_FOLDER: Final = ROOT / "var" / "rtpproxy"
_MAKING_SECONDS: Final = 120.0
_ANY: Final = "any"  # tags of a session: RTPProxy's sides


class NoPeer(Exception):
    """Why there is none here."""


class OfRtpproxy:
    """A running RTPProxy, asked by its protocol."""

    name = RTPPROXY

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process, self.pid = process, process.pid

    def place(self, call: bytes, caller: int, member: int) -> tuple[Way, Way]:
        """Begin a call; where the caller sends to, and where the member does. Raises `NoPeer`."""
        to_caller = self._ask(f"U {call.decode()} {CALLER} {caller} {_ANY};1")
        to_member = self._ask(f"L {call.decode()} {MEMBER} {member} {_ANY};1 {_ANY};1")
        return (EDGE_HOST, to_member), (EDGE_HOST, to_caller)

    def end(self, call: bytes) -> None:
        """End a call."""
        self._ask(f"D {call.decode()} {_ANY}")

    def _ask(self, command: str) -> int:
        """Ask, and return the number that it answers: a port, 0 for done."""
        asked, told = self._process.stdin, self._process.stdout
        assert asked is not None and told is not None  # noqa: PT018
        asked.write(f"{command}\n".encode())
        asked.flush()
        answer = told.readline().split()
        if not answer or not answer[0].isdigit():
            raise NoPeer(f"{RTPPROXY} answers {command!r} by {answer}")
        return int(answer[0])


class OfAsterisk:
    """A running Asterisk: its calls are made by SIP, a hotline with one member each."""

    name = ASTERISK

    def __init__(self, pid: int, customer: Customer, carrier: Carrier) -> None:
        self.pid, self._customer = pid, customer
        self._member = carrier.member(numbers(1, "answered")[0])
        self._calls: dict[bytes, Call] = {}

    def place(self, call: bytes, caller: int, member: int) -> tuple[Way, Way]:
        """The same as `OfRtpproxy.place`."""
        self._member.legs.clear()
        self._calls[call] = made = self._customer.calls(hotline(1, "answered"), sdp=sdp(CALLER, caller))
        self._member.answers(sdp(MEMBER, member))
        if not made.is_answered:
            raise NoPeer(f"{ASTERISK} answers {made.saw}")
        return media_of(made.replies[-1].body), media_of(self._member.invite.body)

    def end(self, call: bytes) -> None:
        """The same as `OfRtpproxy.end`."""
        self._calls.pop(call).hangs_up()


@contextmanager
def rtpproxy() -> Iterator[OfRtpproxy]:
    """Give a running RTPProxy. Raises `NoPeer`."""
    _install()
    command, pipe = [sys.executable, "-m", "tests.voice.rtpproxy"], subprocess.PIPE
    with subprocess.Popen(
        command,
        cwd=_FOLDER,
        env={"PYTHONPATH": f"{_FOLDER}:{ROOT}"},
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield OfRtpproxy(process)


@contextmanager
def of_asterisk() -> Iterator[OfAsterisk]:
    """Give a running Asterisk. Raises `NoPeer`."""
    try:
        with (
            asterisk.running(_say) as program,
            Customer(program.address, host=CUSTOMER_HOST) as customer,
            Carrier(GATEWAY_HOST, program.port) as carrier,
        ):
            yield OfAsterisk(program.parts[EDGE][0], customer, carrier)
    except asterisk.NoAsterisk as why:
        raise NoPeer(str(why)) from why


def versions() -> dict[str, str]:
    """Return what is here, and of which version."""
    found = dict.fromkeys([RTPPROXY] * is_here(), _MODULE)
    try:
        return {**found, ASTERISK: f"{asterisk.version()} of Debian {asterisk.SUITE}"}
    except asterisk.NoAsterisk:
        return found


def is_here() -> bool:
    """Say whether RTPProxy has been put where it belongs."""
    return (_FOLDER / "rtp").is_dir()


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")


def _install() -> None:
    if is_here():
        return
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    try:
        done = subprocess.run(
            [*command, "--target", str(_FOLDER), _MODULE],
            capture_output=True, text=True, timeout=_MAKING_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise NoPeer(f"pip was not ready after {_MAKING_SECONDS:.0f} s") from late
    if done.returncode:
        raise NoPeer(f"pip: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
