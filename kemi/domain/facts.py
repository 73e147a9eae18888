"""The events of one call, sorted by what they say; whoever read them, in whatever order, gets the same facts."""

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from kemi.domain.events import (
    Answered,
    AnsweredElsewhere,
    Ended,
    Failed,
    Missed,
    Offered,
    OfferedLeg,
    Rang,
    Received,
    Refused,
    Stamped,
)
from kemi.domain.instances import boot_of

E = TypeVar("E")


class Told(NamedTuple, Generic[E]):
    """An event and its stamp."""

    when: Stamped
    event: E


Key = tuple[int, int]  # leg, attempt


class Facts:
    """The earliest event of each kind, of the call and of each leg."""

    def __init__(self, happened: Iterable[Stamped]) -> None:
        self.received: Told[Received] | None = None
        self.refused: Told[Refused] | None = None
        self.answered: Told[Answered] | None = None
        self.missed: Told[Missed] | None = None
        self.offered: dict[Key, Told[OfferedLeg]] = {}  # with `received`, or later
        self.rang: dict[Key, Stamped] = {}
        self.failed: dict[Key, Told[Failed]] = {}
        self.picked_up: dict[Key, Stamped] = {}  # a 2xx, the first of the call or not
        self.ended: dict[int, Told[Ended]] = {}  # by leg
        for stamped in sorted(happened, key=lambda one: (one.at_us, one.id)):
            self._take(stamped)

    def _take(self, stamped: Stamped) -> None:
        match stamped.event:
            case Received() as event:
                self.received = self.received or Told(stamped, event)
                self._offer(stamped, event.legs)
            case Offered() as event:
                self._offer(stamped, event.legs)
            case Refused() as event:
                self.refused = self.refused or Told(stamped, event)
            case Missed() as event:
                self.missed = self.missed or Told(stamped, event)
            case Rang() as event:
                self.rang.setdefault((event.leg, event.attempt), stamped)
            case Failed() as event:
                self.failed.setdefault((event.leg, event.attempt), Told(stamped, event))
            case Answered() as event:
                self.answered = self.answered or Told(stamped, event)
                self.picked_up.setdefault((event.leg, event.attempt), stamped)
            case AnsweredElsewhere() as event:
                self.picked_up.setdefault((event.leg, event.attempt), stamped)
            case Ended() as event:
                self.ended.setdefault(event.leg, Told(stamped, event))

    def _offer(self, stamped: Stamped, legs: Iterable[OfferedLeg]) -> None:
        for one in legs:
            self.offered.setdefault((one.leg, one.attempt), Told(stamped, one))

    def members(self) -> dict[int, OfferedLeg]:
        """Return who was called, by leg, in the legs' order; a later attempt is at the same member."""
        first: dict[int, OfferedLeg] = {}
        for key in sorted(self.offered):
            first.setdefault(key[0], self.offered[key].event)
        return first


def same_clock(one: Stamped, other: Stamped) -> bool:
    """Say whether the monotonic clocks of two events may be compared: they were written in one boot of one node."""
    return boot_of(one.instance) == boot_of(other.instance)


def ms_between(start: Stamped, end: Stamped) -> int:
    """Return the milliseconds between two events, never negative; by the wall clocks where there are two boots."""
    ns = end.mono_ns - start.mono_ns if same_clock(start, end) else (end.at_us - start.at_us) * 1000
    return max(0, ns // 1_000_000)
