"""`python -m sipp_scenarios.run [name …] [--list]`: scenarios on an edge of its own, and what came of them."""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sipp_scenarios.check import problems
from sipp_scenarios.play import play
from sipp_scenarios.scenario import Scenario, load, names
from tests.edge import Edge, running_edge

_console = Console()


def main(
    name: Annotated[list[str] | None, typer.Argument(help="Names or numbers; all of them if none is given.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Say what there is, and play nothing.")] = False,
) -> None:
    """Play SIPp scenarios on a fresh edge; the exit code is 1 if anything is not as promised."""
    scenarios = [load(each) for each in name or names()]
    if show:
        for scenario in scenarios:
            _console.print(f"[bold]{scenario.name}[/bold]\n  {scenario.summary}\n  {scenario.standard}")
        return
    with tempfile.TemporaryDirectory(prefix="scenarios-") as folder, running_edge(Path(folder)) as edge:
        results = [(scenario, *_played(scenario, edge)) for scenario in scenarios]
    table = Table("scenario", "seconds", "result")
    for scenario, seconds, found in results:
        table.add_row(scenario.name, f"{seconds:.1f}", "\n".join(found) or "[green]as promised")
    _console.print(table)
    raise typer.Exit(1 if any(found for _, _, found in results) else 0)


def _played(scenario: Scenario, edge: Edge) -> tuple[float, list[str]]:
    begun = time.monotonic()
    found = problems(scenario, edge, play(scenario, edge))
    return time.monotonic() - begun, found


if __name__ == "__main__":
    typer.run(main)
