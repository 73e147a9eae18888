"""The search for the highest rate that is held, by steps, so that programs can take them in turn. Pure."""

from typing import Final

from sipp_scenarios.bench import figures
from sipp_scenarios.bench.figures import Window

NEAR: Final = 1.15  # a search ends where the next rate that fails is nearer than this
_STEPS: Final = 14
_LOWEST: Final = 10  # calls a second
_HICCUP: Final = 0.01
_FALLS: Final = 4  # holds until one is held
_MORE: Final = 3  # holds after that, between it and the lowest that was not
_NEAR_HOLD: Final = 1.08


class Ramp:
    """Raises the rate until it is not held, then halves the distance. `next`: what to try, None at the end."""

    def __init__(self, first: int, most: int, growth: float = 2.0, near: float = NEAR) -> None:
        """`first`, `most`: calls a second; `growth`: from one that is held to the next."""
        self._most, self._growth, self._near = most, growth, near
        self.next: int | None = min(first, most)
        self.best = 0  # calls a second, of those that were held
        self._high = 0
        self._steps = 0

    def told(self, held: bool) -> None:
        """Go on after `next` was tried."""
        rate = self.next or 0
        self._steps += 1
        if held:
            self.best = max(self.best, rate)
        else:
            self._high = min(self._high or rate, rate)
        self.next = self._then() if self._steps < _STEPS else None

    def _then(self) -> int | None:
        if not self._high:
            return min(int(self.best * self._growth), self._most) if self.best < self._most else None
        if not self.best:
            rate = int(self._high / self._growth)
            return rate if rate >= _LOWEST else None
        return (self.best + self._high) // 2 if self._high > self.best * self._near else None


def again(best: int, first: int, most: int) -> Ramp:
    """Return a shorter ramp for a round after one that found `best`: from a little below, by smaller steps."""
    return Ramp(int(best * 0.8), most, 1.25) if best else Ramp(first, most)


class Holds:
    """Where a rate is held for long: falls until one is held, then halves the distance up again, a few times."""

    def __init__(self, rate: int) -> None:
        """`rate`: the first to be tried, calls a second."""
        self.next: int | None = rate or None
        self.best = self._high = self._falls = self._more = 0

    def told(self, window: Window) -> None:
        """Go on after `next` was tried."""
        rate = self.next or 0
        if figures.held(window):
            self.best = max(self.best, rate)
        else:
            self._high = min(self._high or rate, rate)
        if not self.best:
            self._falls += 1
            self.next = next_rate(window) or None if self._falls < _FALLS else None
        elif self._high > self.best * _NEAR_HOLD and self._more < _MORE:
            self._more += 1
            self.next = (self.best + self._high) // 2
        else:
            self.next = None


def next_rate(window: Window) -> int:
    """Return the rate to be tried after one that was not held: what was served of it, and never all but the same.

    Nor less than half: a program that collapses serves next to nothing of what is too much, and may hold much more.
    """
    served = (window.calls - window.failed) * window.rate / window.calls
    return int(max(0.5 * window.rate, min(served, 0.9 * window.rate)))


def is_hiccup(window: Window) -> bool:
    """Say whether so little failed that it may have been the machine: such a step is tried once more."""
    return not figures.held(window) and window.failed < _HICCUP * window.calls
