"""How many calls a second are held, five members, on this machine with SIPp beside; and what is full first."""

import os
from typing import Final

from deploy.wait import until
from sipp_scenarios.bench import figures, measure, memory
from sipp_scenarios.bench.cast import Cast, calm
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import EDGE, Program
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table

_FIRST: Final = 100  # calls a second
_MOST: Final = 4000
_GROWTH: Final = 2.0
_PATIENCE: Final = 4.0  # seconds: a call takes 0.4; whoever is much later has lost a message
_MOST_STEPS: Final = 12
_NEAR: Final = 1.15  # the ramp ends where the next rate that fails is nearer than this
_FULL: Final = 0.95
_EMPTY: Final = 0.2  # of shared memory: a hold begins without the calls before it
_KEPT: Final = 90.0  # seconds, more than tm keeps a transaction


def measured(cast: Cast, seconds: float, hold: float, programs: list[Program]) -> Section:
    """Find the highest rate by steps of `seconds`; hold ours for `hold` s at it, or at less."""
    ramps = {each.name: _ramp(cast, each, seconds) for each in programs}
    best = {name: max((one.rate for one in steps if figures.held(one)), default=0) for name, steps in ramps.items()}
    ours, held = programs[0], list[Window]()
    rate = best[ours.name]
    while hold and rate:
        cast.say(f"capacity: {ours.name} holds {rate}/s for {hold:.0f} s")
        if not until(lambda: memory.in_use(cast.edge) < _EMPTY, _KEPT, every=1.0):
            raise TimeoutError(f"{ours.name}: shared memory is not given back")
        held.append(measure.window(ours, _load(rate, hold)))
        calm(ours)
        if figures.held(held[-1]):
            break
        rate = next_rate(held[-1])
    if held:
        best[ours.name] = rate if figures.held(held[-1]) else 0
    full = {name: _what_is_full(steps) for name, steps in ramps.items()}
    held_for = {each.name: hold if each is ours and held else seconds for each in programs}
    return Section(
        "capacity",
        "How many calls a second",
        order=20,
        text=[
            "The highest rate of five-way calls, answered by one, at which less than 0.01 % failed and nothing was "
            f"sent again: a ramp in steps of {seconds:.0f} s, a step that fails tried twice"
            + (f", then ours held for {hold:.0f} s." if held else "; ours was not held for longer."),
            "For longer than the 33 s that tm keeps a transaction, Kamailio's shared memory may be the limit instead "
            "(kamailio -m; 59 KB a call): --hold and the soak tell.",
        ],
        figures={f"{name}: calls/s held": Figure(value, "calls/s", "higher") for name, value in best.items()},
        tables=[
            Table(
                "capacity, and what is full first at the lowest rate that was not held",
                ["program", "calls/s held", "for", "what is full first"],
                [[name, str(best[name]), f"{held_for[name]:.0f} s", full[name]] for name in best],
            ),
            _steps([*(one for steps in ramps.values() for one in steps), *held]),
        ],
        plots=[
            Plot(
                "the ramp: CPU in use, of all cores", "lines", "calls/s", "%",
                [Series(name, [(one.rate, round(100 * one.busy, 1)) for one in sorted(steps, key=lambda one: one.rate)])
                 for name, steps in ramps.items()],
            )
        ],
    )  # fmt: skip


def next_rate(window: Window) -> int:
    """Return the rate to be tried after one that was not held: what was served of it, and never all but the same."""
    served = (window.calls - window.failed) * window.rate / window.calls
    return int(min(served, 0.9 * window.rate))


def _load(rate: int, seconds: float) -> Load:
    return Load(5, "answered", rate, int(rate * seconds), patience=_PATIENCE)


def _ramp(cast: Cast, program: Program, seconds: float) -> list[Window]:
    """Raise the rate until it is not held, then halve the distance."""
    steps, low, high, rate = list[Window](), 0, 0, _FIRST
    while rate <= _MOST and (not high or high > low * _NEAR) and len(steps) < _MOST_STEPS:
        window = measure.window(program, _load(rate, seconds))
        if not figures.held(window):  # once more: a hiccup of the machine is not the program's limit
            calm(program)
            window = measure.window(program, _load(rate, seconds))
        steps.append(window)
        cast.say(f"capacity: {program.name}, {rate}/s {'held' if figures.held(window) else 'not held'}")
        if figures.held(window):
            low = rate
        else:
            high = rate
            calm(program)
        if high and high <= _FIRST // 8:
            break
        rate = (low + high) // 2 if high else int(rate * _GROWTH)
    return steps


def _what_is_full(steps: list[Window]) -> str:
    """Say what was full at the lowest rate that was not held."""
    failed = [one for one in steps if not figures.held(one)]
    if not failed:
        return "nothing yet"
    one = min(failed, key=lambda window: window.rate)
    cores = os.cpu_count() or 1
    seconds = one.calls / one.rate  # of load; the window waits for stragglers too
    share = f"the program {one.cpu[EDGE] / seconds:.2f}, SIPp {one.sipp / seconds:.2f} of {cores} cores"
    if " 503 " in one.complaint:
        return f"it answers 503, as when its shared memory is full; {share}"
    if one.busy > _FULL:
        return f"the cores: {share}"
    if one.busiest > _FULL:
        return f"one process of the program ({one.busiest:.2f} of a core); {share}"
    lost = f"{one.dropped} datagrams were lost at full sockets; " if one.dropped else ""
    slow = f"SIPp began only {one.held:.0f}/s; " if one.held < 0.98 * one.rate else ""
    return f"{lost}{slow}no core was full all the time: {share}"


def _steps(windows: list[Window]) -> Table:
    head = [
        "program",
        "calls/s",
        "begun/s",
        "calls",
        "failed",
        "sent again",
        "lost datagrams",
        "cores in use",
        "SIPp",
        "busiest process",
    ]
    return Table("every step", head, [_row(each) for each in windows])


def _row(one: Window) -> list[str]:
    mark = "" if figures.held(one) else "✗ "
    row = [
        one.program,
        f"{mark}{one.rate}",
        f"{one.held:.0f}",
        str(one.calls),
        str(one.failed),
        str(one.retransmissions),
    ]
    return [*row, str(one.dropped), f"{one.busy:.0%}", f"{one.sipp * one.rate / one.calls:.2f}", f"{one.busiest:.0%}"]
