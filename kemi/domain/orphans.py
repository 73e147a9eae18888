"""Calls whose edge died while they rang, by what the spool says: what rtpengine has of them is nobody's any more. Pure.

Events come in any order. An answered call is never among them: it goes on without its edge.
"""

from collections.abc import Collection
from typing import Final

from kemi.domain.events import Answered, Missed, Received, Stamped

_SETTLED_US: Final = 60_000_000  # that a `received` may come after what became of its call


class Orphans:
    """The calls that ring, each with the start of the edge that has it."""

    def __init__(self, ringing: dict[str, str] | None = None, settled: dict[str, int] | None = None) -> None:
        """Go on where another left off: what it had as `ringing` and `settled`."""
        self.ringing = ringing or {}  # the start of the edge, by the call's id
        self.settled = settled or {}  # when, µs since the epoch; the oldest first

    @property
    def starts(self) -> set[str]:
        """The starts of the edge that have calls which ring."""
        return set(self.ringing.values())

    def take(self, stamped: Stamped) -> None:
        """Take one event."""
        event = stamped.event
        if isinstance(event, Received):
            if event.call not in self.settled:
                self.ringing[event.call] = stamped.instance
        elif isinstance(event, Answered | Missed):
            self.ringing.pop(event.call, None)
            self.settled[event.call] = stamped.at_us

    def found(self, now_us: int, gone: Collection[str]) -> list[str]:
        """Return the calls that rang when their start of the edge went, each once.

        `gone`: the starts that were gone already before the last events were read; else an answer may be yet to come.
        """
        while self.settled and now_us - next(iter(self.settled.values())) > _SETTLED_US:
            del self.settled[next(iter(self.settled))]
        calls = [call for call, instance in self.ringing.items() if instance in gone] if gone else []
        for call in calls:
            del self.ringing[call]
        return calls
