"""`make bench-media`: calls through one rtpengine until a packet is lost; added delay, CPU, what a worker waits.

RTPProxy and Asterisk carry the same calls in turn, where they can be had (tests/voice/peers.py). The report (`make
bench ARGS=report`) gets a section of it. All of them share the machine with the telephones, whose cost is not counted:
the figures for calls are lower bounds, and the table says how late the telephones themselves were.
"""

import json
import os
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as Screen

from deploy.console import wide_console
from sipp_scenarios.bench.section import save
from tests.voice import peers
from tests.voice.calls import kamailio_ms
from tests.voice.measure import MOST_CALLS, Found, Relay, carried, room
from tests.voice.told import Step, is_kept, of, worker

ROUNDS = 3
STEPS = (50, 100, 200, 300, 400, 500, 600, 800, 1000, 1200, MOST_CALLS)
BOTH = f"{peers.RTPPROXY},{peers.ASTERISK}".lower()


def main(
    seconds: Annotated[float, typer.Option(help="how long each load speaks")] = 6.0,
    most: Annotated[int, typer.Option(help="the most calls that are tried")] = MOST_CALLS,
    calls: Annotated[int, typer.Option(help="calls of a round, direct and anchored; 0: none")] = 300,
    beside: Annotated[str, typer.Option(help="the peers, with commas between; '': none")] = BOTH,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Measure, and say."""
    begin, load_before = time.monotonic(), os.getloadavg()[0]
    _, open_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))  # four ports a call
    with tempfile.TemporaryDirectory() as folder, ExitStack() as open_:
        engine = open_.enter_context(room(Path(folder), most))
        relays, missing = others(open_, beside.lower().split(","))
        steps = measured([engine, *relays], [step for step in STEPS if step <= most], seconds)
    rounds = [[kamailio_ms(calls, anchored=way) for way in (False, True)] for _ in range(ROUNDS if calls else 0)]
    section = of(steps, worker(engine), rounds, missing, time.monotonic() - begin)
    section.load = load_before
    save(section)
    if as_json:
        loads = [{"straight": asdict(one.straight)} | {k: asdict(v) for k, v in one.through.items()} for one in steps]
        print(json.dumps({"loads": loads, "took_us": worker(engine), "kamailio_ms": rounds}))
        return
    for table in section.tables:
        screen = Screen(*table.head, title=table.caption, caption=table.note)
        for row in table.rows:
            screen.add_row(*row)
        wide_console().print(screen)


def others(open_: ExitStack, wanted: list[str]) -> tuple[list[Relay], dict[str, str]]:
    """Start the peers that are `wanted` and can be had; and why the others cannot."""
    found: list[Relay] = []
    missing: dict[str, str] = {}
    known: dict[str, Callable[[], AbstractContextManager[Relay]]]
    known = {peers.RTPPROXY: peers.rtpproxy, peers.ASTERISK: peers.of_asterisk}
    for name, start in known.items():
        if name.lower() in wanted:
            try:
                found.append(open_.enter_context(start()))
            except peers.NoPeer as why:
                missing[name] = str(why)
    return found, missing


def measured(relays: list[Relay], loads: list[int], seconds: float) -> list[Step]:
    """Have each carry each load in turn; whoever loses a packet twice is out, and it ends when nobody is left."""
    steps: list[Step] = []
    left = list(relays)
    for load in loads:
        if left:
            step = Step(carried(None, load, seconds), {one.name: whole(one, load, seconds) for one in left})
            left = [one for one in left if is_kept(step.through[one.name])]
            steps.append(step)
    return steps


def whole(relay: Relay, load: int, seconds: float) -> Found:
    """Have a relay carry a load; where it is not kept, once more: a machine has other things to do, too."""
    found = carried(relay, load, seconds)
    return found if is_kept(found) else carried(relay, load, seconds)


if __name__ == "__main__":
    typer.run(main)
