"""Admission: what is asked in which order, what a refusal gives back, and that no interleaving counts wrongly."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain.limits import (
    Admitted,
    Held,
    Limit,
    Over,
    Wanted,
    admit,
    gateway_limits,
    hotline_limit,
    is_counted_id,
    is_timed_id,
    marked,
    tenant_limit,
    trunk_rate,
)

NOW = 1_800_000_000.7


class Memory:
    """Counters in a dictionary."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.seconds: Counter[tuple[str, int]] = Counter()
        self.asked: list[str] = []

    def more(self, key: str) -> int:
        self.asked.append(key)
        self.open[key] += 1
        return self.open[key]

    def less(self, key: str) -> None:
        self.open[key] -= 1

    def this_second(self, key: str, second: int, change: int) -> int:
        self.asked.append(f"{key}:{second}")
        self.seconds[key, second] += change
        return self.seconds[key, second]


def test_what_is_not_limited_is_not_asked() -> None:
    """No limit costs nothing."""
    memory = Memory()
    assert admit(Wanted(), memory, NOW) == Admitted(Held(), {}, {})
    wanted = Wanted(legs=((0, (gateway_limits(1, None, None),)), (1, (gateway_limits(1, None, None),))))
    assert admit(wanted, memory, NOW) == Admitted(Held(), {}, {})
    assert memory.asked == []


def test_a_call_is_counted_under_all_its_limits() -> None:
    memory = Memory()
    wanted = Wanted(
        (hotline_limit(12, 2), tenant_limit(3, 9)), (trunk_rate(4, 5),), ((0, (gateway_limits(7, 8, 30),)),)
    )
    admitted = admit(wanted, memory, NOW)
    assert admitted == Admitted(Held(("h12", "t3"), (("0.0", "g7"),)), {}, {})
    assert memory.open == Counter(h12=1, t3=1, g7=1)
    assert memory.seconds == Counter({("k4", 1_800_000_000): 1, ("g7", 1_800_000_000): 1})


FULL = [
    ("h12", "the hotline has 2 calls at once, its most"),
    ("t3", "the tenant has 2 calls at once, its plan's most"),
    ("k4", "the trunk brings more than 2 calls a second"),
    ("g7", "the gateway has 2 channels, all taken"),
    ("g7 a second", "the gateway takes 2 calls a second"),
]


@pytest.mark.parametrize(("full", "reason"), FULL, ids=[name for name, _ in FULL])
def test_the_first_full_limit_refuses_and_nothing_stays_counted(full: str, reason: str) -> None:
    memory = Memory()
    key, _, rate = full.partition(" ")
    memory.open[key] = 0 if rate or key == "k4" else 2
    memory.seconds[key, 1_800_000_000] = 2 if rate or key == "k4" else 0
    before = Counter(memory.open), Counter(memory.seconds)
    wanted = Wanted((hotline_limit(12, 2), tenant_limit(3, 2)), (trunk_rate(4, 2),), ((0, (gateway_limits(7, 2, 2),)),))
    outcome = admit(wanted, memory, NOW)
    assert isinstance(outcome, Over)
    assert outcome.limit.reason == reason
    assert +memory.open == +before[0]
    assert +memory.seconds == +before[1]


def test_a_full_gateway_refuses_only_the_legs_that_found_no_place() -> None:
    memory = Memory()
    legs = tuple((leg, (gateway_limits(*((7, None, 2) if leg < 3 else (8, None, None))),)) for leg in range(4))
    admitted = admit(Wanted(legs=legs), memory, NOW)
    assert admitted == Admitted(
        Held((), (("0.0", "g7"), ("1.0", "g7"))), {2: "the gateway has 2 channels, all taken"}, {}
    )
    assert memory.open == Counter(g7=2)


def test_a_leg_that_finds_no_place_goes_through_its_next_gateway() -> None:
    memory = Memory()
    both = (gateway_limits(7, None, 1), gateway_limits(8, None, 1))
    admitted = admit(Wanted(legs=tuple((leg, both) for leg in range(3))), memory, NOW)
    full = {2: "the gateway has 1 channels, all taken"}
    assert admitted == Admitted(Held((), (("0.0", "g7"), ("1.0", "g8"))), full, {1: 1})
    assert memory.open == Counter(g7=1, g8=1)


def test_a_leg_without_room_in_the_second_gives_its_channel_back() -> None:
    memory = Memory()
    legs = tuple((leg, (gateway_limits(7, 1, 5),)) for leg in range(2))
    admitted = admit(Wanted(legs=legs), memory, NOW)
    assert isinstance(admitted, Admitted)
    assert admitted.full == {1: "the gateway takes 1 calls a second"}
    assert memory.open == Counter(g7=1)


def test_another_second_is_another_bucket() -> None:
    memory = Memory()
    wanted = Wanted(rates=(trunk_rate(4, 1),))
    said = [isinstance(admit(wanted, memory, NOW + wait), Admitted) for wait in (0, 0.2, 0.4, 1.2, 1.4)]
    assert said == [True, False, True, False, True]


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=60), st.integers(0, 4))
def test_no_more_than_the_limit_are_ever_open(calls: list[tuple[int, bool]], most: int) -> None:
    """And at the end, when all are given back, nothing is left."""
    memory, open_ = Memory(), list[Held]()
    for legs, ends in calls:
        wanted = Wanted(
            (Limit("h1", most, "h"),), (), tuple((leg, (gateway_limits(1, None, 4),)) for leg in range(legs))
        )
        outcome = admit(wanted, memory, NOW)
        if isinstance(outcome, Admitted):
            open_.append(outcome.held)
        assert memory.open["h1"] == len(open_) <= most
        assert memory.open["g1"] == sum(len(held.channels) for held in open_) <= 4
        if ends and open_:
            gone = open_.pop(0)
            for key in [*gone.calls, *(key for _, key in gone.channels)]:
                memory.less(key)
    for held in open_:
        for key in [*held.calls, *(key for _, key in held.channels)]:
            memory.less(key)
    assert not +memory.open


@given(st.binary(min_size=10, max_size=10), st.booleans(), st.booleans())
def test_a_call_id_says_whether_it_is_counted_and_timed(call: bytes, counted: bool, timed: bool) -> None:
    told = marked(call, counted=counted, timed=timed)
    assert (is_counted_id(told.hex()), is_timed_id(told.hex())) == (counted, timed)
    assert told[:-1] == call[:-1]
    assert told[-1] >> 2 == call[-1] >> 2
