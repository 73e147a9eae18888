"""Calls whose edge died while they rang, by what the spool says: what rtpengine has of them is nobody's any more. Pure.

Events come in any order. An answered call is never among them: it goes on without its edge.
"""

from collections.abc import Callable
from typing import Final

from kemi.domain.events import Answered, Missed, Received, Stamped

_SETTLED_US: Final = 60_000_000  # that a `received` may come after what became of its call


class Orphans:
    """The calls that ring, each with the start of the edge that has it."""

    def __init__(self) -> None:
        self._ringing: dict[str, str] = {}
        self._settled: dict[str, int] = {}  # when, µs; the oldest first

    def take(self, stamped: Stamped) -> None:
        """Take one event."""
        event = stamped.event
        if isinstance(event, Received):
            if event.call not in self._settled:
                self._ringing[event.call] = stamped.instance
        elif isinstance(event, Answered | Missed):
            self._ringing.pop(event.call, None)
            self._settled[event.call] = stamped.at_us

    def found(self, now_us: int, is_alive: Callable[[str], bool]) -> list[str]:
        """Return the calls whose start of the edge is gone, each once; `is_alive` says whether one still runs."""
        while self._settled and now_us - next(iter(self._settled.values())) > _SETTLED_US:
            del self._settled[next(iter(self._settled))]
        dead = {one for one in set(self._ringing.values()) if not is_alive(one)}
        gone = [call for call, instance in self._ringing.items() if instance in dead] if dead else []
        for call in gone:
            del self._ringing[call]
        return gone
