"""`python -m sipp_scenarios.bench.run`: what a five-way call costs, ours and a native script in turn."""

import os
import platform
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from deploy.console import wide_console
from kemi.errors import EdgeError
from sipp_scenarios.bench import counted, measure, report, stage
from sipp_scenarios.bench.figures import Figure, Window, figure

_FULL_RATE: Final = 100  # calls a second that two cores carry with every part running and SIPp beside them
_RATES: Final = [100, 400]
_LOAD_SECONDS: Final = 5  # of a window
_FEWEST: Final = 800  # calls in a window
_IDLE_SECONDS: Final = 5.0
_WARM_UP: Final = 200  # calls that are not counted
app: Final = typer.Typer(add_completion=False)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=1, max=20, help="How often each program is loaded at each rate.")] = 3,
    rate: Annotated[list[int] | None, typer.Option(min=1, max=2000, help="Calls a second; 100 and 400.")] = None,
    with_steps: Annotated[
        bool, typer.Option("--steps/--no-steps", help="Also count what each step of masking costs, 2 minutes.")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on standard output, the table elsewhere.")
    ] = False,
) -> None:
    """CPU seconds per 1000 answered five-way calls, idle CPU subtracted; figures, never a verdict."""
    console = wide_console(stderr=as_json)
    begun = time.monotonic()
    try:
        figures, idle = _measured(console, rounds, rate or _RATES)
        with console.status("counting instructions") as status:
            found = counted.measured(status.update) if with_steps else []
    except (OSError, ValueError, EdgeError) as wrong:  # a part that does not start, a SIPp that counts nothing
        console.print(f"the benchmark cannot go on: {wrong}", style="red", markup=False)
        raise typer.Exit(1) from wrong
    console.print(report.table(figures))
    for at, times in report.ratios(figures).items():
        console.print(f"ours costs {times:.2f} times the native script at {at} calls/s (budget at 400: 1.15)")
    for each in figures:
        if each.failed or each.failed_legs:
            words = f"✗ {each.program} failed at {each.rate} calls/s, so its cost says little. {each.complaint}"
            console.print(words, style="red", markup=False)
    if found:
        console.print(counted.table(found))
    console.print(f"{rounds} rounds in {time.monotonic() - begun:.0f} s; {_facts()['machine']}")
    if as_json:
        priced = [each._asdict() for each in found]
        print(report.as_json(figures, idle, {**_facts(), "rounds": rounds, "steps": priced}))


def _measured(console: Console, rounds: int, rates: list[int]) -> tuple[list[Figure], dict[str, dict[str, float]]]:
    with ExitStack() as open_, console.status("starting the edge and the peer") as status:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        edge = open_.enter_context(stage.running_ours(folder))
        native = open_.enter_context(stage.native(folder))
        whole = stage.whole(edge)
        status.update("both are idle")
        idle = measure.idle([whole, native], _IDLE_SECONDS)
        status.update("warming up")
        for each in (whole, native):
            measure.window(each, _FULL_RATE, _WARM_UP)
        stage.wait_for_the_ledger(edge)
        windows: dict[tuple[int, str], list[Window]] = {}

        def keep(window: Window) -> None:
            windows.setdefault((window.rate, window.program), []).append(window)
            status.update(f"{window.rate} calls/s, {window.program}: {window.cpu['kamailio']:.2f} CPU-s")

        for _ in range(rounds):
            keep(measure.window(whole, _FULL_RATE, _FEWEST, lambda: stage.wait_for_the_ledger(edge)))
        alone = stage.proxy_alone(edge)
        idle[alone.name] = idle[whole.name]
        for rate in rates:
            for window in measure.in_turn([alone, native], rate, max(rate * _LOAD_SECONDS, _FEWEST), rounds):
                keep(window)
    return [figure(each, idle[program]) for (_, program), each in windows.items()], idle


def _facts() -> dict[str, Any]:
    version = subprocess.run(["kamailio", "-v"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    return {"machine": f"{os.cpu_count()} cores, {version}, Python {platform.python_version()}"}


if __name__ == "__main__":
    app()
