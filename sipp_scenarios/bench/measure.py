"""Measuring: idle programs first, then load on one after the other, round by round."""

import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

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
        begun, before, each, lost = time.monotonic(), program.cpu(), program.each(), cpu.dropped()
        (worked, idle_), sipp = cpu.machine(), _children()
        told, complaint = load.call(program.address, program.ports(asked.members), asked, Path(folder))
        loaded = time.monotonic() - begun
        (worked_after, idle_after), busiest = cpu.machine(), _busiest(each, program.each())
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
        busy=(worked_after - worked) / max(worked_after - worked + idle_after - idle_, 0.01),
        busiest=busiest / loaded,
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


def _busiest(before: dict[int, float], after: dict[int, float]) -> float:
    return max((used - before.get(pid, 0.0) for pid, used in after.items()), default=0.0)
