"""Measuring: idle programs first, then load on one after the other, round by round."""

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Self

from sipp_scenarios.bench import cpu, load
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import Program

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
        begun, before, lost, sipp = time.monotonic(), program.cpu(), cpu.dropped(), _children()
        begin = asked.calls / asked.rate  # seconds that calls begin in, from when SIPp listens on
        with _Meter(program, begin / 4, begin) as meter:
            told, complaint = load.call(program.address, program.ports(asked.members), asked, Path(folder))
        settled()
        time.sleep(_SETTLE)
        after, seconds = program.cpu(), time.monotonic() - begun
    caller, gateway = told[0], told[1:]
    return Window(
        program.name, asked.members, asked.ends, asked.rate, caller.rate, asked.calls,
        failed=caller.failed + asked.calls - caller.calls,
        failed_legs=sum(each.failed for each in gateway),
        retransmissions=sum(each.retransmissions for each in told),
        seconds=seconds,
        cpu={part: after[part] - before[part] for part in after},
        complaint=complaint,
        sipp=_children() - sipp,
        busy=meter.busy,
        busiest=meter.busiest,
        dropped=cpu.dropped() - lost,
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


class _Meter:
    """How busy the cores, and the program's busiest process, were while calls began: not while stragglers ended."""

    def __init__(self, program: Program, since: float, until: float) -> None:
        """`since`, `until`: seconds from the beginning of the `with`."""
        self._program = program
        self._looks: list[tuple[float, dict[int, float], float]] = []
        self._timers = [threading.Timer(at, self._look) for at in (since, until)]
        self.busy = self.busiest = 0.0

    def __enter__(self) -> Self:
        for each in self._timers:
            each.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for each in self._timers:
            each.join() if kind is None else each.cancel()
        if len(self._looks) == len(self._timers):
            (idle, before, since), (idle_after, after, until) = self._looks
            self.busy = max(0.0, 1 - (idle_after - idle) / (until - since) / (os.cpu_count() or 1))
            self.busiest = max((used - before.get(pid, 0.0) for pid, used in after.items()), default=0.0)
            self.busiest /= until - since

    def _look(self) -> None:
        self._looks.append((cpu.idle(), self._program.each(), time.monotonic()))
