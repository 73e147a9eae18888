"""`python -m sipp_scenarios.run [name …] [--list] [-j N]`: scenarios on edges of their own, and what came of them."""

import contextlib
import time
from typing import Annotated, Final

import pydantic
import typer
import yaml
from rich.console import Console
from rich.table import Column, Table

from deploy.console import wide_console
from sipp_scenarios.runner import JOBS, Result, Thing, played
from sipp_scenarios.scenario import load, names
from sipp_scenarios.torture.rows import NAME
from sipp_scenarios.torture.run import chosen

_WIDTH: Final = max(len(name) for name in names())  # lines come one by one, and still stand in columns

app: Final = typer.Typer(add_completion=False)


@app.command()
def main(
    name: Annotated[list[str] | None, typer.Argument(help="Names or numbers; all of them if none is given.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Say what there is, and play nothing.")] = False,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, help="How many edges play at once.")] = JOBS,
) -> None:
    """Play SIPp scenarios on fresh edges; the exit code is 1 if anything is not as promised."""
    console = wide_console()
    try:
        things = [each for one in name or [*names(), NAME] for each in _named(one)]
    except (ValueError, FileNotFoundError, pydantic.ValidationError, yaml.YAMLError) as wrong:
        console.print(str(wrong), style="red", markup=False)
        raise typer.Exit(2) from wrong
    if show:
        console.print(_what_there_is(things))
        return
    begun, results = time.monotonic(), []
    words = f"playing {len(things)} on {min(jobs, len(things))} edges; scenario, seconds, result"
    with console.status(words), contextlib.closing(played(things, jobs, console.print)) as coming:
        for result in coming:
            results.append(result)
            _tell(console, result)
    failed = [each for each in results if each.problems]
    for each in failed[:10] if len(things) > 10 else []:  # what went by long ago
        console.print(f"[bold red]✗[/] {each.thing.name}")
    told = f"{len(results) - len(failed)} of {len(results)} as promised, in {time.monotonic() - begun:.0f} s"
    console.print(f"{told} ({sum(each.seconds for each in results):.0f} s one after the other)")
    raise typer.Exit(1 if failed else 0)


def _named(name: str) -> list[Thing]:
    return [*chosen(name)] or [load(name)]


def _what_there_is(things: list[Thing]) -> Table:
    table = Table(Column("scenario", no_wrap=True), "what happens", "standard", box=None, padding=(0, 2, 0, 0))
    for thing in things:
        table.add_row(thing.name, thing.summary, thing.standard)
    return table


def _tell(console: Console, result: Result) -> None:
    """Print a scenario's line, and what was wrong below it."""
    verdict = "[bold red]✗ not as promised" if result.problems else "[green]✓ as promised"
    console.print(f"{result.thing.name:{_WIDTH}}  {result.seconds:5.1f}  {verdict}")
    for each in result.problems:
        console.print(f"    {each}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    app()
