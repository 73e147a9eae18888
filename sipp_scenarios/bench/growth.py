"""What a call costs, and how long its INVITE stays, by the number of hotlines that there are, and by the workers."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

from sipp_scenarios.bench import bare, capture, delay, figures, measure
from sipp_scenarios.bench.capture import Captured
from sipp_scenarios.bench.cast import Cast, calm
from sipp_scenarios.bench.delay import Cell
from sipp_scenarios.bench.figures import Cost, Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import EDGE, Program
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table

_UNIT: Final = "CPU-s/1000 calls"
_IDLE_SECONDS: Final = 5.0
_WARM_UP: Final = 100
_POINTS: Final = ("p50", "p99")
_WAIT: Final = "invite"  # the delay that is told
_WORKERS: Final = 2  # while the hotlines grow
_FEW: Final = 1000  # hotlines, while the workers grow


def measured(
    cast: Cast, rounds: int, seconds: float, rate: int, sizes: list[int], workers: list[int], seed: int
) -> Section:  # fmt: skip
    """Load a Kamailio of each kind in turn; calls go to hotlines by chance (`seed`)."""
    kinds = [(size, _WORKERS) for size in sizes] + [(_FEW, number) for number in workers if number != _WORKERS]
    with ExitStack() as open_:
        programs = dict[tuple[int, int], Program]()
        for size, number in kinds:
            name = f"{size} hotlines, {number} workers"
            cast.say(f"growth: writing the table of {name}")
            folder = cast.folder / f"g{size}-{number}"
            programs[size, number] = open_.enter_context(bare.running(folder, name, size, number))
        costs, cells = _found(cast, programs, rounds, Load(5, "answered", rate, int(rate * seconds)), seed)
    by_size = [(size, costs[size, _WORKERS]) for size in sizes]
    by_workers = [(number, costs[_FEW, number]) for number in sorted(workers) if (_FEW, number) in costs]
    return Section(
        "growth",
        "What grows with hotlines and workers",
        order=40,
        text=[
            f"Kamailio with the edge's code on tables of other sizes, five members, {rate} calls/s to hotlines by "
            f"chance (seed {seed}), {rounds} rounds in turn; and with other numbers of workers "
            f"(SIP_WORKERS) on {_FEW} hotlines. Delays are of windows of their own, of a capture each."
        ],
        figures={
            **{each.program: Figure(each.cost[EDGE], _UNIT, rounds=each.rounds, under=_under(each.rate, seconds, seed))
               for each in costs.values()},
            **{f"{each.program}: {capture.KINDS[_WAIT]}, {point}": Figure(
                each.ms[_WAIT][point], "ms", rounds=each.rounds[_WAIT][point], under=_under(each.rate, seconds, seed))
               for each in cells.values() for point in _POINTS},
        },
        tables=[
            Table(
                f"{_UNIT} at {rate} calls/s",
                ["table and workers", "CPU-s", "of each round", "failed calls, legs; missing legs", "sent again"],
                [_row(each) for each in costs.values()],
            ),
            Table(
                f"ms, {capture.KINDS[_WAIT]}, at {rate} calls/s",
                ["table and workers", *_POINTS, "samples", "failed", "sent again", "lost by capture"],
                [_delay_row(each) for each in cells.values()],
            ),
        ],
        plots=[
            Plot(caption, "bars", "", _UNIT, [Series("ours", [(f"{n:,}", each.cost[EDGE]) for n, each in found])])
            for caption, found in (("by hotlines", by_size), ("by workers", by_workers))
        ] + [
            Plot(f"{capture.KINDS[_WAIT]}, {by}", "bars", "", "ms",
                 [Series(point, [(f"{kind[place]:,}", cells[kind].ms[_WAIT][point]) for kind in kinds_])
                  for point in _POINTS])
            for by, place, kinds_ in (
                ("by hotlines", 0, [(size, _WORKERS) for size in sizes]),
                ("by workers", 1, sorted(kind for kind in cells if kind[0] == _FEW)),
            )
        ],
    )  # fmt: skip


def _under(rate: int, seconds: float, seed: int) -> str:
    return f"{rate}/s for {seconds:g} s, seed {seed}"


def _found(
    cast: Cast, programs: dict[tuple[int, int], Program], rounds: int, load: Load, seed: int
) -> tuple[dict[tuple[int, int], Cost], dict[tuple[int, int], Cell]]:  # fmt: skip
    idle = measure.idle(list(programs.values()), _IDLE_SECONDS)
    windows: dict[tuple[int, int], list[Window]] = {kind: [] for kind in programs}
    captured: dict[tuple[int, int], list[Captured]] = {kind: [] for kind in programs}
    for number in range(-1, rounds):  # the first is a warm-up
        for (size, workers), program in programs.items():
            asked = load._replace(calls=_WARM_UP) if number < 0 else load
            hotlines = bare.called(size, asked.calls, seed + number)
            asked = asked._replace(hotlines=hotlines)
            window = measure.window(program, asked)
            cast.say(f"growth: {program.name}, round {number + 1} of {rounds}: {window.cpu[EDGE]:.2f} CPU-s")
            if number >= 0:
                windows[size, workers].append(window)
                captured[size, workers].append(_delays(program, asked, cast.folder / "growth.pcap"))
    costs = {kind: figures.summed(each, idle[programs[kind].name]) for kind, each in windows.items()}
    return costs, {kind: delay.cell(programs[kind].name, 1.0, each) for kind, each in captured.items()}


def _delays(program: Program, load: Load, file: Path) -> Captured:
    # In a window of its own: dumpcap takes CPU, and what it takes hits the cost.
    found = capture.captured(program, load, file)
    if not figures.held(found.window):
        calm(program)
    return found


def _delay_row(each: Cell) -> list[str]:
    name = f"{'' if each.is_held else '✗ '}{each.program}"
    told = [str(each.samples[_WAIT]), str(each.failed), str(each.retransmissions)]
    ms = [f"{each.ms[_WAIT][point]:.2f}" for point in _POINTS]
    return [name, *ms, *told, "not said" if each.lost is None else str(each.lost)]


def _row(each: Cost) -> list[str]:
    mark = "✗ " if each.failed or each.failed_legs or each.missing_legs else ""
    rounds = " ".join(f"{one:.2f}" for one in each.rounds)
    counted = f"{mark}{each.failed}, {each.failed_legs}; {each.missing_legs}"
    return [each.program, f"{each.cost[EDGE]:.2f}", rounds, counted, str(each.retransmissions)]
