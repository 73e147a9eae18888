"""Measuring: idle programs first, then load on one after the other, round by round."""

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, NamedTuple, Self

from sipp_scenarios.bench import cpu, figures, load
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import Program
from sipp_scenarios.bench.sockets import Lost
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST, free_port

_SETTLE: Final = 0.5  # seconds after the last call for what is still on its way


def idle(programs: list[Program], seconds: float) -> dict[str, dict[str, float]]:
    """Return what each part of each program uses in a second while nothing goes on."""
    before = {each.name: each.cpu() for each in programs}
    time.sleep(seconds)  # it is time itself that is measured
    after = {each.name: each.cpu() for each in programs}
    return {
        name: {part: (after[name][part] - used) / seconds for part, used in parts.items()}
        for name, parts in before.items()
    }


def window(program: Program, asked: Load, settled: Callable[[], object] = lambda: None) -> Window:
    """Load `program` and return what it used; `settled` waits for the parts that follow the calls."""
    with TemporaryDirectory(prefix="bench-") as folder:
        begun, before, sipp = time.monotonic(), program.cpu(), _children()
        me, ports = (CUSTOMER_HOST, free_port(CUSTOMER_HOST)), program.ports(asked.members)
        begin = asked.calls / asked.rate  # seconds that calls begin in, from when SIPp listens on
        sockets = [me, program.address, *((GATEWAY_HOST, port) for port in ports)]
        with _Meter(program, begin / 4, begin) as meter, Lost(sockets) as lost:
            told, complaint = load.call(me, program.address, ports, asked, Path(folder))
        settled()
        time.sleep(_SETTLE)
        after, seconds = program.cpu(), time.monotonic() - begun
    caller, gateway = told[0], told[1:]
    failed = caller.failed + asked.calls - caller.calls
    return Window(
        program.name, asked.members, asked.ends, asked.rate, caller.rate, asked.calls, failed,
        failed_legs=sum(each.failed for each in gateway),
        retransmissions=sum(each.retransmissions for each in told),
        seconds=seconds,
        cpu={part: after[part] - before[part] for part in after},
        complaint=complaint,
        sipp=_children() - sipp,
        busy=meter.busy,
        busiest=meter.busiest,
        dropped=lost.count,
        missing_legs=figures.missing(asked.calls, failed, asked.members, sum(each.calls for each in gateway)),
        cores=meter.cores,
        calling=meter.calling,
        answering=meter.answering,
        sipp_busiest=meter.sipp_busiest,
    )  # fmt: skip


def in_turn(programs: list[Program], asked: Load, rounds: int) -> Iterator[Window]:
    """Load the programs one after the other, `rounds` times, so that what the machine does besides hits all alike."""
    for _ in range(rounds):
        for program in programs:
            yield window(program, asked)


def _children() -> float:
    """Return the CPU seconds of the children that have ended: while a window is open, those are SIPps."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Look(NamedTuple):
    """CPU seconds until now, all read between `begun` and `ended`."""

    begun: float
    idle_at: float
    idle: float
    program: dict[int, float]
    sipp: dict[tuple[str, int], float]
    ended: float


class _Meter:
    """How busy the cores, the program and SIPp were while calls began: not while stragglers ended."""

    def __init__(self, program: Program, since: float, until: float) -> None:
        """`since`, `until`: seconds from the beginning of the `with`."""
        self._program = program
        self._looks: list[_Look] = []
        self._timers = [threading.Timer(at, self._look) for at in (since, until)]
        self.busy = self.busiest = self.cores = self.calling = self.answering = self.sipp_busiest = 0.0

    def __enter__(self) -> Self:
        for each in self._timers:
            each.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for each in self._timers:
            each.join() if kind is None else each.cancel()
        if len(self._looks) == len(self._timers):
            self._conclude(*self._looks)

    def _conclude(self, first: _Look, last: _Look) -> None:
        # Both readings lie within: what is said to be used cannot be more than the cores had to give.
        seconds = last.ended - first.begun
        used = [each - first.program.get(pid, 0.0) for pid, each in last.program.items()]
        self.busiest, self.cores = max(used, default=0.0) / seconds, sum(used) / seconds
        sipp = {who: (each - first.sipp.get(who, 0.0)) / seconds for who, each in last.sipp.items()}
        self.answering = sum(each for (role, _), each in sipp.items() if role == load.GATEWAY)
        self.calling = sum(sipp.values()) - self.answering
        self.sipp_busiest = max(sipp.values(), default=0.0)
        idle = (last.idle - first.idle) / (last.idle_at - first.idle_at)
        self.busy = max(0.0, 1 - idle / (os.cpu_count() or 1))

    def _look(self) -> None:
        begun = time.monotonic()
        program, sipp = self._program.each(), cpu.loads(os.getpid(), "sipp")
        idle_at, idle = time.monotonic(), cpu.idle()
        self._looks.append(_Look(begun, idle_at, idle, program, sipp, time.monotonic()))
