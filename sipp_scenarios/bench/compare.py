"""`python -m sipp_scenarios.bench.compare OLD NEW`: two reports, and what got slower; `make bench-compare`.

A figure got worse where it is worse by more than a tenth, and by more than its rounds differ among themselves; or where
it came to no number any more. Figures are compared only where they were made under the same load.
"""

from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from deploy.console import wide_console
from sipp_scenarios.bench.section import Figure, Report, load_report

_TENTH: Final = 0.1
app: Final = typer.Typer(add_completion=False)


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


class Comparison(NamedTuple):
    """What became of each figure; all but `changes` by name.

    `lost`: no number any more, which is worse; `apart`: made under another load, or in another unit, with both in
    words; `old_only`, `new_only`: not in the other report.
    """

    changes: list[Change]
    lost: list[str]
    apart: dict[str, str]
    old_only: list[str]
    new_only: list[str]

    @property
    def worse(self) -> int:
        """How many got worse, those that are lost among them."""
        return len(self.lost) + sum(each.verdict == "worse" for each in self.changes)


def compared(old: Report, new: Report) -> Comparison:
    """Hold the new report against the old."""
    before, after, without = _figures(old), _figures(new), _lost(new)
    apart = {
        name: f"{_load(before[name])}; then {_load(after[name])}"
        for name in after
        if name in before and _load(before[name]) != _load(after[name])
    }
    apart |= {
        name: f"{before[name].under or 'not said'}; then {under or 'not said'}, and it came to no number"
        for name, under in without.items()
        if name in before and before[name].under != under
    }
    lost = [name for name in without if name in before and name not in apart and before[name].better != "neither"]
    changes = [
        Change(name, before[name], after[name], _verdict(before[name], after[name]))
        for name in after
        if name in before and name not in apart
    ]
    old_only = sorted(before.keys() - after.keys() - apart.keys() - {*lost})
    return Comparison(changes, lost, apart, old_only, sorted((after.keys() | without.keys()) - before.keys()))


def _figures(report: Report) -> dict[str, Figure]:
    return {f"{section.name}: {name}": each for section in report.sections for name, each in section.figures.items()}


def _lost(report: Report) -> dict[str, str]:
    return {f"{section.name}: {name}": under for section in report.sections for name, under in section.lost.items()}


def _load(figure: Figure) -> str:
    return f"{figure.under or 'load not said'}, in {figure.unit}"


def _verdict(old: Figure, new: Figure) -> str:
    if new.better == "neither":
        return ""
    moved = abs(new.value - old.value)
    if moved <= _TENTH * abs(old.value) or moved <= max(_spread(old), _spread(new)):
        return ""
    return "better" if (new.value < old.value) == (new.better == "lower") else "worse"


def _spread(figure: Figure) -> float:
    return max(figure.rounds) - min(figure.rounds) if figure.rounds else 0.0


@app.command()
def main(
    old: Annotated[Path, typer.Argument(help="An earlier report.json.")],
    new: Annotated[Path, typer.Argument(help="A later one.")],
    everything: Annotated[bool, typer.Option("--all", help="Also what has not changed.")] = False,
) -> None:
    """Say what got slower, or better; 1 where something got slower or came to no number."""
    console = wide_console()
    try:
        found = compared(load_report(old), load_report(new))
    except ValueError as wrong:
        console.print(str(wrong), style="red", markup=False)
        raise typer.Exit(2) from wrong
    _tell(console, found, everything)
    raise typer.Exit(1 if found.worse else 0)


def _tell(console: Console, found: Comparison, everything: bool) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in ("figure", "old", "new", "unit", "new by old", ""):
        table.add_column(head, justify="left" if head in {"figure", "unit", ""} else "right")
    for name in found.lost:
        table.add_row(name, "", "none", "", "", "✗ worse", style="red")
    for each in sorted(found.changes, key=lambda one: one.verdict != "worse"):
        if each.verdict or everything:
            style = {"worse": "red", "better": "green"}.get(each.verdict, "")
            mark = {"worse": "✗ worse", "better": "better"}.get(each.verdict, "")
            row = (each.name, f"{each.old.value:.2f}", f"{each.new.value:.2f}", each.new.unit, f"{each.by:.2f}", mark)
            table.add_row(*row, style=style)
    console.print(table)
    for name, loads in found.apart.items():
        console.print(f"cannot be compared: {name}: {loads}", style="yellow", markup=False, highlight=False)
    for which, names in (("old", found.old_only), ("new", found.new_only)):
        for name in names:
            console.print(f"only in the {which} report: {name}", markup=False, highlight=False)
    console.print(
        f"{found.worse} of {len(found.changes) + len(found.lost)} figures got worse; {len(found.apart)} cannot be "
        f"compared; {len(found.old_only) + len(found.new_only)} stand in one report only"
    )


if __name__ == "__main__":
    app()
