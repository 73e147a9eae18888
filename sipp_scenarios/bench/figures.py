"""What was measured, and what follows from it. Pure."""

from statistics import median
from typing import NamedTuple

from sipp_scenarios.bench.program import EDGE


class Window(NamedTuple):
    """One load on one program: the CPU seconds of its parts, idle time not yet taken off."""

    program: str
    members: int
    ends: str
    rate: int  # calls a second that were asked for
    held: float  # and that SIPp began
    calls: int
    failed: int
    failed_legs: int  # a failed call has several; a leg may fail without its call
    retransmissions: int
    seconds: float
    cpu: dict[str, float]
    complaint: str = ""  # the first that SIPp had
    sipp: float = 0.0  # CPU seconds of the load itself
    busy: float = 0.0  # of all cores, while there was load; 1: they had no idle moment
    busiest: float = 0.0  # of one core, by the busiest process of the program
    dropped: int = 0  # datagrams, at the full sockets of the program and of SIPp
    missing_legs: int = 0  # that calls which went well should have had, and SIPp never saw
    cores: float = 0.0  # that the program used while calls began, of the cores that there are
    calling: float = 0.0  # the same of SIPp's caller
    answering: float = 0.0  # and of the gateway's side, one SIPp or several
    sipp_busiest: float = 0.0  # the busiest SIPp of all these


class Cost(NamedTuple):
    """The windows of one program under one load: medians of CPU seconds per 1000 calls, idle CPU subtracted."""

    program: str
    members: int
    ends: str
    rate: int
    held: float
    cost: dict[str, float]
    rounds: list[float]  # of the edge alone
    failed: int
    failed_legs: int
    retransmissions: int
    complaint: str = ""
    missing_legs: int = 0


def cost(window: Window, part: str, idle: float) -> float:
    """Return CPU seconds of `part` per 1000 calls that went well; `idle` is what it uses in a second anyway."""
    well = window.calls - window.failed
    return (window.cpu[part] - idle * window.seconds) * 1000 / well if well else float("nan")


def summed(windows: list[Window], idle: dict[str, float]) -> Cost:
    """Sum up the windows of one program under one load."""
    first = windows[0]
    costs = {part: [cost(each, part, idle[part]) for each in windows] for part in first.cpu}
    return Cost(
        first.program,
        first.members,
        first.ends,
        first.rate,
        min(each.held for each in windows),
        {part: median(values) for part, values in costs.items()},
        costs[EDGE],
        sum(each.failed for each in windows),
        sum(each.failed_legs for each in windows),
        sum(each.retransmissions for each in windows),
        next((each.complaint for each in windows if each.complaint), ""),
        sum(each.missing_legs for each in windows),
    )


def ratio(ours: Cost, theirs: Cost) -> float:
    """Return how many times theirs ours costs: the median over the rounds, each beside its neighbour in time."""
    return median(one / other for one, other in zip(ours.rounds, theirs.rounds, strict=True))


def held(window: Window) -> bool:
    """Say whether the program held the load: less than 0.01 % of the calls failed, every other rang all its members.

    And nothing was sent again or thrown away: of an INVITE that a full socket has lost, the second comes as a first.
    """
    few = window.failed < window.calls * 1e-4
    # A leg may fail with its call; which call's it was, SIPp cannot say.
    whole = not window.missing_legs and window.failed_legs <= window.failed * window.members
    return few and whole and not window.retransmissions and not window.dropped and begins(window)


def begins(window: Window) -> bool:
    """Say whether SIPp began as many calls a second as it was told to."""
    return window.held >= 0.98 * window.rate


def missing(calls: int, failed: int, members: int, legs: int) -> int:
    """Return how many legs those calls that went well lack; a failed one may have had any number, so all is its due."""
    return max(0, (calls - failed) * members - legs)
