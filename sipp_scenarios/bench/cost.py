"""What a call costs: CPU seconds of each program per 1000 calls, by the size of the group and how calls end."""

from typing import Final

from sipp_scenarios.bench import figures, measure, peer, stage
from sipp_scenarios.bench.cast import Cast
from sipp_scenarios.bench.figures import Cost, Window
from sipp_scenarios.bench.groups import ENDS, SIZES, Ends
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import EDGE, Program
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table

_RATES: Final = {1: 200, 5: 80, 10: 40, 29: 20}  # calls a second that everybody sustains beside SIPp on two cores
_WHOLE_RATE: Final = 50  # the same with ledger, sender and PostgreSQL at work
_FULL_RATE: Final = 400
_UNIT: Final = "CPU-s/1000 calls"
_PARTS: Final = (EDGE, *stage.AFTER_THE_CALL)


def measured(cast: Cast, rounds: int, seconds: float) -> Section:
    """Load everybody, round by round; `seconds` of load in each window."""
    parts = _of_all_parts(cast, rounds, seconds)
    found: dict[tuple[int, Ends], list[Cost]] = {}
    for ends in ENDS:
        for size in SIZES:
            load = Load(size, ends, _RATES[size], int(_RATES[size] * seconds))
            found[size, ends] = _costs(cast, load, rounds, cast.everybody())
    full = _costs(cast, Load(5, "answered", _FULL_RATE, int(_FULL_RATE * seconds)), rounds, _of_kamailio(cast))
    costs = [each for cell in found.values() for each in cell]
    by_name = {each.program: each for each in full}
    times = {
        name: figures.ratio(by_name[stage.OURS], by_name[name]) for name in (peer.PLAIN, peer.MASKED) if name in by_name
    }
    return Section(
        "cost",
        "What a call costs",
        order=10,
        text=_text(cast, rounds, times),
        figures={
            **{f"{each.program}: {each.members} members, {each.ends}": _figure(each, EDGE, seconds) for each in costs},
            **{f"{each.program}: 5 members, answered, {_FULL_RATE}/s": _figure(each, EDGE, seconds) for each in full},
            **{f"{part}: 5 members, {each.ends}": _figure(each, part, seconds) for each in parts for part in each.cost},
            **{f"ours by the {name}, {_FULL_RATE}/s": Figure(value, "times", under=_under(_FULL_RATE, seconds))
               for name, value in times.items()},
        },
        tables=[
            _table(f"{_UNIT}, of the edge and its peers, median of {rounds}", [*costs, *full], cast.note()),
            _parts_table(parts),
        ],
        plots=[_plot(costs, ends) for ends in ENDS] + [_parts_plot(parts)],
    )  # fmt: skip


def _of_all_parts(cast: Cast, rounds: int, seconds: float) -> list[Cost]:
    """Measure the edge with ledger writer, sender and PostgreSQL at work behind it."""
    whole = cast.whole()
    windows: dict[Ends, list[Window]] = {ends: [] for ends in ENDS}
    for number in range(rounds):
        for ends in ENDS:
            cast.say(f"cost, all parts: {ends}, round {number + 1} of {rounds}")
            load = Load(5, ends, _WHOLE_RATE, int(_WHOLE_RATE * seconds))
            windows[ends].append(measure.window(whole, load, lambda: stage.wait_for_the_ledger(cast.edge)))
    return [figures.summed(each, cast.idle[whole.name]) for each in windows.values()]


def _costs(cast: Cast, load: Load, rounds: int, programs: list[Program]) -> list[Cost]:
    windows: dict[str, list[Window]] = {}
    for window in measure.in_turn(programs, load, rounds):
        mine = windows.setdefault(window.program, [])
        mine.append(window)
        cast.say(
            f"cost: {load.members} members, {load.ends}, {load.rate}/s, round {len(mine)} of {rounds}, "
            f"{window.program}: {window.cpu[EDGE]:.2f} CPU-s for {load.calls} calls"
        )
    return [figures.summed(each, cast.idle[name]) for name, each in windows.items()]


def _of_kamailio(cast: Cast) -> list[Program]:
    return [each for each in cast.everybody() if each.name in {stage.OURS, peer.PLAIN, peer.MASKED}]


def _figure(cost: Cost, part: str, seconds: float) -> Figure:
    rounds = cost.rounds if part == EDGE else []
    return Figure(cost.cost[part], _UNIT, rounds=rounds, under=_under(cost.rate, seconds))


def _under(rate: int, seconds: float) -> str:
    return f"{rate}/s for {seconds:g} s"


def _table(caption: str, costs: list[Cost], note: str) -> Table:
    head = ["members", "calls end", "calls/s", "program", "CPU-s", "of each round"]
    head += ["failed calls, legs; missing legs", "sent again"]
    note = f"✗: calls failed or members were not rung, so the cost says little. {note}"
    return Table(caption, head, [_row(each) for each in costs], note)


def _row(each: Cost) -> list[str]:
    mark = "✗ " if each.failed or each.failed_legs or each.missing_legs else ""
    rounds = " ".join(f"{one:.2f}" for one in each.rounds)
    row = [str(each.members), each.ends, str(each.rate), each.program, f"{each.cost[EDGE]:.2f}", rounds]
    return [*row, f"{mark}{each.failed}, {each.failed_legs}; {each.missing_legs}", str(each.retransmissions)]


def _parts_table(costs: list[Cost]) -> Table:
    rows = [[each.ends, *(f"{each.cost[part]:.2f}" for part in _PARTS)] for each in costs]
    caption = f"{_UNIT} with everything that follows a call, 5 members, {_WHOLE_RATE} calls/s"
    return Table(caption, ["calls end", "edge", "ledger writer", "SMS sender", "PostgreSQL"], rows)


def _plot(costs: list[Cost], ends: Ends) -> Plot:
    lines: dict[str, Series] = {}
    for each in costs:
        if each.ends == ends:
            lines.setdefault(each.program, Series(each.program, [])).points.append((each.members, each.cost[EDGE]))
    return Plot(f"{ends} calls", "lines", "members", _UNIT, list(lines.values()))


def _parts_plot(costs: list[Cost]) -> Plot:
    series = [Series(each.ends, [(part, each.cost[part]) for part in _PARTS]) for each in costs]
    return Plot("a call of five with all that follows it", "bars", "", _UNIT, series)


def _text(cast: Cast, rounds: int, times: dict[str, float]) -> list[str]:
    text = [
        "CPU seconds of all processes of a program per 1000 calls that went well, what it uses while idle subtracted; "
        f"every program in turn, {rounds} rounds, the median. SIPp runs beside them on the same cores. The edge is "
        "Kamailio with all its workers, the watch and the table's compiler; ledger writer, SMS sender and PostgreSQL "
        "stand apart."
    ]
    text += [f"At {_FULL_RATE} calls/s ours costs {value:.2f} times the {name}." for name, value in times.items()]
    if times:
        text.append("The aim was 1.15 times the plain one; kemi/decisions/0018 and 0042 say why that is not to be had.")
    return text + [f"{name} was not measured: {why}." for name, why in cast.missing.items()]
