"""What is still to come in a call: waves, delays, own waiting times, other gateways, and tm's 30 branches."""

from typing import Any

import pytest

from kemi.domain import hunt
from kemi.domain.hunt import Attempt, Hunt, Orders
from kemi.domain.routing import MAX_LEGS, Leg, leg_uri, retried
from tests.unit.given import gateway, members

BEGIN = 1_000_000
WAY = [(11, "sip:x@b"), (12, "sip:x@c")]


def attempt(leg: int, ring_ms: int = 30_000, after_ms: int = 0, others: int = 0) -> Attempt:
    """A member's leg with so many `others` to go on with."""
    number = f"+8484444190{leg % 10}"
    return Attempt(leg, 0, f"sip:{leg}@a", 10, 100 + leg, number, True, ring_ms, after_ms, tuple(WAY[:others]))


def hunting(*waves: list[Attempt]) -> Hunt:
    """A hunt that has not begun."""
    return Hunt([list(wave) for wave in waves], {10: "From: <sip:1@h>\r\n"})


def begun(*waves: list[Attempt]) -> tuple[Hunt, Orders]:
    """A hunt and what its first wave orders."""
    plan = hunting(*waves)
    orders = plan.next_wave(BEGIN)
    assert orders is not None
    return plan, orders


def names(orders: Orders) -> list[tuple[int, int]]:
    """(leg, attempt) of what is to ring."""
    return [(one.leg, one.attempt) for one in orders.ring]


def test_waves_ring_one_after_the_other_each_for_its_longest_time() -> None:
    """The second begins when the first has nobody left; after the last there is none."""
    plan, orders = begun([attempt(0, 20_000)], [attempt(1, 25_000), attempt(2, 25_000)])
    assert (names(orders), orders.ring_ms, orders.clock_ms) == ([(0, 0)], 20_000, 0)
    assert plan.failed(0, 0, unreached=False) == Orders()
    second = plan.next_wave(BEGIN + 10)
    assert second is not None
    assert (names(second), second.ring_ms) == ([(1, 0), (2, 0)], 25_000)
    assert plan.next_wave(BEGIN + 20) is None


def test_an_unreached_leg_goes_on_through_each_of_its_gateways_once() -> None:
    """Another attempt, another R-URI, another block; then it is over with that member."""
    plan, _ = begun([attempt(0, others=2), attempt(1)])
    first = plan.failed(0, 0, unreached=True)
    second = plan.failed(0, 1, unreached=True)
    assert [(one.attempt, one.gateway, one.uri) for one in (*first.ring, *second.ring)] == [
        (1, 11, "sip:x@b"),
        (2, 12, "sip:x@c"),
    ]
    assert plan.failed(0, 2, unreached=True) == Orders()


def test_what_a_person_said_is_not_asked_again_elsewhere() -> None:
    """A busy one has gateways left, and does not ring."""
    plan, _ = begun([attempt(0, others=2)])
    assert plan.failed(0, 0, unreached=False) == Orders()


def test_an_end_that_is_told_twice_counts_once() -> None:
    """tm may say 408 for a leg whose late 503 comes after all."""
    plan, _ = begun([attempt(0, others=2)])
    assert names(plan.failed(0, 0, unreached=True)) == [(0, 1)]
    assert plan.failed(0, 0, unreached=True) == Orders()


def test_a_delayed_member_rings_when_the_clock_strikes() -> None:
    """The clock is set for the next instant, and again for the one after."""
    plan, orders = begun([attempt(0), attempt(1, after_ms=5000), attempt(2, after_ms=9000)])
    assert (names(orders), orders.clock_ms) == ([(0, 0)], 5000)
    then = plan.struck(BEGIN + 5003)
    assert (names(then), then.clock_ms) == ([(1, 0)], 3997)
    last = plan.struck(BEGIN + 9001)
    assert (names(last), last.clock_ms) == ([(2, 0)], 0)


def test_members_of_one_instant_share_a_clock() -> None:
    """Two are due within 20 ms: both ring."""
    plan, _ = begun([attempt(0), attempt(1, after_ms=5000), attempt(2, after_ms=5010)])
    assert names(plan.struck(BEGIN + 4995)) == [(1, 0), (2, 0)]


def test_when_nobody_rings_the_delayed_ones_do_not_wait() -> None:
    """The last leg's end wakes the clock; woken, it rings who is next, and keeps the distance to who comes after."""
    plan, _ = begun([attempt(0), attempt(1, after_ms=5000), attempt(2, after_ms=9000)])
    assert plan.failed(0, 0, unreached=False).wake
    then = plan.struck(BEGIN + 104)
    assert (names(then), then.clock_ms) == ([(1, 0)], 4000)


def test_as_long_as_somebody_rings_the_others_keep_their_time() -> None:
    """Neither another's end nor a clock that strikes too soon rings them early."""
    plan, _ = begun([attempt(0), attempt(1), attempt(2, after_ms=5000)])
    assert plan.failed(0, 0, unreached=False) == Orders()
    assert plan.struck(BEGIN + 2000) == Orders(clock_ms=3000)


def test_a_wave_of_delayed_ones_begins_at_once() -> None:
    """Nobody rings before them."""
    _, orders = begun([attempt(0, after_ms=4000), attempt(1, after_ms=6000)])
    assert (names(orders), orders.clock_ms) == ([(0, 0)], 2000)


def test_who_waits_less_than_the_others_is_stopped_once() -> None:
    """The wave's time is the longest; the clock ends the others."""
    plan, orders = begun([attempt(0, 10_000), attempt(1, 30_000)])
    assert (orders.ring_ms, orders.clock_ms) == (30_000, 10_000)
    then = plan.struck(BEGIN + 10_001)
    assert ([one.leg for one in then.stop], then.clock_ms) == ([0], 0)
    assert plan.failed(0, 0, unreached=False) == Orders()


