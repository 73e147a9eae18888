"""`python -m tests.scale [--hotlines 1000 …] [--json]`: what a configuration of any size costs; `make bench-config`.

A private PostgreSQL, the real compiler as a process, readers as SIP workers are. 1 where a budget is not kept.
"""

import json
import os
import platform
import sys
import time
from typing import Annotated, Final

import psycopg2
import typer
from rich.columns import Columns
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from deploy.console import wide_console
from kemi.errors import EdgeError
from tests.scale import report
from tests.scale.compiler import CompilerDied
from tests.scale.figures import Figure, as_json, over_budget
from tests.scale.measure import measured

_SIZES: Final = [1_000, 10_000, 100_000, 1_000_000]


def main(
    hotlines: Annotated[list[int] | None, typer.Option(min=20, max=10_000_000, help="A size; 1k to 1M.")] = None,
    lookups: Annotated[int, typer.Option(min=100, max=10_000_000, help="Lookups of a size.")] = 100_000,
    changes: Annotated[int, typer.Option(min=1, max=10_000, help="Changes of each kind and size.")] = 100,
    as_lines: Annotated[bool, typer.Option("--json", help="JSON on standard output, the table elsewhere.")] = False,
) -> None:
    """Build time, change-to-worker latency, what recompiles, disk, memory and lookups by the number of hotlines."""
    console, begun = wide_console(stderr=as_lines), time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    figures: list[Figure] = []
    try:
        with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
            for size in hotlines or _SIZES:
                figures.append(_one(progress, size, lookups, changes))
    except (OSError, ValueError, EdgeError, CompilerDied, psycopg2.Error) as wrong:
        console.print(f"the benchmark cannot go on: {wrong}", style="red", markup=False)
        raise typer.Exit(2) from wrong
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    console.print(report.table(figures), "", report.one_row(figures), "")
    console.print(Columns(report.plots(figures), padding=(1, 2)))
    missed = [each for figure in figures for each in over_budget(figure)]
    for each in missed:
        console.print(f"✗ over budget: {each}", style="red", markup=False)
    console.print(f"{time.monotonic() - begun:.0f} s; {machine}")
    if as_lines:
        told = {"machine": machine, "over_budget": missed, "figures": [as_json(each) for each in figures]}
        print(json.dumps(told, indent=2, ensure_ascii=False))
    sys.exit(1 if missed else 0)


def _one(progress: Progress, size: int, lookups: int, changes: int) -> Figure:
    task = progress.add_task(f"{report.short(size)} hotlines", total=None)

    def look(what: str, done: int, of: int) -> None:
        progress.update(task, description=f"{report.short(size)} hotlines: {what}", completed=done, total=of)

    try:
        return measured(size, lookups, changes, look)
    finally:
        progress.remove_task(task)


if __name__ == "__main__":
    typer.run(main)
