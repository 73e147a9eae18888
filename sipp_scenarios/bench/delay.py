"""How long the edge and its peers keep a message: read from captures at shares of the edge's capacity."""

from statistics import median
from typing import Final, NamedTuple

from sipp_scenarios.bench import capture, figures
from sipp_scenarios.bench.capture import KINDS, Captured
from sipp_scenarios.bench.cast import Cast, calm
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import Program
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table

SHARES: Final = (0.2, 0.5, 0.8)
_POINTS: Final = ("p50", "p95", "p99")
_PATIENCE: Final = 4.0  # seconds


class Cell(NamedTuple):
    """One program at one rate: ms of each kind by point, the medians over the rounds and those of each; what went on.

    A kind with hardly a sample is nan. `samples`: of the kinds, all rounds together.
    """

    program: str
    rate: int
    share: int  # per cent of the capacity
    ms: dict[str, dict[str, float]]
    rounds: dict[str, dict[str, list[float]]]
    samples: dict[str, int]
    calls: int
    failed: int
    retransmissions: int
    missing_legs: int
    dropped: int
    lost: int | None  # packets, by the capture
    is_held: bool


def measured(
    cast: Cast, capacity: int, known: dict[str, int], seconds: float, rounds: int, programs: list[Program]
) -> Section:
    """Capture `seconds` of load at 20, 50 and 80 % of `capacity` calls a second, everybody in turn, `rounds` times.

    `known`: what each program is known to hold; it is not asked for more.
    """
    taken: dict[tuple[str, float], list[Captured]] = {}
    for share in SHARES:
        rate = _rate(capacity, share)
        able = [each for each in programs if known.get(each.name, rate) >= rate]
        for number in range(rounds):
            for program in able:
                cast.say(f"delay: {program.name}, {rate}/s, round {number + 1} of {rounds}")
                load = Load(5, "answered", rate, int(rate * seconds), patience=_PATIENCE)
                one = capture.captured(program, load, cast.folder / "delay.pcap")
                taken.setdefault((program.name, share), []).append(one)
                if not figures.held(one.window):
                    calm(program)
    cells = [cell(name, share, each) for (name, share), each in taken.items()]
    left_out = [each.name for each in programs if known.get(each.name, capacity) < _rate(capacity, SHARES[-1])]
    return _section(cells, capacity, seconds, rounds, cast.note(), left_out)


def cell(name: str, share: float, rounds: list[Captured]) -> Cell:
    """Sum up the rounds of one program at one rate."""
    spreads = {kind: [_spread(one.delays[kind]) for one in rounds] for kind in KINDS}
    each = {kind: {point: [one[point] for one in found] for point in _POINTS} for kind, found in spreads.items()}
    windows, lost = [one.window for one in rounds], [one.lost for one in rounds]
    return Cell(
        name, windows[0].rate, round(100 * share),
        {kind: {point: median(values) for point, values in points.items()} for kind, points in each.items()},
        each,
        {kind: sum(len(one.delays[kind]) for one in rounds) for kind in KINDS},
        sum(one.calls for one in windows), sum(one.failed for one in windows),
        sum(one.retransmissions for one in windows), sum(one.missing_legs for one in windows),
        sum(one.dropped for one in windows),
        None if None in lost else sum(filter(None, lost)),
        all(figures.held(one) for one in windows),
    )  # fmt: skip


def _spread(samples: list[float]) -> dict[str, float]:
    return capture.spread(samples) if len(samples) > 1 else dict.fromkeys(_POINTS, float("nan"))


def _rate(capacity: int, share: float) -> int:
    return max(int(capacity * share), 1)


def _section(
    cells: list[Cell], capacity: int, seconds: float, rounds: int, note: str, left_out: list[str]
) -> Section:  # fmt: skip
    text = [
        f"From captures on the loopback, {seconds:g} s at each rate: 20, 50 and 80 % of {capacity} calls/s, five "
        f"members, everybody in turn, {rounds} rounds, medians. A call's messages are told by the SDP bandwidth line "
        "that SIPp numbers them with: it passes; through Asterisk, the caller's name does, which this dialplan leaves "
        "for that. A call that failed has no answer, and is in no percentile: failures, what was sent again and lost "
        "packets stand below."
    ]
    text += [f"{name} is not loaded with more than it was seen to hold." for name in left_out]
    names = list(dict.fromkeys(one.program for one in cells))
    return Section(
        "delay",
        "How long a message stays",
        order=30,
        text=text,
        figures={
            f"{one.program}: {KINDS[kind]}, {point}, {one.share} %": Figure(
                ms, "ms", rounds=one.rounds[kind][point], under=f"{one.rate}/s for {seconds:g} s"
            )
            for one in cells
            for kind, points in one.ms.items()
            for point, ms in points.items()
        },
        tables=[
            Table("ms within the program", ["program", "calls/s", "what", *_POINTS, "samples"], _rows(cells), note),
            _table_of_load(cells),
        ],
        plots=[
            Plot(f"{words}, {name}", "lines", "calls/s", "ms",
                 [Series(point, [(one.rate, one.ms[kind][point]) for one in cells if one.program == name])
                  for point in _POINTS], log=True)
            for name in names
            for kind, words in KINDS.items()
            if any(one.samples[kind] for one in cells if one.program == name)
        ],
    )  # fmt: skip


def _rows(cells: list[Cell]) -> list[list[str]]:
    return [
        [f"{'' if one.is_held else '✗ '}{one.program}", str(one.rate), KINDS[kind],
         *(f"{points[point]:.2f}" for point in _POINTS), str(one.samples[kind])]
        for one in cells
        for kind, points in one.ms.items()
    ]  # fmt: skip


def _table_of_load(cells: list[Cell]) -> Table:
    head = ["program", "calls/s", "calls", "failed", "legs missing", "sent again", "lost datagrams", "lost by capture"]
    rows = [
        [f"{'' if one.is_held else '✗ '}{one.program}", str(one.rate), str(one.calls), str(one.failed),
         str(one.missing_legs), str(one.retransmissions), str(one.dropped),
         "not said" if one.lost is None else str(one.lost)]
        for one in cells
    ]  # fmt: skip
    return Table("what went on meanwhile, all rounds", head, rows, "✗: not held, so the delays are of those that were")
