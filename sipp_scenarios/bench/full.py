"""What was full first, where a rate was not held. Pure."""

import os
from typing import Final

from sipp_scenarios.bench import figures
from sipp_scenarios.bench.figures import Window

_FULL: Final = 0.95
NOTHING: Final = "nothing yet"


def first(windows: list[Window], best: int) -> str:
    """Say what was full at the lowest rate above `best` that was not held."""
    one = lowest(windows, best)
    return NOTHING if one is None else why(one)


def lowest(windows: list[Window], best: int) -> Window | None:
    """Return the window of the lowest rate above `best` that was not held, the last of several: it decided."""
    failed = [one for one in windows if not figures.held(one) and one.rate > best]
    return min(reversed(failed), key=lambda one: one.rate, default=None)


def why(one: Window) -> str:
    """Say what was full in a window that was not held."""
    return f"{_words(one)}; at {one.rate}/s: {share(one)}"


def share(one: Window) -> str:
    """Say who had the cores while calls began."""
    sipp = one.calling + one.answering
    return f"the program {one.cores:.2f}, SIPp {sipp:.2f} of {os.cpu_count() or 1} cores"


def sides(one: Window) -> str:
    """Say what each side of SIPp had of its core, and all together of all."""
    return f"caller {one.calling:.2f}, gateway {one.answering:.2f} of a core each, {one.busy:.0%} of all cores"


def is_sipp(one: Window) -> bool:
    """Say whether it was SIPp alone that did not hold the rate: then nobody knows what the program does."""
    return bool(of_sipp(one)) and one.busy <= _FULL and one.busiest <= _FULL


def of_sipp(one: Window) -> list[str]:
    """Return which of SIPp's own limits were reached."""
    found = []
    if one.sipp_busiest >= _FULL:  # SIPp plays with one thread
        role = "caller" if one.calling >= one.sipp_busiest else "gateway"
        found.append(f"SIPp's {role} has all of its one core ({one.sipp_busiest:.2f})")
    return found + ([] if figures.begins(one) else [f"SIPp began only {one.held:.0f}/s"])


def _words(one: Window) -> str:
    found = []
    if " 503 " in one.complaint:
        found.append("it answers 503, as when its shared memory is full or it lets no more calls in")
    if one.missing_legs and not one.dropped:
        found.append(f"{one.missing_legs} legs were never rung")
    if one.busy > _FULL:
        found.append("the cores")
    elif one.busiest > _FULL:
        found.append(f"one process of the program ({one.busiest:.2f} of a core)")
    found += of_sipp(one)
    if one.dropped:
        found.append(f"{one.dropped} datagrams were lost at full sockets")
    return ", ".join(found) or "no core was full all the time"
