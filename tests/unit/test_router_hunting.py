"""A hunting call as the router plays it on the fake: who rings when, what the ledger is told, what nobody learns."""

from typing import Any

import pytest

from kemi.domain.events import Failed, Offered
from tests.fakes.world import World
from tests.unit import hunted_plays
from tests.unit.hunted_plays import hunting, last, rung


@pytest.fixture
def world() -> World:
    return World()


def told(world: World) -> list[Any]:
    """What the ledger is told, shortened."""
    return [
        (one.leg, one.attempt, one.reason) if isinstance(one, Failed)
        else tuple((leg.leg, leg.attempt, leg.gateway_id) for leg in one.legs) if isinstance(one, Offered)
        else type(one).__name__.lower()
        for one in world.sink.events
    ]  # fmt: skip


def test_a_hunt_through_gateways_and_members(world: World) -> None:
    """Each attempt has a Call-ID of its own; a busy one has no other gateway asked."""
    hunted_plays.hunted(world)
    assert told(world) == [
        "received", (0, 0, "unreachable"), ((0, 1, 2),), (0, 1, "unreachable"), ((1, 0, 1),), "rang", (1, 0, "busy"),
        ((2, 0, 1),), "answered",
    ]  # fmt: skip
    ids = [leg.invite.message.text("call-id") for leg in rung(world)]
    assert len(set(ids)) == len(ids) == 4
    assert world.leaks() == []


def test_silence_and_a_ring_time_that_is_over_are_told_apart(world: World) -> None:
    """Silence goes on to the other gateway; who has rung has not answered."""
    hunted_plays.hunted_in_vain(world)
    assert told(world)[:6] == [
        "received", (0, 0, "unreachable"), ((0, 1, 2),), (0, 1, "unreachable"), ((1, 0, 1),), "rang",
    ]  # fmt: skip
    assert told(world)[6:] == [(1, 0, "no_answer"), ((2, 0, 1),), "missed"]
    assert world.sink.events[-1].cause == "caller_gave_up"  # type: ignore[union-attr]


def test_a_delayed_member(world: World) -> None:
    """The clock's own messages stay in the house."""
    hunted_plays.later(world)
    assert told(world) == ["received", "rang", "rang", ((1, 0, 1),), "answered"]
    clock = [sent for sent in world.kam.sent if sent.to == world.kam.listen and not sent.status]
    assert [sent.message.method for sent in clock] == ["INVITE", "ACK"]
    assert not any(word in sent.data for sent in clock for word in (b"0909789846", b"Nguyen", b"fromtag", b"84444190"))
    assert world.leaks() == []


def test_an_own_waiting_time(world: World) -> None:
    """He alone is cancelled, by a CANCEL that his telephone takes for tm's."""
    hunted_plays.shorter(world)
    first, second, third = rung(world)
    assert [leg.was_cancelled for leg in (first, second, third)] == [False, True, False]
    cancel, invite = second.got("CANCEL")[0].message, second.invite.message
    for name in ("from", "to", "call-id", "via"):
        assert cancel.text(name).split(", ")[0] == invite.text(name).split(", ")[0]
    assert world.sink.events[-1].code == 480  # type: ignore[union-attr]


def test_a_long_delay_is_slept_in_naps(world: World) -> None:
    """Of 25 seconds at most: async sleeps no longer than 30."""
    caller = hunting(world, "simultaneous", delay_seconds=60)
    caller.calls()
    world.kam.hears_itself()
    for leg in rung(world):
        leg.replies(180)
    for seconds, legs in ((25, 2), (25, 2), (10, 3)):
        assert len(world.kam.asleep) == 1
        world.uptime += seconds
        world.kam.wakes_up()
        assert len(rung(world)) == legs
    assert world.kam.asleep == []


@pytest.mark.parametrize("clock_first", [True, False])
def test_nobody_waits_for_a_delay_when_nobody_rings(world: World, clock_first: bool) -> None:
    """Whether the others refuse before or after the clock has been heard of."""
    caller = hunting(world, "simultaneous", delay_seconds=20)
    caller.calls()
    if clock_first:
        world.kam.hears_itself()
    for leg in rung(world):
        leg.replies(486)
    world.kam.hears_itself()
    late = rung(world)[-1]
    assert len(rung(world)) == 3
    late.replies(486)
    assert caller.saw == [486]


def test_a_clock_of_nobodys_is_no_clock(world: World) -> None:
    """A stranger is turned away; the trunk has dialled no telephone number."""
    user = "clock-5000-00000000000000000001-AAAAAAAA"
    for source, code in ((world.STRANGER, 403), (world.TRUNK, 404)):
        out = world.kam.receive(world.invite(user, call_id=f"{code}@x"), source)
        assert [sent.status for sent in out] == [code]
    assert world.kam.asleep == []


def test_the_caller_s_cancel_stops_the_clock(world: World) -> None:
    """Nobody rings afterwards."""
    caller = hunting(world, "simultaneous", delay_seconds=5)
    caller.calls()
    world.kam.hears_itself()
    for leg in rung(world):
        leg.replies(180)
    before = len(rung(world))
    caller.cancels()
    world.kam.hears_itself()
    for leg in rung(world):
        leg.replies(487)
    world.uptime += 5
    world.kam.wakes_up()
    assert len(rung(world)) == before
    assert caller.saw[-1] == 487


def test_what_is_told_of_a_leg_that_is_gone_is_not_told_twice(world: World) -> None:
    """Its gateway answers after all, with a refusal: the other attempt rings on."""
    caller = hunting(world)
    caller.calls()
    first = last(world)
    assert first is not None
    world.kam.time_runs_out()
    first.replies(503)
    assert [(one.leg, one.attempt) for one in world.sink.events if isinstance(one, Failed)].count((0, 0)) <= 2
    assert len(rung(world)) == 2
