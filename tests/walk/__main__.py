"""`python -m tests.walk [--calls 2000] [--seed N] [--json]`: a long random walk, every message audited.

Ends with 1 on any finding: a leak, a request or a call without its end, an error of Python in Kamailio's log.
"""

import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from deploy.console import wide_console
from deploy.settings import ROOT
from tests.walk.report import as_json, figures, summary, tables
from tests.walk.run import walk

_SHOWN = 60  # findings; the JSON has all


def main(
    calls: Annotated[int, typer.Option(min=1, max=20_000, help="how many calls")] = 2000,
    seed: Annotated[int, typer.Option(help="the same seed makes the same calls; 0: a new one")] = 0,
    slots: Annotated[int, typer.Option(min=1, max=60, help="how many calls at a time")] = 30,
    restarts: Annotated[int, typer.Option(min=0, max=20, help="how often Kamailio is restarted meanwhile")] = 4,
    every: Annotated[int, typer.Option(min=1, help="every nth call is read by kemi.audit; all by the walk itself")] = 4,
    as_text: Annotated[bool, typer.Option("--text/--json", help="tables, or JSON")] = True,
) -> None:
    """Walk, show the figures."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that every block is left in order
    seed = seed or secrets.randbelow(10**6) + 1
    home = ROOT / "var" / "walk"
    home.mkdir(parents=True, exist_ok=True)
    var_dir = Path(tempfile.mkdtemp(prefix="", dir=home))
    console = wide_console(stderr=True)
    console.print(f"seed {seed}")
    columns = [TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        bars = [progress.add_task(name, total=calls) for name in ("played", "audited")]

        def look(played: int, audited: int) -> None:
            progress.update(bars[0], completed=played)
            progress.update(bars[1], completed=audited)

        told = walk(var_dir, calls, seed, slots=slots, restarts=restarts, every=every, look=look)
    counted = figures(told, seed)
    if as_text:
        wide_console().print(tables(counted))
    else:
        print(as_json(counted))
    for text in told.findings[:_SHOWN]:
        console.print(text, markup=False, style="red")
    console.print(summary(counted), style="bold")
    if told.findings:
        console.print(f"All logs are in {var_dir}", style="bold red")
        sys.exit(1)
    shutil.rmtree(var_dir)


if __name__ == "__main__":
    typer.run(main)
