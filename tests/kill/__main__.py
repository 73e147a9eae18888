"""`python -m tests.kill [--runs 200] [--seed 1] [--fault NAME] [--json]`: kill everything, many times, and reconcile.

`--first 30 --runs 1` plays run 30 of a seed again. Ends with 1 where wire, ledger and SMS do not tell one
story; the runs that went wrong are then written to VAR_DIR.
"""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from deploy.console import wide_console
from deploy.settings import ROOT
from tests.kill.counts import Counts, as_json, count, table
from tests.kill.evidence import Evidence
from tests.kill.faults import FAULTS
from tests.kill.reconcile import reconcile
from tests.kill.room import kill_room
from tests.kill.rounds import play_round
from tests.kill.stories import Plan, plan


def main(
    runs: Annotated[
        int, typer.Option(min=1, help="how many runs; every fault comes once in as many as there are")
    ] = 200,
    seed: Annotated[int, typer.Option(help="the same seed makes the same calls and the same faults")] = 1,
    first: Annotated[int, typer.Option(min=0, help="the number of the first run, to play one again")] = 0,
    fault: Annotated[str, typer.Option(help="only this fault, by its name or a part of it")] = "",
    as_text: Annotated[bool, typer.Option("--text/--json", help="a table, or JSON")] = True,
) -> None:
    """Play the runs, show the counts."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that every block is left in order
    chosen = [one for one in FAULTS if fault in one.name]
    if not chosen:
        raise typer.BadParameter(f"no such fault; there are: {', '.join(one.name for one in FAULTS)}")
    numbers = range(first, first + runs)
    plans = [plan(seed, number, chosen[number % len(chosen)] if fault else None) for number in numbers]
    home = ROOT / "var" / "kill"
    home.mkdir(parents=True, exist_ok=True)
    var_dir = Path(tempfile.mkdtemp(prefix="", dir=home))
    began = time.monotonic()
    by_fault, problems = _play(var_dir, plans)
    took = time.monotonic() - began
    if as_text:
        console = wide_console()
        console.print(table(by_fault))
        console.print(
            f"seed {seed}, {runs} runs, {took:.0f} s ({took / runs:.1f} a run), {len(problems)} discrepancies"
        )
    else:
        print(as_json(by_fault, problems))
    if problems:
        wide_console(stderr=True).print(f"The runs that went wrong, and all logs, are in {var_dir}", style="bold red")
        sys.exit(1)
    shutil.rmtree(var_dir)


def _play(var_dir: Path, plans: Sequence[Plan]) -> tuple[dict[str, Counts], list[str]]:
    """Play `plans`, a round of as many as there are faults under one capture each; the figures, and what was found."""
    by_fault = {one.name: Counts() for one in FAULTS if any(each.fault == one for each in plans)}
    found: list[str] = []
    console = wide_console(stderr=True)
    columns = [TextColumn("{task.description:36}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        bar = progress.add_task("starting", total=len(plans))

        def done(evidence: Evidence) -> None:
            progress.update(bar, advance=1, description=evidence.plan.fault.name)

        with kill_room(var_dir, say=lambda _: None) as room:
            for start in range(0, len(plans), len(FAULTS)):
                for evidence in play_round(room, plans[start : start + len(FAULTS)], done):
                    problems = reconcile(evidence)
                    by_fault[evidence.plan.fault.name] += count(evidence, problems)
                    found += [f"run {evidence.plan.number}, {evidence.plan.fault.name}: {one}" for one in problems]
                    if problems:
                        _keep(var_dir, evidence, problems)
                    for one in problems:
                        console.print(f"run {evidence.plan.number}, {evidence.plan.fault.name}: {one}", markup=False)
    return by_fault, found


def _keep(var_dir: Path, evidence: Evidence, problems: Sequence[str]) -> None:
    """Write down all that is known of a run that went wrong."""
    packets = [f"{packet}\n{packet.raw.decode('latin-1')}" for packet in evidence.packets]
    facts = [*problems, str(evidence.plan), *map(str, evidence.calls), *map(str, evidence.posts), *packets]
    (var_dir / f"run-{evidence.plan.number}.txt").write_text("\n".join(facts))


if __name__ == "__main__":
    typer.run(main)
