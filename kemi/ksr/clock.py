"""The clock of a hunting call: an INVITE of the edge to itself, refused when its time has come (0021)."""

from typing import Any, Final

import KSR

from kemi.ksr import callbacks, signalling
from kemi.ksr.callbacks import guarded
from kemi.ksr.truth import must

_NAP_MS: Final = 25_000  # async.ms_route sleeps 30 s at most
_get = KSR.pv.get
_sleep = getattr(KSR, "async").ms_route  # a word of Python's own


class Clock:
    """The routes of its transaction."""

    def _sleeps(self, ms: int) -> int:
        """Take an INVITE to the clock: it is refused after `ms`, or by the CANCEL that ends it sooner."""
        if signalling.is_new():
            must(KSR.tm.t_set_fr(ms + _NAP_MS, ms + _NAP_MS), "t_set_fr")
            self._nap(ms)
        return 1

    def _nap(self, ms: int) -> None:
        KSR.pv.seti("$avp(left)", max(0, ms - _NAP_MS))
        if _sleep(callbacks.CLOCK, min(ms, _NAP_MS)) < 0:
            self._strikes()

    def on_clock(self, msg: Any, event: str = "") -> int:
        """The clock wakes up; `event` is async's, which tells nothing."""
        del event
        return self._wakes(msg)

    @guarded(callbacks.give_up)
    def _wakes(self, msg: Any) -> int:
        del msg
        left = _get("$avp(left)") or 0
        if left:
            self._nap(left)
        else:
            self._strikes()
        return 1

    def _strikes(self) -> None:
        KSR.tm.t_reply(480, "Temporarily Unavailable")
