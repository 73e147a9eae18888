"""`python -m sipp_scenarios.bench.compare OLD NEW`: two reports, and what got slower; `make bench-compare`.

A figure got worse where it is worse by more than a tenth, and by more than its rounds differ among themselves.
"""

from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer
from rich.table import Table

from deploy.console import wide_console
from sipp_scenarios.bench.section import Figure, Report, load_report

_TENTH: Final = 0.1


class Change(NamedTuple):
    """A figure that both reports have. `verdict`: "worse", "better", or "" where it is neither."""

    name: str
    old: Figure
    new: Figure
    verdict: str

    @property
    def by(self) -> float:
        """The new one by the old."""
        return self.new.value / self.old.value if self.old.value else float("inf") if self.new.value else 1.0


def compared(old: Report, new: Report) -> tuple[list[Change], list[str]]:
    """Return what became of each figure, and the names of those that only one report has."""
    before, after = _figures(old), _figures(new)
    both = [name for name in after if name in before]
    changes = [Change(name, before[name], after[name], _verdict(before[name], after[name])) for name in both]
    return changes, sorted(before.keys() ^ after.keys())


def _figures(report: Report) -> dict[str, Figure]:
    return {f"{section.name}: {name}": each for section in report.sections for name, each in section.figures.items()}


def _verdict(old: Figure, new: Figure) -> str:
    if new.better == "neither" or old.unit != new.unit:
        return ""
    moved = abs(new.value - old.value)
    if moved <= _TENTH * abs(old.value) or moved <= max(_spread(old), _spread(new)):
        return ""
    return "better" if (new.value < old.value) == (new.better == "lower") else "worse"


def _spread(figure: Figure) -> float:
    return max(figure.rounds) - min(figure.rounds) if figure.rounds else 0.0


def main(
    old: Annotated[Path, typer.Argument(help="An earlier report.json.")],
    new: Annotated[Path, typer.Argument(help="A later one.")],
    everything: Annotated[bool, typer.Option("--all", help="Also what has not changed.")] = False,
) -> None:
    """Say what got slower, or better; 1 where something got slower."""
    console = wide_console()
    try:
        changes, single = compared(load_report(old), load_report(new))
    except ValueError as wrong:
        console.print(str(wrong), style="red", markup=False)
        raise typer.Exit(2) from wrong
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in ("figure", "old", "new", "unit", "new by old", ""):
        table.add_column(head, justify="left" if head in {"figure", "unit", ""} else "right")
    for each in sorted(changes, key=lambda one: one.verdict != "worse"):
        if each.verdict or everything:
            style = {"worse": "red", "better": "green"}.get(each.verdict, "")
            mark = {"worse": "✗ worse", "better": "better"}.get(each.verdict, "")
            row = (each.name, f"{each.old.value:.2f}", f"{each.new.value:.2f}", each.new.unit, f"{each.by:.2f}", mark)
            table.add_row(*row, style=style)
    worse = sum(each.verdict == "worse" for each in changes)
    console.print(table)
    console.print(f"{worse} of {len(changes)} figures got worse; {len(single)} stand in one report only")
    raise typer.Exit(1 if worse else 0)


if __name__ == "__main__":
    typer.run(main)
