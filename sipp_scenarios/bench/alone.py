"""SIPp by itself: how many calls a second it plays with nothing between; no figure beyond that says anything."""

from typing import Final

from sipp_scenarios.bench import figures, measure
from sipp_scenarios.bench.cast import Cast
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import EDGE, Program
from sipp_scenarios.bench.section import Figure, Section, Table
from tests.edge import GATEWAY_HOST, free_port

_RATES: Final = (500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 6000)


def measured(cast: Cast, seconds: float) -> Section:
    """Let SIPp's caller call SIPp's gateway, faster and faster."""
    windows = list[Window]()
    for rate in _RATES:
        port = free_port(GATEWAY_HOST)
        direct = Program("SIPp alone", (GATEWAY_HOST, port), port, {EDGE: ()})
        # The number that the direct call is for is that of the member who answers.
        load = Load(1, "answered", rate, int(rate * seconds), hotlines=("0844441909",))
        windows.append(measure.window(direct, load))
        cast.say(f"SIPp alone: {rate}/s {'held' if figures.held(windows[-1]) else 'not held'}")
        if not figures.held(windows[-1]):
            break
    best = max((one for one in windows if figures.held(one)), key=lambda one: one.rate, default=windows[0])
    limit = best.rate if figures.held(best) else 0
    per_thousand = best.sipp * 1000 / best.calls
    rows = [
        [str(one.rate), f"{one.held:.0f}", str(one.failed), str(one.retransmissions), str(one.dropped),
         f"{one.busy:.0%}", f"{one.sipp * 1000 / one.calls:.2f}"]
        for one in windows
    ]  # fmt: skip
    return Section(
        "sipp",
        "SIPp alone",
        order=5,
        text=[
            f"A SIPp that calls and one that answers, with nothing between, hold {limit} calls/s of one leg and use "
            f"{per_thousand:.2f} CPU-s for 1000 of them. A five-way call is one call and five legs for them, on the "
            "cores that the measured program has too: what they take is said with the capacity."
        ],
        figures={
            "SIPp alone: one-legged calls/s held": Figure(limit, "calls/s", "neither"),
            "SIPp alone: both sides": Figure(per_thousand, "CPU-s/1000 calls", "neither"),
        },
        tables=[
            Table(
                f"a caller and a gateway, {seconds:.0f} s each",
                ["calls/s", "begun/s", "failed", "sent again", "lost datagrams", "cores in use", "CPU-s/1000 calls"],
                rows,
            )
        ],
    )
