"""When a counter is wrong, and what it should be: workers change it while we look.

A look reads the truth, then the counter, then the truth again. A counter between the two truths is right. A difference
that two looks running have seen, on the same side, is a call that was never counted down (or up); the smaller of the
two is taken off, because the rest may only have been on its way.
"""


class Agreement:
    """What the last look saw, by key."""

    def __init__(self) -> None:
        self._off: dict[str, int] = {}

    def look(self, key: str, before: int, counted: int, after: int) -> int:
        """Return what must be added to the counter `key`: 0 where it is right, or may be.

        `before` and `after` are the truth as it stood around the reading of `counted`.
        """
        low, high = min(before, after), max(before, after)
        off = counted - high if counted > high else min(counted - low, 0)
        last = self._off.pop(key, 0)
        if off:
            self._off[key] = off
        if last > 0 and off > 0:
            wrong = min(last, off)
        elif last < 0 and off < 0:
            wrong = max(last, off)
        else:
            return 0
        del self._off[key]
        return -wrong

    def forget(self) -> None:
        """Forget what was seen: the counters are new."""
        self._off.clear()
