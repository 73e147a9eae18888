"""What the ring strategies remember, in Kamailio's shared memory: a restart forgets it, which costs somebody a turn.

turns   a group's id → how many of its calls have taken their turn (round_robin)
idle    a member's id → when he last talked, in a group that asks who has been idle longest
talks   a call's id → the member who talks in it, until its end
"""

import time
from collections.abc import Callable

import KSR

from kemi.domain.model import Member

_TURNS, _IDLE, _TALKS = "turns", "idle", "talks"
_get = KSR.htable.sht_get
_put = KSR.htable.sht_sets


class SharedPast:
    """`kemi.domain.strategy.Past` over htable; all workers share it. Each call takes well under a µs."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        """`now`: seconds since the epoch."""
        self._now = now

    def turn(self, group_id: int) -> int:
        """Take the next turn of a group; where shared memory is full it is always the first."""
        return max(0, int(KSR.htable.sht_inc(_TURNS, str(group_id))) - 1)

    def last_call(self, member: Member) -> float:
        """Return when the member's last call ended, or began where it lasts; 0: none is remembered."""
        return float(_get(_IDLE, str(member.id)) or 0)

    def talks(self, call: str, member_id: int) -> None:
        """Remember that a member has taken a call."""
        self._touch(str(member_id))
        _put(_TALKS, call, str(member_id))

    def over(self, call: str) -> None:
        """A call has ended: who took it is idle from now on."""
        member = _get(_TALKS, call)
        if member:
            self._touch(member)
            KSR.htable.sht_rm(_TALKS, call)

    def _touch(self, member: str) -> None:
        _put(_IDLE, member, f"{self._now():.3f}")
