"""What a call costs by the number of hotlines that there are, and by the number of workers."""

from contextlib import ExitStack
from typing import Final

from sipp_scenarios.bench import bare, figures, measure
from sipp_scenarios.bench.cast import Cast
from sipp_scenarios.bench.figures import Cost, Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import EDGE, Program
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table

_UNIT: Final = "CPU-s/1000 calls"
_IDLE_SECONDS: Final = 5.0
_WARM_UP: Final = 100
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
        costs = _costs(cast, programs, rounds, Load(5, "answered", rate, int(rate * seconds)), seed)
    by_size = [(size, costs[size, _WORKERS]) for size in sizes]
    by_workers = [(number, costs[_FEW, number]) for number in sorted(workers) if (_FEW, number) in costs]
    return Section(
        "growth",
        "What grows with hotlines and workers",
        order=40,
        text=[
            f"Kamailio with the edge's code on tables of other sizes, five members, {rate} calls/s to hotlines by "
            f"chance (seed {seed}), {rounds} rounds in turn; and with other numbers of workers "
            f"(SIP_WORKERS) on {_FEW} hotlines."
        ],
        figures={each.program: Figure(each.cost[EDGE], _UNIT, rounds=each.rounds) for each in costs.values()},
        tables=[
            Table(
                f"{_UNIT} at {rate} calls/s",
                ["table and workers", "CPU-s", "of each round", "failed calls, legs", "sent again"],
                [_row(each) for each in costs.values()],
            )
        ],
        plots=[
            Plot(caption, "bars", "", _UNIT, [Series("ours", [(f"{n:,}", each.cost[EDGE]) for n, each in found])])
            for caption, found in (("by hotlines", by_size), ("by workers", by_workers))
        ],
    )


def _costs(
    cast: Cast, programs: dict[tuple[int, int], Program], rounds: int, load: Load, seed: int
) -> dict[tuple[int, int], Cost]:  # fmt: skip
    idle = measure.idle(list(programs.values()), _IDLE_SECONDS)
    windows: dict[tuple[int, int], list[Window]] = {kind: [] for kind in programs}
    for number in range(-1, rounds):  # the first is a warm-up
        for (size, workers), program in programs.items():
            asked = load._replace(calls=_WARM_UP) if number < 0 else load
            hotlines = bare.called(size, asked.calls, seed + number)
            window = measure.window(program, asked._replace(hotlines=hotlines))
            cast.say(f"growth: {program.name}, round {number + 1} of {rounds}: {window.cpu[EDGE]:.2f} CPU-s")
            if number >= 0:
                windows[size, workers].append(window)
    return {kind: figures.summed(each, idle[programs[kind].name]) for kind, each in windows.items()}


def _row(each: Cost) -> list[str]:
    mark = "✗ " if each.failed or each.failed_legs else ""
    rounds = " ".join(f"{one:.2f}" for one in each.rounds)
    counted = f"{mark}{each.failed}, {each.failed_legs}"
    return [each.program, f"{each.cost[EDGE]:.2f}", rounds, counted, str(each.retransmissions)]
