"""What was measured, and what follows from it. Pure."""

from statistics import median
from typing import NamedTuple


class Window(NamedTuple):
    """One load on one program: the CPU seconds of its parts, idle time not yet taken off."""

    program: str
    rate: int  # calls a second that were asked for
    held: float  # and that SIPp began
    calls: int
    failed: int
    failed_legs: int  # a failed call has several; a leg may fail without its call
    retransmissions: int
    seconds: float
    cpu: dict[str, float]
    complaint: str = ""  # the first that SIPp had


class Figure(NamedTuple):
    """The windows of one program at one rate: medians of CPU seconds per 1000 calls, idle CPU subtracted."""

    program: str
    rate: int
    held: float
    cost: dict[str, float]
    rounds: list[float]  # of the proxy alone
    failed: int
    failed_legs: int
    retransmissions: int
    complaint: str = ""


PROXY = "kamailio"


def cost(window: Window, part: str, idle: float) -> float:
    """Return CPU seconds of `part` per 1000 calls that were answered; `idle` is what it uses in a second anyway."""
    answered = window.calls - window.failed
    return (window.cpu[part] - idle * window.seconds) * 1000 / answered if answered else float("nan")


def figure(windows: list[Window], idle: dict[str, float]) -> Figure:
    """Sum up the windows of one program at one rate."""
    first = windows[0]
    costs = {part: [cost(each, part, idle[part]) for each in windows] for part in first.cpu}
    return Figure(
        first.program,
        first.rate,
        min(each.held for each in windows),
        {part: median(values) for part, values in costs.items()},
        costs[PROXY],
        sum(each.failed for each in windows),
        sum(each.failed_legs for each in windows),
        sum(each.retransmissions for each in windows),
        next((each.complaint for each in windows if each.complaint), ""),
    )


def ratio(ours: Figure, theirs: Figure) -> float:
    """Return how many times theirs ours costs: the median over the rounds, each beside its neighbour in time."""
    return median(one / other for one, other in zip(ours.rounds, theirs.rounds, strict=True))
