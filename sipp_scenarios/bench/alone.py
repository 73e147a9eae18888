"""SIPp by itself: how many calls a second it plays with nothing between; no figure beyond that says anything."""

from typing import Final

from sipp_scenarios.bench import figures, full, measure, ramp
from sipp_scenarios.bench.cast import Cast
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import EDGE, Program
from sipp_scenarios.bench.ramp import Ramp
from sipp_scenarios.bench.section import Figure, Section, Table
from tests.edge import GATEWAY_HOST, free_port

_FIRST: Final = 1000  # calls a second
_MOST: Final = 128_000
_PATIENCE: Final = 4.0  # seconds


def measured(cast: Cast, seconds: float) -> Section:
    """Let SIPp's caller call SIPp's gateway, faster and faster, until they fail."""
    windows, search = list[Window](), Ramp(_FIRST, _MOST)
    while search.next is not None:
        windows += _tried(search.next, seconds)
        is_held = figures.held(windows[-1])
        cast.say(f"SIPp alone: {search.next}/s {'held' if is_held else 'not held'}")
        search.told(is_held)
    limit = search.best
    best = max((one for one in windows if one.rate == limit), key=figures.held, default=windows[0])
    per_thousand = best.sipp * 1000 / best.calls
    return Section(
        "sipp",
        "SIPp alone",
        order=5,
        text=[
            f"A SIPp that calls and one that answers, with nothing between, hold {limit} calls/s of one leg and use "
            f"{per_thousand:.2f} CPU-s for 1000 of them. The limit beyond: {which(windows, limit)}. A five-way call is "
            "one call and five legs for them, on the cores that the measured program has too: what they take is said "
            "with the capacity."
        ],
        figures={
            "SIPp alone: one-legged calls/s held": Figure(limit, "calls/s", "neither", under=f"steps of {seconds:g} s"),
            "SIPp alone: both sides": Figure(per_thousand, "CPU-s/1000 calls", "neither", under=f"{limit}/s"),
        },
        tables=[_table(windows, seconds)],
    )


def which(windows: list[Window], limit: int) -> str:
    """Say which of SIPp's own limits it was, at the lowest rate above `limit` that was not held."""
    one = full.lowest(windows, limit)
    if one is None:
        return "none was reached"
    found = full.of_sipp(one)
    if one.dropped:
        found.append(f"{one.dropped} datagrams were lost at its full sockets")
    if not found and one.failed:
        found.append(f"{one.failed} calls failed: {one.complaint or 'they had not ended'}")
    return f"{', '.join(found) or 'messages were late, and sent again'}; at {one.rate}/s: {full.sides(one)}"


def _tried(rate: int, seconds: float) -> list[Window]:
    windows = [_window(rate, seconds)]
    return [*windows, _window(rate, seconds)] if ramp.is_hiccup(windows[0]) else windows


def _window(rate: int, seconds: float) -> Window:
    port = free_port(GATEWAY_HOST)
    direct = Program("SIPp alone", (GATEWAY_HOST, port), port, {EDGE: ()})
    # The number that the direct call is for is that of the member who answers.
    load = Load(1, "answered", rate, int(rate * seconds), hotlines=("0844441909",), patience=_PATIENCE)
    return measure.window(direct, load)


def _table(windows: list[Window], seconds: float) -> Table:
    head = ["calls/s", "begun/s", "failed", "sent again", "lost datagrams", "cores in use", "caller", "gateway"]
    rows = [
        [f"{'' if figures.held(one) else '✗ '}{one.rate}", f"{one.held:.0f}", str(one.failed),
         str(one.retransmissions), str(one.dropped), f"{one.busy:.0%}", f"{one.calling:.2f}", f"{one.answering:.2f}",
         f"{one.sipp * 1000 / one.calls:.2f}"]
        for one in windows
    ]  # fmt: skip
    return Table(f"a caller and a gateway, {seconds:g} s each", [*head, "CPU-s/1000 calls"], rows)
