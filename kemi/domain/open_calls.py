"""Which calls are open, by what the spool says: the truth that the limits' counters are held to.

A call is over by its own event (missed, or the winner's BYE), because the edge died while it rang, or because it is
older than any call can be. So nothing stays open for ever, whatever event is lost: both sides may vanish without a BYE.
Events are taken in any order; only calls that are counted, or whose length is limited, are looked at (their ids say
so, `kemi.domain.limits`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec

from kemi.domain.events import Answered, Ended, Failed, Missed, Offered, Received, Stamped, Timed
from kemi.domain.limits import attempt_of, channels, is_watched

_RING_SLACK: float = 190.0  # s beyond the ring time: what tm allows a transaction (max_inv_lifetime)
_PARTING: float = 120.0  # s beyond the longest call, in which the edge may hang it up
_ORPHAN: float = 60.0  # s that an event waits for the `received` of its call


class OpenCall(msgspec.Struct):
    """What is known of one call; times are µs since the epoch. `channels`: attempt → key of its gateway."""

    since_us: int
    instance: str = ""
    calls: tuple[str, ...] = ()
    channels: dict[str, str] = {}
    ring_seconds: int = 0
    received: bool = False
    offered_us: int = 0  # the last step of a call that hunts: its group's fallback is not in `ring_seconds`
    failed: list[str] = []
    winner: int | None = None
    won: str = ""  # the winner's attempt
    answered_us: int = 0
    missed: bool = False
    ended: list[int] = []
    timed: Timed | None = None

    @property
    def over(self) -> bool:
        """Whether the leg that won has ended, or none did; an answer beats a miss, as in the ledger."""
        return self.missed if self.winner is None else self.winner in self.ended

    def counted(self) -> Iterator[str]:
        """Yield what it counts under, a key for each channel that is open."""
        if self.received:
            yield from self.calls
            for attempt, key in self.channels.items():
                if self.won == attempt or (self.winner is None and attempt not in self.failed):
                    yield key


class OpenCalls:
    """The open calls of this machine's edge."""

    def __init__(self, max_seconds: int, calls: dict[str, OpenCall] | None = None) -> None:
        """`max_seconds`: the longest call; `calls`: those that are open already, by their ids."""
        self._max_us = max_seconds * 1_000_000
        self.calls = calls or {}

    def take(self, stamped: Stamped) -> None:
        """Take one event."""
        event = stamped.event
        if not is_watched(event.call):
            return
        one = self.calls.get(event.call)
        if one is None:
            one = self.calls[event.call] = OpenCall(stamped.at_us)
        match event:
            case Received():
                one.received, one.since_us, one.instance = True, stamped.at_us, stamped.instance
                one.ring_seconds = event.ring_seconds
                one.calls = tuple(key for key in event.counted if not key.startswith("g"))
                one.channels |= dict(channels(event))
            case Offered():
                one.offered_us = max(one.offered_us, stamped.at_us)
                one.channels |= dict(channels(event))
            case Failed():
                one.failed = [*one.failed, attempt_of(event)]
            case Answered():
                one.winner, one.won, one.answered_us = event.leg, attempt_of(event), stamped.at_us
            case Timed():
                one.timed = event
            case Ended():
                one.ended = [*one.ended, event.leg]
            case Missed():
                one.missed = True
            case _:
                return

    def forget(self, now_us: int, is_alive: Callable[[str], bool]) -> None:
        """Forget the calls that are over; `is_alive` says whether a start of the edge still runs."""
        alive: dict[str, bool] = {}

        def lives(instance: str) -> bool:
            if instance not in alive:
                alive[instance] = is_alive(instance)
            return alive[instance]

        gone = [call for call, one in self.calls.items() if self._is_gone(one, now_us, lives)]
        for call in gone:
            del self.calls[call]

    def _is_gone(self, one: OpenCall, now_us: int, is_alive: Callable[[str], bool]) -> bool:
        age = now_us - one.since_us
        if not one.received:
            return age > _ORPHAN * 1e6
        if one.over:
            return True
        if one.winner is not None:
            return now_us - (one.answered_us or one.since_us) > self._max_us + _PARTING * 1e6
        silent = now_us - max(one.since_us, one.offered_us)
        return silent > (one.ring_seconds + _RING_SLACK) * 1e6 or not is_alive(one.instance)

    def older(self, seconds: float, now_us: int) -> list[str]:
        """Return the ids of answered calls that have been open for `seconds`, the oldest first."""
        since = now_us - int(seconds * 1e6)
        old = [(one.answered_us, call) for call, one in self.calls.items() if one.winner is not None]
        return [call for answered_us, call in sorted(old) if answered_us <= since]

    def end(self, calls: Iterable[str]) -> int:
        """Take these calls to have ended, by what another edge knows; return how many were open."""
        known = [self.calls[call] for call in calls if call in self.calls]
        for one in known:
            if one.winner is not None:
                one.ended = [*one.ended, one.winner]
        return len(known)

    def counts(self) -> Counter[str]:
        """Return how many are open under each key."""
        return Counter(key for one in self.calls.values() for key in one.counted())
