"""How many calls a second are held, five members, on this machine with SIPp beside; and what is full first."""

from statistics import median
from typing import Final

from deploy.wait import until
from sipp_scenarios.bench import cast as casts
from sipp_scenarios.bench import figures, full, measure, memory, ramp, stage
from sipp_scenarios.bench.cast import Cast, calm
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import Program
from sipp_scenarios.bench.ramp import Holds, Ramp
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table

_FIRST: Final = 100  # calls a second
_MOST: Final = 25_600  # more than SIPp plays
_PATIENCE: Final = 4.0  # seconds: a call takes 0.4; whoever is much later has lost a message
_EMPTY: Final = 0.2  # of shared memory: a hold begins without the calls before it
_KEPT: Final = 90.0  # seconds, more than tm keeps a transaction
Ramps = dict[str, list[Ramp]]
Steps = dict[str, list[Window]]


def measured(
    cast: Cast, seconds: float, hold: float, rounds: int, programs: list[Program], holding: list[Program]
) -> Section:
    """Find the highest rate by steps of `seconds`, `rounds` times; hold `holding` for `hold` s at it, or at less."""
    ramps, steps = ramped(cast, programs, rounds, seconds)
    best = {name: round(median(one.best for one in each)) for name, each in ramps.items()}
    holds, held = _held(cast, holding if hold else [], best, hold)
    found = {name: holds[name].best if name in holds else value for name, value in best.items()}
    opens = {name: is_open(steps[name], found[name], name in holds) for name in found}
    # Where a hold failed, that is what says why: a step may have failed of something else.
    full_first = {name: full.first(held.get(name, []), found[name]) for name in found}
    full_first |= {
        name: full.first(steps[name], found[name]) for name, words in full_first.items() if words == full.NOTHING
    }
    lasts = {name: f"{hold if name in holds else seconds:g} s" for name in found}
    return Section(
        "capacity",
        "How many calls a second",
        order=20,
        text=_text(seconds, rounds, hold, list(holds), cast),
        figures={
            f"{name}: calls/s held": Figure(
                value, "calls/s", "higher", [] if name in holds else [one.best for one in ramps[name]],
                under=f"5 members, answered, held for {lasts[name]}, {rounds} rounds",
            )
            for name, value in found.items()
        },
        tables=[
            Table(
                "capacity, and what is full first at the lowest rate that was not held",
                ["program", "calls/s held", "for", "the ramps", "what is full first", "what it cannot"],
                [[name, f"{'at least ' if opens[name] else ''}{value}", lasts[name],
                  " ".join(str(one.best) for one in ramps[name]), full_first[name], casts.CANNOT.get(name, "")]
                 for name, value in found.items()],
            ),
            _steps([one for each in (steps, held) for windows in each.values() for one in windows]),
        ],
        plots=[
            Plot(
                "the ramp: CPU in use, of all cores", "lines", "calls/s", "%",
                [Series(name, [(one.rate, round(100 * one.busy, 1)) for one in sorted(each, key=lambda one: one.rate)])
                 for name, each in steps.items()],
            )
        ],
    )  # fmt: skip


def ramped(
    cast: Cast, programs: list[Program], rounds: int, seconds: float, first: int = _FIRST, most: int = _MOST
) -> tuple[Ramps, Steps]:
    """Let every program take a step in turn until none has one to take; then the next round."""
    ramps: Ramps = {each.name: [] for each in programs}
    steps: Steps = {each.name: [] for each in programs}
    for number in range(rounds):
        for name, before in ramps.items():
            before.append(ramp.again(before[-1].best if before else 0, first, most))
            cast.say(f"capacity, round {number + 1} of {rounds}: {name} begins with {before[-1].next}/s")
        while going := [each for each in programs if ramps[each.name][-1].next is not None]:
            for program in going:
                mine = ramps[program.name][-1]
                tried = _step(cast, program, mine.next or 0, seconds)
                steps[program.name] += tried
                mine.told(figures.held(tried[-1]))
    return ramps, steps


def _step(cast: Cast, program: Program, rate: int, seconds: float) -> list[Window]:
    windows = [_loaded(cast, program, rate, seconds)]
    if ramp.is_hiccup(windows[0]):
        windows.append(_loaded(cast, program, rate, seconds))
    return windows


def _loaded(cast: Cast, program: Program, rate: int, seconds: float) -> Window:
    window = measure.window(program, Load(5, "answered", rate, int(rate * seconds), patience=_PATIENCE))
    is_held = figures.held(window)
    cast.say(f"capacity: {program.name}, {rate}/s for {seconds:g} s {'held' if is_held else 'not held'}")
    if not is_held:
        calm(program)
    return window


def _held(cast: Cast, programs: list[Program], best: dict[str, int], seconds: float) -> tuple[dict[str, Holds], Steps]:
    """Let every program be held once in turn, until each has found its rate."""
    holds = {each.name: Holds(best[each.name]) for each in programs}
    windows: Steps = {each.name: [] for each in programs}
    while going := [each for each in programs if holds[each.name].next is not None]:
        for program in going:
            mine = holds[program.name]
            if program.name == stage.OURS and not until(lambda: memory.in_use(cast.edge) < _EMPTY, _KEPT, every=1.0):
                cast.say(f"{program.name}: shared memory is not given back; it is held no more")
                mine.next = None
                continue
            windows[program.name].append(_loaded(cast, program, mine.next or 0, seconds))
            mine.told(windows[program.name][-1])
    return {name: each for name, each in holds.items() if windows[name]}, windows


def is_open(steps: list[Window], best: int, is_long: bool) -> bool:
    """Say whether `best` is no limit of the program: nothing failed above it, or SIPp alone did."""
    if best == 0 or is_long:
        return False
    lowest = full.lowest(steps, best)
    return lowest is None or full.is_sipp(lowest)


def _text(seconds: float, rounds: int, hold: float, held: list[str], cast: Cast) -> list[str]:
    then = f" Then {', '.join(held)} held for {hold:g} s at it or at less, and up again by halves." if held else ""
    return [
        "The highest rate of five-way calls, answered by one, at which less than 0.01 % failed, every other rang all "
        "five, nothing was sent again and the kernel threw no datagram away: "
        f"a ramp in steps of {seconds:g} s, all programs taking their steps in turn, {rounds} times, medians; a step "
        f"of which less than 1 % failed is tried twice.{then or ' Nobody was held for longer.'}",
        "For longer than the 33 s that tm keeps a transaction, Kamailio's shared memory may be the limit instead "
        "(kamailio -m; 59 KB a call): --hold and the soak tell. At least: nothing failed above it but SIPp.",
        *(f"{name} was not measured: {why}." for name, why in cast.missing.items()),
    ]


_HEAD: Final = [
    "program", "calls/s", "begun/s", "calls", "failed", "legs missing, failed", "sent again", "lost datagrams",
    "cores in use", "program", "SIPp", "busiest process",
]  # fmt: skip


def _steps(windows: list[Window]) -> Table:
    return Table("every step; program, SIPp: cores while calls began", _HEAD, [_row(each) for each in windows])


def _row(one: Window) -> list[str]:
    mark = "" if figures.held(one) else "✗ "
    counted = [str(one.calls), str(one.failed), f"{one.missing_legs}, {one.failed_legs}", str(one.retransmissions)]
    cores = [f"{one.busy:.0%}", f"{one.cores:.2f}", f"{one.calling + one.answering:.2f}", f"{one.busiest:.0%}"]
    return [one.program, f"{mark}{one.rate}", f"{one.held:.0f}", *counted, str(one.dropped), *cores]
