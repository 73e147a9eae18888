"""The figures of many runs, by fault: how often it struck, and how much the three tellings told."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final

from rich.table import Table

from tests.kill.check_sms import doubled
from tests.kill.evidence import Evidence
from tests.kill.traffic import Traffic
from tests.kill.view import FINAL, views

_TITLES: Final = {
    "runs": "\nruns", "struck": "\nhit", "calls_on_wire": "calls\nwire", "calls_in_ledger": "calls\nledg.",
    "answered": "\nansw.", "missed": "\nmiss.", "interrupted": "inter-\nrupt.", "refused": "refu-\nsed",
    "without_final": "final\nlost", "legs_on_wire": "legs\nwire", "legs_in_ledger": "legs\nledg.",
    "sms_due": "SMS\ndue", "sms_received": "SMS\ncame", "sms_doubled": "SMS\ntwice", "problems": "\nwrong",
}  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """What was counted in one run, or in several."""

    runs: int = 0
    struck: int = 0
    calls_on_wire: int = 0
    calls_in_ledger: int = 0  # more than on the wire where a caller had to repeat his INVITE to a new start of the edge
    answered: int = 0
    missed: int = 0
    interrupted: int = 0
    refused: int = 0
    without_final: int = 0  # calls whose final reply died with the edge
    legs_on_wire: int = 0
    legs_in_ledger: int = 0
    sms_due: int = 0
    sms_received: int = 0
    sms_doubled: int = 0
    problems: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


def count(evidence: Evidence, problems: Sequence[str]) -> Counts:
    """Return the figures of one run."""
    traffic = Traffic(evidence.packets, evidence.sides)
    outcomes = Counter(row.outcome for row in evidence.calls)
    return Counts(
        runs=1,
        struck=int(evidence.struck),
        calls_on_wire=len({one.message.call_id for one in traffic.invites("from caller")}),
        calls_in_ledger=len(evidence.calls),
        answered=outcomes["answered"],
        missed=outcomes["missed"],
        interrupted=outcomes["interrupted"],
        refused=outcomes["refused"],
        without_final=sum(not view.caller("to caller", "INVITE", FINAL) for view in views(evidence, traffic)),
        legs_on_wire=len({one.message.call_id for one in traffic.invites("to member")}),
        legs_in_ledger=sum(len(row.legs) for row in evidence.calls),
        sms_due=sum(told.state == "accepted" for row in evidence.calls for told in row.told),
        sms_received=len(evidence.posts),
        sms_doubled=doubled(evidence),
        problems=len(problems),
        seconds=evidence.ended - evidence.began,
    )


def table(by_fault: Mapping[str, Counts]) -> Table:
    """Return the figures as a table, a line a fault and one for all."""
    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    made.add_column("\nkilled", no_wrap=True)
    for title in _TITLES.values():
        made.add_column(title, justify="right")
    for name, counts in by_fault.items():
        made.add_row(name, *_cells(counts))
    made.add_section()
    made.add_row("all", *_cells(_sum(by_fault.values())), style="bold")
    return made


def as_json(by_fault: Mapping[str, Counts], problems: Sequence[str]) -> str:
    """Return the figures and what was found as JSON."""
    figures = {name: asdict(counts) for name, counts in by_fault.items()}
    return json.dumps({"faults": figures, "all": asdict(_sum(by_fault.values())), "problems": problems}, indent=2)


def _sum(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


def _cells(counts: Counts) -> list[str]:
    return [str(getattr(counts, name)) for name in _TITLES]
