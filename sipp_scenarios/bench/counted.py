"""What each step of masking costs, in instructions: the same on a busy machine, and exact where CPU seconds drown.

A call is played again and again under valgrind (`replayed`), few times and many times: the difference is the calls'
alone; with a step and without it: the difference is the step's. In place an instruction costs more than here, because
caches are shared with everything else (kemi/decisions/0018).
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from deploy.settings import ROOT
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table

_FEW, _MANY = 10, 110  # calls
_RUN_SECONDS: Final = 1200.0
_COLLECTED: Final = re.compile(r"Collected : (\d+)")
WHOLE: Final = "nothing"
_ALL: Final = "everything, with the callbacks themselves"
WHAT: Final = {
    "sealing": "AES-SIV of the tokens",
    "names": "keyed Call-IDs, tags, dialog marks",
    "values": "the form of each header that passes",
    "bodies": "SDP, line by line",
    "words": "standard phrases on status lines",
    "events": "the spool, 8 events a call",
    "lines": "the log line of a call",
}


class Count(NamedTuple):
    """A step, "nothing" for the whole: thousands of instructions a five-way call, and its share of the whole."""

    step: str
    thousands: float
    share: float


def measured(say: Callable[[str], None]) -> list[Count]:
    """Return the whole call's instructions and what each step has of them; `say` is told how far it is.

    Raises `ValueError` with valgrind's words where it counts nothing.
    """
    runs = [(WHOLE, _FEW), (WHOLE, _MANY), (WHOLE, _FEW, "bare"), (WHOLE, _MANY, "bare")]
    runs += [(step, _MANY) for step in WHAT]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = []
        for run, count in zip(runs, pool.map(_instructions, runs), strict=True):
            found.append(count)
            say(f"counting instructions, without {run[0]}: {len(found)} of {len(runs)}")
    few, many, bare_few, bare_many, *without = found
    whole = ((many - few) - (bare_many - bare_few)) / (_MANY - _FEW)
    return counts(whole, {step: (many - count) / _MANY for step, count in zip(WHAT, without, strict=True)})


def counts(whole: float, prices: dict[str, float]) -> list[Count]:
    """Return a line for the whole and one for each step, from instructions a call."""
    return [Count(step, price / 1000, price / whole) for step, price in ((WHOLE, whole), *prices.items())]


def section(found: list[Count]) -> Section:
    """Return them for the report."""
    rows = [[WHAT.get(each.step, _ALL), f"{each.thousands:.0f}", f"{each.share:.0%}"] for each in found]
    return Section(
        "steps",
        "Instructions of each step",
        order=15,
        text=[
            "Thousands of instructions of the edge's own code in a five-way call, counted by valgrind: the same on a "
            "busy machine. Budgets (decision 0018): 2200 for the whole, 200 for a step."
        ],
        figures={WHAT.get(each.step, _ALL): Figure(each.thousands, "thousand instructions") for each in found},
        tables=[Table("thousands of instructions", ["step", "it has", "of all"], rows)],
        plots=[
            Plot(
                "by step", "bars", "", "thousand instructions",
                [Series("ours", [(each.step, each.thousands) for each in found if each.step != WHOLE])],
            )
        ],
    )  # fmt: skip


def _instructions(run: tuple[Any, ...]) -> int:
    program = [sys.executable, "-m", "sipp_scenarios.bench.replayed", *map(str, run)]
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *program]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}  # the same dictionaries each time
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_RUN_SECONDS, check=False
    )
    told = _COLLECTED.search(done.stderr)
    if done.returncode or told is None:
        raise ValueError(f"valgrind: {done.stderr[-500:]}")
    return int(told[1])
