"""SIPp as load: a caller at a rate, and the gateway's side on one port or on one for each member."""

import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from deploy.hosts import is_taken
from deploy.wait import until
from sipp_scenarios.bench import counts
from sipp_scenarios.bench.counts import Counts
from sipp_scenarios.bench.groups import Ends, hotline
from tests.edge import GATEWAY_HOST, free_port
from tests.sip.message import Address

_ROOM: Final = Path(__file__).parent
_LINGER: Final = 3.0  # seconds for the gateway's last legs, after the caller's last call
_EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - SIPp's control port is of all addresses, and its own choice is of 60
_LEAVING: Final = 1.0  # seconds to leave; what it counts is written ten times as often
_LISTENS: Final = 10.0  # seconds until SIPp does
GATEWAY: Final = "gateway"
_CALLERS: Final = {"answered": "caller", "cancelled": "caller_gives_up"}


class Load(NamedTuple):
    """So many calls at a rate to a group of `members`; `hotlines`: to each of these in turn instead of the group's.

    `patience`: seconds after the last call has begun; whatever has not ended by then is ended, and failed.
    """

    members: int
    ends: Ends
    rate: int  # calls a second
    calls: int
    hotlines: tuple[str, ...] = ()
    patience: float = 30.0


class Party:
    """One SIPp that plays `calls` calls; ends with the block it is used in."""

    def __init__(self, role: str, me: Address, calls: int, seconds: float, folder: Path, *more: str) -> None:
        """`seconds`: the longest that it may take; `more`: arguments for SIPp, such as where to call and how fast."""
        self._counts = folder / f"{role}_{me[1]}.csv"
        self.address = me
        self._role, self._errors = role, folder / f"{role}_{me[1]}.errors"
        self._command = ["setpriv", "--pdeathsig", "TERM", "--", "sipp", "-sf", str(_ROOM / f"{role}.xml")]
        self._command += [
            "-i",
            me[0],
            "-p",
            str(me[1]),
            "-cp",
            str(free_port(_EVERYWHERE)),
            "-m",
            str(calls),
            "-nostdin",
        ]
        self._command += ["-timeout", str(int(seconds)), "-trace_stat", "-stf", str(self._counts), "-fd", "100ms"]
        self._command += ["-trace_err", "-error_file", str(self._errors), "-buff_size", "4194304", *more]

    def __enter__(self) -> Self:
        null = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdin=null, stdout=null, stderr=null)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def complaint(self) -> str:
        """Return the first thing that SIPp did not expect, "" if all went as written."""
        lines = self._errors.read_text(errors="replace").splitlines() if self._errors.exists() else []
        said = next((line for line in lines if "Aborting" in line or "ailed" in line), "")
        return f"{self._role}: {said.rpartition(chr(9))[2][:200]}" if said else ""

    def is_over(self) -> bool:
        """Say whether it has ended."""
        return self._process.poll() is not None

    def ends(self, within: float) -> Counts:
        """Wait for its end, make it end after `within` seconds, and return what it counted. Raises `ValueError`."""
        if not until(self.is_over, within):
            self.leaves()
            until(self.is_over, _LEAVING)
        return counts.parse(self._counts.read_text())

    def leaves(self) -> None:
        """Tell it to take no more calls and to end."""
        if not self.is_over():
            self._process.send_signal(signal.SIGUSR1)


class Carrier:
    """The gateway's side: one SIPp on each of `ports`, the legs spread evenly over them."""

    def __init__(self, ports: tuple[int, ...], legs: int, seconds: float, folder: Path) -> None:
        each = legs // len(ports)
        self._parties = [Party(GATEWAY, (GATEWAY_HOST, port), each, seconds, folder) for port in ports]

    def __enter__(self) -> Self:
        for each in self._parties:
            each.__enter__()
        # A lost first INVITE would be seen as a retransmission.
        if not until(lambda: all(is_taken(*each.address) for each in self._parties), _LISTENS):
            raise TimeoutError("SIPp does not listen")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for each in self._parties:
            each.__exit__(kind, error, tb)

    def ends(self) -> list[Counts]:
        """Wait for the last legs."""
        if not until(lambda: all(each.is_over() for each in self._parties), _LINGER):
            for each in self._parties:
                each.leaves()
            until(lambda: all(each.is_over() for each in self._parties), _LEAVING)
        return [each.ends(0.0) for each in self._parties]

    def complaint(self) -> str:
        """Return the first complaint of any of them."""
        return next(filter(None, (each.complaint() for each in self._parties)), "")


def call(
    me: Address, target: Address, ports: tuple[int, ...], load: Load, folder: Path
) -> tuple[list[Counts], str]:  # fmt: skip
    """Place the calls from `me`.

    Return what the caller counted, then each SIPp of the gateway's side; and the first complaint, "" for none.
    """
    numbers = folder / "hotlines.csv"
    called = load.hotlines or (hotline(load.members, load.ends),)
    numbers.write_text("SEQUENTIAL\n" + "".join(f"{each};\n" for each in called))
    where = (f"{target[0]}:{target[1]}", "-r", str(load.rate), "-l", str(max(load.calls, 100)), "-inf", str(numbers))
    seconds = load.calls / load.rate + load.patience
    role = _CALLERS[load.ends]
    with (
        Carrier(ports, load.calls * load.members, seconds + _LINGER, folder) as carrier,
        Party(role, me, load.calls, seconds, folder, *where) as caller,
    ):
        counted = [caller.ends(seconds), *carrier.ends()]
        return counted, "; ".join(filter(None, (caller.complaint(), carrier.complaint())))
