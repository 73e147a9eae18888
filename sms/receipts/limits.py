"""How often one address may ask: a bucket of tokens for each, that fills as time goes by."""

import threading
from collections import OrderedDict
from typing import Final

_MOST_ADDRESSES: Final = 10_000
_BURST_SECONDS: Final = 5.0  # what may come at once: as much as otherwise in this time


class Limits:
    """The buckets; used by all threads."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = per_second * _BURST_SECONDS
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address → tokens, when

    def allow(self, address: str, now: float) -> bool:
        """Take one token of the address's bucket; False where there is none. `now`: a clock that only goes forward."""
        return self._take(address, now, 1.0) >= 0

    def charge(self, address: str, now: float, tokens: float) -> None:
        """Take more, as far as they are there: this request was worse than others."""
        self._take(address, now, tokens)

    def _take(self, address: str, now: float, tokens: float) -> float:
        """Return what was left beyond `tokens`; below 0: there were not so many."""
        with self._lock:
            had, then = self._left.pop(address, (self._most, now))
            left = min(self._most, had + (now - then) * self._per_second) - tokens
            self._left[address] = (max(0.0, left), now)
            if len(self._left) > _MOST_ADDRESSES:
                self._left.popitem(last=False)  # who has been away the longest has a full bucket anyway
        return left
