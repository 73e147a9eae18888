"""Measuring: idle programs first, then load on one after the other, round by round."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sipp_scenarios.bench import cpu, load
from sipp_scenarios.bench.figures import Window
from tests.sip.message import Address

_SETTLE: Final = 0.5  # seconds after the last call for what is still on its way


@dataclass(frozen=True)
class Program:
    """What is loaded: where it listens, where its members are, and the process ids of its parts."""

    name: str
    address: Address
    ports: tuple[int, ...]
    parts: dict[str, int]

    def cpu(self) -> dict[str, float]:
        """CPU seconds of each part until now."""
        return {part: cpu.seconds(pid) for part, pid in self.parts.items()}


def idle(programs: list[Program], seconds: float) -> dict[str, dict[str, float]]:
    """Return what each part of each program uses in a second while nothing goes on."""
    before = {each.name: each.cpu() for each in programs}
    time.sleep(seconds)  # it is time itself that is measured
    after = {each.name: each.cpu() for each in programs}
    return {
        name: {part: (after[name][part] - used) / seconds for part, used in parts.items()}
        for name, parts in before.items()
    }


def window(program: Program, rate: int, calls: int, settled: Callable[[], object] = lambda: None) -> Window:
    """Load `program` and return what it used; `settled` waits for the parts that follow the calls."""
    with TemporaryDirectory(prefix="bench-") as folder:
        begun, before = time.monotonic(), program.cpu()
        told, complaint = load.call(program.address, program.ports, rate, calls, Path(folder))
        settled()
        time.sleep(_SETTLE)
        after, seconds = program.cpu(), time.monotonic() - begun
    caller, gateway = told[0], told[1:]
    used = {part: after[part] - before[part] for part in after}
    again = sum(each.retransmissions for each in told)
    failed = caller.failed + calls - caller.calls
    legs = sum(each.failed for each in gateway)
    return Window(program.name, rate, caller.rate, calls, failed, legs, again, seconds, used, complaint)


def in_turn(programs: list[Program], rate: int, calls: int, rounds: int) -> Iterator[Window]:
    """Load the programs one after the other, `rounds` times, so that what the machine does besides hits all alike."""
    for _ in range(rounds):
        for program in programs:
            yield window(program, rate, calls)
