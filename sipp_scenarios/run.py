"""`python -m sipp_scenarios.run [name …] [--list]`: scenarios on an edge of its own, and what came of them."""

import tempfile
import time
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import psycopg2
import pydantic
import typer
from rich.console import Console
from rich.table import Table

from deploy.console import wide_console
from sipp_scenarios.check import problems
from sipp_scenarios.play import play
from sipp_scenarios.scenario import Scenario, load, names
from sipp_scenarios.torture.run import Torture, chosen
from tests.edge import Edge, running_edge

_WIDTH: Final = max(len(name) for name in names())  # lines come one by one, and still stand in columns
Thing: TypeAlias = Scenario | Torture

app: Final = typer.Typer(add_completion=False)


@app.command()
def main(
    name: Annotated[list[str] | None, typer.Argument(help="Names or numbers; all of them if none is given.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Say what there is, and play nothing.")] = False,
) -> None:
    """Play SIPp scenarios on a fresh edge; the exit code is 1 if anything is not as promised."""
    console = wide_console()
    try:
        scenarios = [each for one in name or [*names(), "torture"] for each in _named(one)]
    except (ValueError, FileNotFoundError, pydantic.ValidationError) as wrong:
        console.print(str(wrong), style="red", markup=False)
        raise typer.Exit(2) from wrong
    if show:
        console.print(_what_there_is(scenarios))
        return
    with console.status("starting an edge") as status, tempfile.TemporaryDirectory(prefix="scenarios-") as folder:
        begun = time.monotonic()
        with running_edge(Path(folder), say=console.print) as edge:
            console.print(f"an edge of its own is up after {time.monotonic() - begun:.1f} s; scenario, seconds, result")
            failed = 0
            for scenario in scenarios:
                status.update(f"playing {scenario.name}")
                failed += _tell(console, scenario, *_played(scenario, edge))
    console.print(f"{len(scenarios) - failed} of {len(scenarios)} as promised, in {time.monotonic() - begun:.0f} s")
    raise typer.Exit(1 if failed else 0)


def _named(name: str) -> list[Thing]:
    return [*chosen(name)] or [load(name)]


def _what_there_is(scenarios: list[Thing]) -> Table:
    table = Table("scenario", "what happens", "standard", box=None, padding=(0, 2, 0, 0))
    for scenario in scenarios:
        table.add_row(scenario.name, scenario.summary, scenario.standard)
    return table


def _played(scenario: Thing, edge: Edge) -> tuple[float, list[str]]:
    begun = time.monotonic()
    try:
        found = (
            scenario.problems(edge) if isinstance(scenario, Torture) else problems(scenario, edge, play(scenario, edge))
        )
    except (OSError, TimeoutError, psycopg2.Error) as wrong:  # SIPp, the capture or its SQL: the next one may do better
        found = [str(wrong)]
    return time.monotonic() - begun, found


def _tell(console: Console, scenario: Thing, seconds: float, found: list[str]) -> bool:
    """Print a scenario's line, and what was wrong below it; True where something was."""
    verdict = "[bold red]✗ not as promised" if found else "[green]✓ as promised"
    console.print(f"{scenario.name:{_WIDTH}}  {seconds:5.1f}  {verdict}")
    for each in found:
        console.print(f"    {each}", markup=False, soft_wrap=True)
    return bool(found)


if __name__ == "__main__":
    app()
