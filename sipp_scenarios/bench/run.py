"""`python -m sipp_scenarios.bench.run [PART …]`: the edge and its peers under load, and the report; `make bench`.

sipp      SIPp alone: the limit of what can be seen
cost      CPU of a call for groups of 1, 5, 10, 29, answered and cancelled, beside the peers
capacity  the most calls a second, and what is full first
delay     how long a message stays, at 20, 50, 80 % of that
growth    cost by hotlines and workers
soak      memory over very many calls
steps     instructions of each step of masking (valgrind)
report    nothing new: the report of the sections that are there, whoever wrote them
"""

import os
import time
from collections.abc import Callable
from typing import Annotated, Final

import psycopg2
import typer
from rich.console import Console

from deploy.console import wide_console
from kemi.errors import EdgeError
from sipp_scenarios.bench import (
    alone,
    capacity,
    cast,
    cost,
    counted,
    delay,
    growth,
    machine,
    page,
    section,
    soak,
    stage,
)
from sipp_scenarios.bench.cast import Cast
from sipp_scenarios.bench.section import Report, Section
from sql.said import said

_HELD: Final = ": calls/s held"
_CAPACITY: Final = 400  # calls a second, where nobody has measured it
_PEERS: Final = {"cost": cast.PEERS, "capacity": cast.PEERS, "delay": cast.PEERS}
PARTS: Final[tuple[str, ...]] = ("sipp", "cost", "capacity", "delay", "growth", "soak", "steps")
Bench = Callable[[Cast], Section]
app: Final = typer.Typer(add_completion=False)


@app.command()
def main(
    parts: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(PARTS)}, report; all but report.")] = None,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often each program is loaded.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="Seconds of load in a window.")] = 2.0,
    ramps: Annotated[int, typer.Option(min=1, max=50, help="How often each program's capacity is looked for.")] = 3,
    hold: Annotated[float, typer.Option(min=0, max=3600, help="Seconds to hold the capacity; a claim: 60.")] = 0,
    hold_peers: Annotated[bool, typer.Option("--hold-peers", help="Hold the peers, too.")] = False,
    rate: Annotated[int, typer.Option(min=0, max=10_000, help="Capacity for delay; 0: as it was measured last.")] = 0,
    soak_calls: Annotated[int, typer.Option(min=50, max=10_000_000, help="Calls; a claim: 200000.")] = 10_000,
    soak_rate: Annotated[int, typer.Option(min=1, max=10_000, help="Calls a second of the soak.")] = 100,
    soak_every: Annotated[float, typer.Option(min=0.2, max=600, help="Seconds between two looks at the memory.")] = 2.0,
    soak_edge: Annotated[bool, typer.Option(help="Soak the edge alone, without ledger, SMS, PostgreSQL.")] = False,
    hotlines: Annotated[list[int] | None, typer.Option(min=10, max=10_000_000, help="Sizes; 1k, 100k, 1M.")] = None,
    workers: Annotated[list[int] | None, typer.Option(min=1, max=64, help="SIP_WORKERS; 1, 2, 4, 8.")] = None,
    growth_rate: Annotated[int, typer.Option(min=1, max=10_000, help="Calls a second of growth.")] = 100,
    without: Annotated[list[str] | None, typer.Option(help=f"A peer to leave out, of {', '.join(cast.PEERS)}.")] = None,
    seed: Annotated[int, typer.Option(help="Of which hotlines are called.")] = 1,
    publish: Annotated[bool, typer.Option("--publish", help="Keep it under bench/published.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report's JSON on standard output.")] = False,
) -> None:  # fmt: skip
    """Measure what is asked for and write bench/report.html and report.json; figures, never a verdict."""
    console, begun = wide_console(stderr=as_json), time.monotonic()
    wanted = parts or list(PARTS)
    for words, names, there in (("part", wanted, {*PARTS, "report"}), ("peer", without or [], set(cast.PEERS))):
        if strange := [each for each in names if each not in there]:
            console.print(f"no such {words}: {', '.join(strange)}; there are {', '.join(sorted(there))}", style="red")
            raise typer.Exit(2)
    sizes, numbers = hotlines or [1000, 100_000, 1_000_000], workers or [1, 2, 4, 8]
    bench: dict[str, Bench] = {
        "sipp": lambda one: alone.measured(one, seconds),
        "cost": lambda one: cost.measured(one, rounds, seconds),
        "capacity": lambda one: capacity.measured(
            one, seconds, hold, ramps, one.everybody(), one.everybody() if hold_peers else [one.ours]
        ),
        "delay": lambda one: delay.measured(one, *_rates(rate), seconds, rounds, one.everybody()),
        "growth": lambda one: growth.measured(one, rounds, seconds, growth_rate, sizes, numbers, seed),
        "soak": lambda one: soak.measured(
            one, one.ours if soak_edge else one.whole(), soak_calls, soak_rate, soak_every
        ),
        "steps": lambda one: counted.section(counted.measured(one.say)),
    }  # fmt: skip
    chosen = {name: bench[name] for name in PARTS if name in wanted}
    peers = {each for name in chosen for each in _PEERS.get(name, ())}
    try:
        facts = machine.facts(seed)
        if chosen:
            _run(console, chosen, frozenset(peers.difference(without or ())))
        report = Report(facts | machine.of_asterisk(), section.load_all())
        file = page.write(report, section.FOLDER)
        if publish:
            page.write(report, section.PUBLISHED)
    except (OSError, ValueError, EdgeError, psycopg2.Error) as wrong:
        console.print(f"the benchmark cannot go on: {said(wrong)}", style="red", markup=False)
        raise typer.Exit(1) from wrong
    console.print(f"{time.monotonic() - begun:.0f} s; {facts['machine']}; the report: {file}")
    if as_json:
        print((section.FOLDER / "report.json").read_text())


def _run(console: Console, chosen: dict[str, Bench], peers: frozenset[str]) -> None:
    """Measure one after the other; each section is kept as soon as it is there."""
    with console.status("") as status:
        begun = time.monotonic()

        def say(what: str) -> None:
            line = f"{time.monotonic() - begun:4.0f} s  {what}"
            status.update(line) if console.is_terminal else console.print(line, markup=False)

        with cast.called(say, peers) as everybody:
            for name, measure in chosen.items():
                since, load = time.monotonic(), os.getloadavg()[0]
                found = measure(everybody)
                found.load = load
                found.at, found.commit, found.seconds = section.now(), machine.commit(), time.monotonic() - since
                found.commands = [machine.command("bench")]
                section.save(found)
                console.print(f"{name}: {found.seconds:.0f} s")
                for each in found.tables[:1]:
                    console.print(page.for_a_terminal(each))
            for name, why in everybody.missing.items():
                console.print(f"{name} was not measured: {why}", style="yellow", markup=False)


def _rates(asked: int) -> tuple[int, dict[str, int]]:
    """Return what delays are measured at shares of; and what each is known to hold, by the last capacity."""
    last = [each.figures for each in section.load_all() if each.name == "capacity"]
    known = {
        name.removesuffix(_HELD): int(one.value) for each in last for name, one in each.items() if name.endswith(_HELD)
    }
    return asked or known.get(stage.OURS) or _CAPACITY, {name: each for name, each in known.items() if each}


if __name__ == "__main__":
    app()
