"""Keeps the limits' counters at what the spool says (kemi/decisions/0023)."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from kemi.domain.agreement import Agreement
from kemi.watch.rpc import Rpc, RpcError

_TABLE: Final = "limits"
_KEEP_SECONDS: Final = 600  # an untouched counter's life, as in kamailio.cfg
_REFRESH_LOOKS: Final = 61  # looks between two refreshings of it; a prime, so that every key's turn comes
_MARK: Final = "watch"  # a key of our own: where it is missing, Kamailio has started anew
_MOST_KEYS: Final = 2000  # of one look, about 0.1 s of Kamailio's RPC process; the others have their turn in the next
_log: Final = logging.getLogger("watch")


class Counters:
    """The counters that workers have in Kamailio's shared memory, as the watch corrects them."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._agreement = Agreement()
        self._busy: dict[str, None] = {}  # keys that had an open call at the last looks, in the order of their turn
        self._looks = 0

    def look(self, truth: Callable[[], Counter[str]]) -> int:
        """Correct what is wrong; return how many counters were. `truth` reads the spool. Raises `RpcError`."""
        is_marked = self._read(_MARK)  # raises where Kamailio is away
        if not self._looks:
            with suppress(RpcError):  # more than fits an answer: what nobody holds is forgotten by itself, in time
                self._adopt()
        if not is_marked:
            self._start_over(truth())
        self._looks += 1
        before = truth()
        for key in before:
            self._busy.setdefault(key)
        keys = [*self._busy][:_MOST_KEYS]
        counted = {key: self._read(key) for key in keys}
        after = truth() if keys else before
        corrected = sum(self._correct(key, before[key], counted[key], after[key]) for key in keys)
        for key in keys:
            del self._busy[key]
            if before[key] or after[key] or counted[key]:
                self._busy[key] = None  # behind those whose turn has not come
        if self._looks % _REFRESH_LOOKS == 0:
            for key in (_MARK, *keys):
                self._rpc.ask("htable.setex", _TABLE, key, _KEEP_SECONDS)
        return corrected

    def _adopt(self) -> None:
        """Begin with what is counted already, whoever counted it: a call may have ended while nobody watched."""
        for slot in self._rpc.ask("htable.dump", _TABLE) or ():
            self._busy.update((cell["name"], None) for cell in slot["slot"] if cell["name"] != _MARK)

    def _start_over(self, truth: Mapping[str, int]) -> None:
        """Tell a Kamailio that has just started what is open since before."""
        self._agreement.forget()
        for key, count in {**truth, _MARK: 1}.items():
            self._rpc.ask("htable.setxi", _TABLE, key, count, _KEEP_SECONDS)

    def _read(self, key: str) -> int:
        try:
            return int(self._rpc.ask("htable.get", _TABLE, key)["item"]["value"])
        except RpcError as error:
            if "Key name doesn't exist" in str(error):  # forgotten, or never counted
                return 0
            raise

    def _correct(self, key: str, before: int, counted: int, after: int) -> bool:
        change = self._agreement.look(key, before, counted, after)
        if change == 0:
            return False
        now = self._read(key)
        self._rpc.ask("htable.setxi", _TABLE, key, now + change, _KEEP_SECONDS)
        _log.warning("corrected counter=%s from=%d to=%d", key, now, now + change)
        return True
