"""`make bench-media`: calls through one rtpengine until a packet is lost; added delay, CPU, what a worker waits.

The report (`make bench ARGS=report`) gets a section of it. rtpengine shares the machine with the telephones, whose cost
is not counted: the figure for calls is a lower bound, and the table says how late the telephones themselves were.
"""

import json
import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.table import Table as Screen

from deploy.console import wide_console
from sipp_scenarios.bench import machine
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table, now, save
from tests.voice.calls import kamailio_ms
from tests.voice.measure import Found, Room, carried, room, spread

ROUNDS = 3
LATE_MS = 100.0  # a jitter buffer's worth
STEPS = (25, 50, 100, 200, 300, 400, 600, 800, 1200, 1600)


def main(
    seconds: Annotated[float, typer.Option(help="how long each load speaks")] = 10.0,
    most: Annotated[int, typer.Option(help="the most calls that are tried")] = 1600,
    calls: Annotated[int, typer.Option(help="calls of a round, direct and anchored; 0: none")] = 300,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Measure, and say."""
    begin, load_before = time.monotonic(), os.getloadavg()[0]
    found: list[tuple[Found, Found]] = []
    with tempfile.TemporaryDirectory() as folder, room(Path(folder)) as engine:
        for load in (step for step in STEPS if step <= most):
            straight = carried(None, load, seconds)
            found.append((straight, carried(engine, load, seconds)))
            if not is_kept(found[-1][1]):
                break
    rounds = [[kamailio_ms(calls, anchored=way) for way in (False, True)] for _ in range(ROUNDS if calls else 0)]
    section = of(found, engine, rounds, time.monotonic() - begin)
    section.load = load_before
    save(section)
    if as_json:
        print(
            json.dumps(
                {
                    "loads": [[asdict(one) for one in pair] for pair in found],
                    "took_us": worker(engine),
                    "kamailio_ms": rounds,
                }
            )
        )
        return
    for table in section.tables:
        screen = Screen(*table.head, title=table.caption, caption=table.note)
        for row in table.rows:
            screen.add_row(*row)
        wide_console().print(screen)


def is_kept(here: Found) -> bool:
    """Whether nothing was lost, by telephones that kept their own time: those that did not have said less."""
    return not here.lost and here.late_ms < LATE_MS


def worker(engine: Room) -> dict[str, tuple[float, float]]:
    """What a SIP worker waits for each of its questions, p50 and p99, µs."""
    return {name: spread(values) for name, values in engine.took.items()}


def of(found: list[tuple[Found, Found]], engine: Room, rounds: list[list[float]], seconds: float) -> Section:
    """Return the section of the report; `rounds`: CPU ms of Kamailio a call, direct and anchored."""
    most = next((here for _, here in reversed(found) if is_kept(here)), None)
    figures = {f"{name}, p50": Figure(values[0], "µs") for name, values in worker(engine).items()}
    figures |= {f"{name}, p99": Figure(values[1], "µs") for name, values in worker(engine).items()}
    if most is not None:
        figures["calls without a lost packet"] = Figure(most.calls, "calls", "higher")
        figures["CPU of a call's second"] = Figure(most.cpu_ms, "ms")
    for name, values in zip(("a direct", "an anchored"), zip(*rounds, strict=True), strict=False):
        figures[f"CPU of Kamailio, {name} call"] = Figure(median(values), "ms", rounds=list(values))
    rows = [
        [
            str(here.calls), f"{straight.lost} / {here.lost}", f"{here.p50_us - straight.p50_us:.0f}",
            f"{here.p99_us - straight.p99_us:.0f}", f"{here.cpu_ms:.2f}", f"{max(straight.late_ms, here.late_ms):.0f}",
        ]
        for straight, here in found
    ]  # fmt: skip
    head = ["calls", "lost, straight / through", "delay added p50, µs", "p99, µs", "CPU ms a call's second", "late, ms"]
    note = f"late: the telephones' own worst; where that is {LATE_MS:.0f} ms the machine is full, whatever was lost"
    costs = [[f"{one:.2f}" for one in pair] for pair in rounds]
    waits = [[name, f"{one:.0f}", f"{other:.0f}"] for name, (one, other) in worker(engine).items()]
    points: list[tuple[float | str, float]] = [(here.calls, here.p99_us - straight.p99_us) for straight, here in found]
    return Section(
        name="media", title="Voice through rtpengine", order=70, at=now(), seconds=seconds,
        commands=[machine.command("bench-media")], commit=machine.commit(),
        text=["G.711, both ways, 100 packets a second and call, userspace; telephones on the same machine."],
        figures=figures,
        tables=[
            Table("Calls at once", head, rows, note),
            Table("A SIP worker waits", ["for", "p50, µs", "p99, µs"], waits),
            Table("CPU of Kamailio, ms a call", ["direct", "anchored"], costs),
        ],
        plots=[Plot("Delay added, p99", "lines", "calls", "µs", [Series("through rtpengine", points)])],
    )  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
