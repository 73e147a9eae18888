"""What the ledger says of legs that left after their call came: steps, delayed members, other gateways."""

from typing import Any

import pytest

from kemi.domain.events import Answered, Event, Failed, Offered, OfferedLeg, Rang
from tests.told import GAVE_UP, RECEIVED
from tests.unit.test_outcome import ALL, folded

STEP = Offered("c1", (OfferedLeg(3, 0, 14, "+84844441914", 7, True),))
ELSEWHERE = Offered("c1", (OfferedLeg(0, 1, 10, "+84844441909", 8, True),))
HUNTED: list[Any] = [
    ("the next step rings", [STEP, Rang("c1", 3, 0, 180)], ("offered", "offered", "offered", "ringing"), set()),
    (
        "the next step answers: who did not, has his own end",
        [Failed("c1", 0, 0, 408, "no_answer"), STEP, Answered("c1", 3, 0)],
        ("no_answer", "cancelled", "cancelled", "answered"),
        {"+84844441914"},
    ),
    (
        "nobody answers in any step: all are told",
        [STEP, GAVE_UP],
        ("cancelled", "cancelled", "cancelled", "cancelled"),
        {"+84844441909", "+84844441910", "+842838123456", "+84844441914"},
    ),
    ("a step is not told of what it was not offered", [GAVE_UP], ("cancelled",) * 3, set(ALL)),
]


@pytest.mark.parametrize(("events", "legs", "told"), [row[1:] for row in HUNTED], ids=[row[0] for row in HUNTED])
def test_legs_that_are_offered_later(events: list[Event], legs: tuple[str, ...], told: set[str]) -> None:
    """A step of a hunt, or a delayed member, is in the ledger and is told from when its INVITE left."""
    result = folded(RECEIVED, *events)
    assert tuple(leg.outcome for leg in result.legs if leg.leg < 1000) == legs
    assert {one.member_number for one in result.notifications} == told


def test_another_gateway_is_an_attempt_with_a_time_of_its_own() -> None:
    """He is told once; the ledger says through which gateway, and since when."""
    result = folded(RECEIVED, Failed("c1", 0, 0, 503, "unreachable"), ELSEWHERE, Rang("c1", 0, 1, 180), GAVE_UP)
    first, second = result.legs[:2]
    assert [(leg.attempt, leg.outcome, leg.gateway_id) for leg in (first, second)] == [
        (0, "unreachable", 7),
        (1, "cancelled", 8),
    ]
    assert (first.offered_us, second.offered_us) == (10_000_000, 12_000_000)
    assert [one.member_number for one in result.notifications].count("+84844441909") == 1


def test_a_later_attempt_at_a_member_is_a_row_of_its_own_and_he_is_told_once() -> None:
    result = folded(RECEIVED, Failed("c1", 0, 0, 503, "unreachable"), Rang("c1", 0, 1, 180), GAVE_UP)
    first, second = result.legs[:2]
    assert [(leg.leg, leg.attempt, leg.outcome) for leg in (first, second)] == [
        (0, 0, "unreachable"),
        (0, 1, "cancelled"),
    ]
    assert (second.member_number, second.gateway_id) == ("+84844441909", None)
    assert [one.member_number for one in result.notifications].count("+84844441909") == 1
