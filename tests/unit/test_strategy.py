"""In which order members ring; and through which gateway."""

import random
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain.gateways import binds, for_number, ranked
from kemi.domain.model import Gateway, Member, Strategy
from kemi.domain.strategy import NoPast, steps
from tests.unit.given import gateway, members

STRATEGIES: tuple[Strategy, ...] = ("simultaneous", "sequential", "round_robin", "random", "longest_idle")


class Remembered:
    """A past made up."""

    def __init__(self, turns: int = 0, last: Mapping[int, float] | None = None) -> None:
        self.turns, self.last = turns, last or {}
        self.asked = Counter[str]()

    def turn(self, _group_id: int) -> int:
        """So many calls before."""
        self.asked["turn"] += 1
        return self.turns

    def last_call(self, member: Member) -> float:
        """As it was made up; never, if it was not."""
        self.asked["last_call"] += 1
        return self.last.get(member.id, 0.0)


def order(strategy: Strategy, count: int, past: Remembered | None = None, seed: int = 1) -> list[list[int]]:
    """The ids of the members, wave by wave."""
    chance = random.Random(seed).random
    return [[one.id for one in wave] for wave in steps(strategy, members(count), 7, past or Remembered(), chance)]


def test_all_at_once_is_one_wave_in_the_groups_order() -> None:
    assert order("simultaneous", 4) == [[1, 2, 3, 4]]


def test_one_after_the_other_is_a_wave_each() -> None:
    assert order("sequential", 3) == [[1], [2], [3]]


@pytest.mark.parametrize(
    ("turns", "expected"), [(0, [1, 2, 3]), (1, [2, 3, 1]), (2, [3, 1, 2]), (3, [1, 2, 3]), (10**9, [2, 3, 1])]
)
def test_round_robin_begins_with_the_next_one_each_time(turns: int, expected: list[int]) -> None:
    assert order("round_robin", 3, Remembered(turns)) == [[one] for one in expected]


def test_who_has_been_without_a_call_longest_rings_first() -> None:
    """Whoever never had one before all of them, in the group's order."""
    past = Remembered(last={1: 300.0, 2: 100.0, 4: 200.0})
    assert order("longest_idle", 5, past) == [[3], [5], [2], [4], [1]]


def test_chance_gives_everybody_every_place() -> None:
    """As often as the others, more or less."""
    dice = random.Random(3)
    places = Counter(
        (place, wave[0].id)
        for _ in range(3000)
        for place, wave in enumerate(steps("random", members(3), 7, NoPast(), dice.random))
    )
    assert len(places) == 9
    assert all(850 < count < 1150 for count in places.values()), places


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_past_is_asked_only_where_it_matters(strategy: Strategy) -> None:
    """A turn is taken by asking for it, once."""
    past = Remembered()
    order(strategy, 3, past)
    assert past.asked == {"round_robin": {"turn": 1}, "longest_idle": {"last_call": 3}}.get(strategy, {})


@given(st.sampled_from(STRATEGIES), st.integers(0, 40), st.integers(0, 10**6), st.integers())
def test_every_member_rings_once_whatever_the_strategy(strategy: Strategy, count: int, turns: int, seed: int) -> None:
    rung = [one for wave in order(strategy, count, Remembered(turns), seed) for one in wave]
    assert sorted(rung) == list(range(1, count + 1))


def always(number: float = 0.5) -> float:
    return number


def test_a_gateway_that_is_off_or_down_is_not_used() -> None:
    off, down, good = gateway(id=1, enabled=False), gateway(id=2), gateway(id=3)
    assert ranked((off, down, good), {2}, always) == (good,)
    assert ranked((off,), set(), always) == ()


def test_the_lowest_priority_is_the_best_whatever_chance_says() -> None:
    gateways = tuple(gateway(id=n, priority=9 - n, weight=1 + 99 * (n % 2)) for n in range(1, 6))
    for seed in range(20):
        assert [one.id for one in ranked(gateways, (), random.Random(seed).random)] == [5, 4, 3, 2, 1]


def test_gateways_of_a_priority_share_the_calls_by_weight() -> None:
    """Three to one, more or less."""
    dice = random.Random(5)
    gateways = (gateway(id=1, weight=3), gateway(id=2))
    first = Counter(ranked(gateways, (), dice.random)[0].id for _ in range(4000))
    assert 2850 < first[1] < 3150


def test_the_longest_prefix_goes_first_then_shorter_then_those_that_take_all() -> None:
    """Whatever the priorities; those of other prefixes never."""
    everything, mobile = gateway(id=1, priority=1), gateway(id=2, priority=2, prefixes=("+849", "+841"))
    viettel, abroad = gateway(id=3, priority=3, prefixes=("+8496", "+8498")), gateway(id=4, prefixes=("+1",))
    usable = ranked((everything, mobile, viettel, abroad), (), always)
    assert [one.id for one in for_number("+84981234567", usable)] == [3, 2, 1]
    assert [one.id for one in for_number("+84901234567", usable)] == [2, 1]
    assert [one.id for one in for_number("+842838123456", usable)] == [1]
    assert [one.id for one in for_number("+12025550123", usable)] == [4, 1]


def test_a_number_that_nobody_takes_has_no_gateway() -> None:
    assert for_number("+842838123456", (gateway(prefixes=("+849",)),)) == ()


GATEWAYS = st.builds(
    gateway,
    id=st.integers(1, 99),
    priority=st.integers(-2, 2),
    weight=st.integers(1, 1000),
    enabled=st.booleans(),
    prefixes=st.lists(st.sampled_from(["+84", "+849", "+8498", "+1", "+"]), max_size=2).map(tuple),
)


@given(st.lists(GATEWAYS, max_size=6), st.sets(st.integers(1, 99)), st.integers())
def test_gateways_are_tried_best_first_and_each_once(gateways: list[Gateway], down: set[int], seed: int) -> None:
    number = "+84981234567"
    usable = ranked(gateways, down, random.Random(seed).random)
    assert sorted(one.id for one in usable) == sorted(g.id for g in gateways if g.enabled and g.id not in down)
    assert [one.priority for one in usable] == sorted(one.priority for one in usable)
    taking = for_number(number, usable)
    if not binds(usable):
        assert taking == usable
    fits = [max((len(p) for p in one.prefixes if number.startswith(p)), default=0) for one in taking]
    assert fits == sorted(fits, reverse=True)
    assert all(not one.prefixes or number.startswith(one.prefixes) for one in taking)
    left_out = [one for one in usable if one not in taking]
    assert all(one.prefixes and not number.startswith(one.prefixes) for one in left_out)
