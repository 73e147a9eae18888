"""Which calls are open does not depend on the order of their events, and no lost event keeps one open for ever."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kemi.domain.events import Event, Offered, Timed
from kemi.domain.open_calls import OpenCalls
from tests.told import (
    ANSWERED_0,
    ANSWERED_1,
    BUSY_1,
    BYE,
    GAVE_UP,
    LATE_1,
    OFF_2,
    RANG_0,
    RECEIVED,
    REFUSED,
    TIMED_OUT,
    of_call,
    stamp,
)

CALL = "00000000000000000001"  # its lowest bit says: counted
COUNTED = msgspec.structs.replace(RECEIVED, counted=("h3", "t2", "g7"))
TIMED = Timed("c1", 0, 60, "a", "b", "tag")
DAY = 86_400
START_US = 10_000_000  # of `stamp`


def told(*events: Event, call: str = CALL, instance: str = "edge-b-1") -> OpenCalls:
    calls = OpenCalls(DAY)
    for stamped in stamp(*of_call(call, *events), instance=instance):
        calls.take(stamped)
    return calls


def after(calls: OpenCalls, seconds: float, *, alive: bool = True) -> Counter[str]:
    calls.forget(int(START_US + seconds * 1e6), lambda _: alive)
    return calls.counts()


RINGING = Counter(h3=1, t2=1, g7=3)
TALKING = Counter(h3=1, t2=1, g7=1)
NOTHING = Counter[str]()
TABLE: list[tuple[str, list[Event], Counter[str]]] = [
    ("rings", [COUNTED, RANG_0], RINGING),
    ("one is busy", [COUNTED, BUSY_1], Counter(h3=1, t2=1, g7=2)),
    ("talks", [COUNTED, BUSY_1, ANSWERED_0], TALKING),
    ("a second answer is on its way out", [COUNTED, ANSWERED_0, LATE_1], TALKING),
    ("hung up", [COUNTED, ANSWERED_0, BYE], NOTHING),
    ("both hang up at once", [COUNTED, ANSWERED_0, BYE, BYE], NOTHING),
    ("the loser is hung up", [COUNTED, ANSWERED_1, LATE_1, BYE], TALKING),
    ("gave up", [COUNTED, RANG_0, GAVE_UP], NOTHING),
    ("nobody", [COUNTED, BUSY_1, OFF_2, TIMED_OUT], NOTHING),
    ("an answer crosses the end", [COUNTED, TIMED_OUT, ANSWERED_0], TALKING),
]


@settings(max_examples=200)
@given(st.sampled_from(TABLE), st.randoms())
def test_the_counts_follow_from_the_events_in_any_order(row: tuple[str, list[Event], Counter[str]], dice: Any) -> None:
    _, events, counts = row
    stamped = stamp(*of_call(CALL, *events))
    dice.shuffle(stamped)
    calls = OpenCalls(DAY)
    for one in stamped:
        calls.take(one)
    assert after(calls, 20) == counts


def test_calls_that_nobody_counts_are_not_even_remembered() -> None:
    calls = told(COUNTED, ANSWERED_0, call="00000000000000000000")
    assert calls.calls == {}
    assert told(REFUSED, call="no id of ours").calls == {}


def test_keys_that_were_not_counted_are_not_open() -> None:
    """The hotline has a limit, tenant and gateway have none."""
    calls = told(msgspec.structs.replace(RECEIVED, counted=("h3",)))
    assert after(calls, 5) == Counter(h3=1)


def test_a_call_whose_edge_died_while_it_rang_is_over() -> None:
    assert after(told(COUNTED, RANG_0), 5, alive=False) == NOTHING


def test_a_call_whose_edge_died_while_they_talked_is_open() -> None:
    assert after(told(COUNTED, ANSWERED_0), 5, alive=False) == TALKING


def test_a_call_that_lost_its_end_while_ringing_is_over_when_tm_would_have_ended_it() -> None:
    calls = told(COUNTED, RANG_0)
    assert after(calls, 30 + 180) == RINGING
    assert after(calls, 30 + 191) == NOTHING


def test_a_call_that_rings_on_in_its_fallback_is_open() -> None:
    """The ring time it came with is not all: each step gives it as much again."""
    calls = told(COUNTED, RANG_0)
    later = Offered(CALL, (msgspec.structs.replace(COUNTED.legs[0], leg=5),), ("g7",))
    calls.take(msgspec.structs.replace(stamp(later)[0], at_us=START_US + 200_000_000))
    assert after(calls, 200 + 200) == Counter(h3=1, t2=1, g7=4)
    assert after(calls, 200 + 230) == NOTHING


def test_a_call_whose_sides_vanished_without_a_bye_is_over_when_no_call_is_longer() -> None:
    calls = told(COUNTED, ANSWERED_0)
    assert after(calls, DAY - 1) == TALKING
    assert after(calls, DAY + 122) == NOTHING
    assert calls.calls == {}


def test_an_event_that_comes_after_the_end_is_forgotten() -> None:
    calls = told(COUNTED, ANSWERED_0, BYE)
    assert after(calls, 5) == NOTHING
    for stamped in stamp(*of_call(CALL, BYE)):
        calls.take(stamped)
    assert after(calls, 5) == NOTHING
    after(calls, 120)
    assert calls.calls == {}


def test_what_hanging_up_takes_is_remembered() -> None:
    calls = told(COUNTED, ANSWERED_0, TIMED)
    assert calls.calls[CALL].timed == msgspec.structs.replace(TIMED, call=CALL)
    assert calls.calls[CALL].answered_us == START_US + 1_000_000
