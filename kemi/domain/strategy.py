"""In which order a group's members ring: strategy and past in, waves out. Members of a wave ring together."""

from collections.abc import Callable, Sequence
from typing import Protocol

from kemi.domain.model import Member, Strategy

Wave = tuple[Member, ...]


class Past(Protocol):
    """What the edge remembers of earlier calls; asked only by the strategies that need it."""

    def turn(self, group_id: int) -> int:
        """Return how many calls of the group have taken their turn before; this one takes it."""
        ...

    def last_call(self, member: Member) -> float:
        """Return when the member's last call ended, seconds of any one clock; what never was is 0."""
        ...


class NoPast:
    """Nothing is remembered."""

    def turn(self, _group_id: int) -> int:
        """It is the first call."""
        return 0

    def last_call(self, _member: Member) -> float:
        """He has had none."""
        return 0.0


def steps(
    strategy: Strategy, members: Sequence[Member], group_id: int, past: Past, chance: Callable[[], float]
) -> tuple[Wave, ...]:
    """Return the waves in which `members`, in the group's order, ring; every one of them once.

    `chance` returns a random number in [0, 1) each time.
    """
    if not members:
        return ()
    if strategy == "simultaneous":
        return (tuple(members),)
    return tuple((one,) for one in _in_turn(strategy, members, group_id, past, chance))


def _in_turn(
    strategy: Strategy, members: Sequence[Member], group_id: int, past: Past, chance: Callable[[], float]
) -> Sequence[Member]:
    if strategy == "round_robin":
        first = past.turn(group_id) % len(members)
        return (*members[first:], *members[:first])
    if strategy == "random":
        return sorted(members, key=lambda _: chance())
    if strategy == "longest_idle":
        return sorted(members, key=past.last_call)  # stable: among equals the group's order
    return members
