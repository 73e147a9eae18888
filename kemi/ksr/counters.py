"""The limits' counters, in Kamailio's shared memory (htable): what all workers count together.

    limits  `h<hotline>`, `t<tenant>`, `g<gateway>` → how many are open now; kept true by kemi.watch
    rates   the same keys, and `k<trunk>`, with `:<second>` → how many began in that second
    open    a call's id → what it holds of `limits`, so that whoever sees its end can give it back

`sht_inc` and `sht_dec` change and read a cell under the lock of its slot: atomic among processes, 0.2 µs.
"""

from collections.abc import Callable, Iterable

import KSR

from kemi.domain.limits import Held

_LIMITS, _RATES, _OPEN = "limits", "rates", "open"
_inc = KSR.htable.sht_inc
_dec = KSR.htable.sht_dec
_get = KSR.htable.sht_get


class SharedCounters:
    """`kemi.domain.limits.Counters` over htable. Where shared memory is full they count nothing and refuse nobody."""

    def more(self, key: str) -> int:
        """Count one more; return how many there are now."""
        return int(_inc(_LIMITS, key))

    def less(self, key: str) -> None:
        """Count one less."""
        _dec(_LIMITS, key)

    def this_second(self, key: str, second: int, change: int) -> int:
        """Count within a second."""
        return int((_inc if change > 0 else _dec)(_RATES, f"{key}:{second}"))


class OpenCalls:
    """What the counted calls hold, by their ids. Each method gives back once, whoever else comes at the same moment."""

    def __init__(self, counters: SharedCounters) -> None:
        self._counters = counters

    def begin(self, call: str, held: Held) -> None:
        """Remember what a call holds."""
        KSR.htable.sht_sets(_OPEN, call, held.pack())

    def more(self, call: str, channels: Iterable[tuple[str, str]]) -> None:
        """Remember channels, (attempt, key), that a call has taken since. Under the transaction's reply lock."""
        more = "".join(f" {attempt}={key}" for attempt, key in channels)
        if more:
            KSR.htable.sht_sets(_OPEN, call, f"{_get(_OPEN, call) or ''}{more}")

    def leg_over(self, call: str, attempt: str) -> None:
        """An attempt has failed: its channel is free. To be called under the transaction's reply lock."""
        self._free(call, lambda one: one == attempt)

    def answered(self, call: str, attempt: str) -> None:
        """An attempt has won: the channels of all others are free. To be called under the transaction's reply lock."""
        self._free(call, lambda one: one != attempt)

    def _free(self, call: str, is_free: Callable[[str], bool]) -> None:
        kept, held = [], (_get(_OPEN, call) or "").split()
        for part in held:
            attempt, channel, key = part.partition("=")
            if channel and is_free(attempt):
                self._counters.less(key)
            else:
                kept.append(part)
        if len(kept) < len(held):
            KSR.htable.sht_sets(_OPEN, call, " ".join(kept))

    def over(self, call: str) -> None:
        """The call has ended, however."""
        KSR.htable.sht_lock(_OPEN, call)  # the BYEs of both sides may cross; who holds the lock may take it again
        try:
            held = _get(_OPEN, call)
            if held is not None:
                KSR.htable.sht_rm(_OPEN, call)
        finally:
            KSR.htable.sht_unlock(_OPEN, call)
        for part in (held or "").split():
            self._counters.less(part.rpartition("=")[2])