def test_a_stop_that_is_still_to_come_does_not_hold_the_call() -> None:
    """Both have declined: the clock is woken, and has nothing to do."""
    plan, _ = begun([attempt(0, 10_000), attempt(1, 30_000)])
    plan.failed(0, 0, unreached=False)
    assert plan.failed(1, 0, unreached=False).wake
    assert plan.struck(BEGIN + 25) == Orders()


def test_without_a_branch_for_a_clock_everybody_rings_at_once() -> None:
    """Thirty members, one of them delayed."""
    legs = [attempt(leg) for leg in range(MAX_LEGS - 1)]
    _, orders = begun([*legs, attempt(MAX_LEGS - 1, after_ms=5000)])
    assert (len(orders.ring), orders.clock_ms) == (MAX_LEGS, 0)


def test_an_attempt_elsewhere_takes_no_branch_of_who_is_still_to_ring() -> None:
    """One rings, 29 are to come: no branch is free."""
    plan, _ = begun([attempt(0, others=1)], *([attempt(leg)] for leg in range(1, MAX_LEGS)))
    assert plan.failed(0, 0, unreached=True) == Orders()


def test_a_hunt_survives_its_packing() -> None:
    """Another process goes on with it."""
    plan, _ = begun([attempt(0, others=2), attempt(1, after_ms=700)], [attempt(2)])
    assert hunt.unpack(plan.pack()) == plan


def test_a_fallback_goes_on_in_the_same_transaction() -> None:
    """More waves, more headers, the same count of branches."""
    plan, _ = begun([attempt(0)])
    plan.failed(0, 0, unreached=False)
    plan.extend([[attempt(1)]], {11: "From: <sip:2@h>\r\n"}, {11: "sip:192.0.2.9:5060"})
    orders = plan.next_wave(BEGIN + 2)
    assert orders is not None
    assert (names(orders), plan.branches, sorted(plan.blocks), sorted(plan.ways)) == ([(1, 0)], 2, [10, 11], [11])


def test_a_fallback_for_which_tm_has_no_branch_is_not_offered() -> None:
    """Attempts at other gateways have taken them; nobody is told of a call whose INVITE could not leave."""
    plan, _ = begun([attempt(leg, others=1) for leg in range(14)])
    for leg in range(14):
        plan.failed(leg, 0, unreached=True)
    plan.extend([[attempt(14)], [attempt(15), attempt(16)], [attempt(17)]], {}, {})
    rung: list[tuple[int, int]] = []
    while (orders := plan.next_wave(BEGIN)) is not None:
        rung += names(orders)
    assert rung == [(14, 0), (15, 0)]
    assert plan.branches == MAX_LEGS


def test_numbers_stay_out_of_what_is_printed() -> None:
    """Whatever prints a hunt."""
    plan, orders = begun([attempt(0)])
    assert "844441900" not in f"{plan!r} {orders!r}"


def test_legs_are_taken_over_from_the_decision() -> None:
    """Each way that `retried` would go is an attempt's."""
    ways = (gateway(), gateway(id=2, host="192.0.2.7"), gateway(id=3, host="192.0.2.8"))
    taken = leg(4, gateway=ways[0], ring_seconds=15, delay_seconds=3, others=ways[1:])
    ((one,),) = hunt.attempts([[taken]])
    assert (one.leg, one.attempt, one.uri, one.ring_ms, one.after_ms) == (4, 0, taken.uri, 15_000, 3_000)
    second = retried(taken)
    assert second is not None
    assert one.others[0] == (second.gateway.id, second.uri)
    assert len(one.others) == 2


def leg(number: int, **changes: Any) -> Leg:
    """A leg of a decision."""
    member, way = members(9)[number], gateway()
    return Leg(number, 0, member, way, leg_uri(member, way))._replace(**changes)


@pytest.mark.parametrize(
    ("waves", "needed"),
    [
        ([[leg(0), leg(1)]], False),
        ([[leg(0, ring_seconds=9), leg(1, ring_seconds=9)]], False),
        ([[leg(0)], [leg(1)]], True),
        ([[leg(0), leg(1, delay_seconds=1)]], True),
        ([[leg(0), leg(1, ring_seconds=9)]], True),
        ([[leg(0), leg(1, others=(gateway(id=2),))]], True),
    ],
)
def test_only_who_needs_a_plan_has_one(waves: list[list[Leg]], needed: bool) -> None:
    """All at once, once, equally long: tm alone does that."""
    assert hunt.is_needed(waves) is needed


UNREACHED = [
    (408, True, False, False, True),  # no first answer
    (408, True, True, True, False),  # rang out
    (408, True, True, False, False),  # 100, and nothing for the whole ring time
    (408, False, True, False, True),
    (408, False, True, True, False),  # the carrier's own ring time
    (500, False, True, False, True),
    (503, False, True, False, True),
    (599, False, True, False, True),
    (503, False, True, True, False),
    (499, False, True, False, False),
    (600, False, True, False, False),
    (486, False, True, False, False),
    (404, False, True, False, False),
    (487, False, True, False, False),
    (302, False, True, False, False),
]


@pytest.mark.parametrize(("code", "by_timer", "replied", "rang", "unreached"), UNREACHED)
def test_what_is_the_gateways_fault(code: int, by_timer: bool, replied: bool, rang: bool, unreached: bool) -> None:
    """Only that goes on to another gateway, and nothing that has rung."""
    assert hunt.is_unreached(code, by_timer=by_timer, replied=replied, rang=rang) is unreached
