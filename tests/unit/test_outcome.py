"""What became of a call does not depend on who wrote its events, nor on the order they are read in."""

from typing import Any

import msgspec
import pytest

from kemi.domain.events import Answered, Ended, Event, Failed, Missed
from kemi.domain.outcome import Folded, fold
from tests.told import (
    ALL_REFUSED,
    ANSWERED_0,
    ANSWERED_1,
    BUSY_1,
    BYE,
    GAVE_UP,
    LATE_1,
    NOT_SENT,
    OFF_2,
    RANG_0,
    RANG_1,
    RECEIVED,
    REFUSED,
    TIMED_OUT,
    changed,
    stamp,
)


def folded(*events: Event, interrupted: bool = False) -> Folded:
    result = fold(stamp(*events), interrupted=interrupted)
    assert result is not None
    return result


ALL = {"+84844441909": "queued", "+84844441910": "queued", "+842838123456": "not_applicable"}
# events, interrupted → outcome, reason, final code | outcomes of legs 0, 1, 2 | who is told
TABLE: list[Any] = [
    ("rings", [RECEIVED, RANG_0], ("ringing", None, None), ("ringing", "offered", "offered"), {}),
    ("all offered", [RECEIVED], ("ringing", None, None), ("offered", "offered", "offered"), {}),
    ("one busy, the others ring", [RECEIVED, BUSY_1], ("ringing", None, None), ("offered", "busy", "offered"), {}),
    (
        "answered",
        [RECEIVED, RANG_0, RANG_1, ANSWERED_0],
        ("answered", None, 200),
        ("answered", "cancelled", "cancelled"),
        {"+84844441909": "queued"},
    ),
    (
        "answered without ringing, one busy",
        [RECEIVED, BUSY_1, ANSWERED_0, BYE],
        ("answered", None, 200),
        ("answered", "busy", "cancelled"),
        {"+84844441909": "queued"},
    ),
    (
        "a second 2xx",
        [RECEIVED, ANSWERED_0, LATE_1],
        ("answered", None, 200),
        ("answered", "answered_elsewhere", "cancelled"),
        {"+84844441909": "queued"},
    ),
    (
        "two processes each saw a first 2xx: the earlier wins",
        [RECEIVED, ANSWERED_0, ANSWERED_1],
        ("answered", None, 200),
        ("answered", "answered_elsewhere", "cancelled"),
        {"+84844441909": "queued"},
    ),
    (
        "the 200 crosses the CANCEL: an answer beats a miss",
        [RECEIVED, GAVE_UP, ANSWERED_0],
        ("answered", None, 200),
        ("answered", "cancelled", "cancelled"),
        {"+84844441909": "queued"},
    ),
    (
        "a landline answers",
        [RECEIVED, Answered("c1", 2, 0)],
        ("answered", None, 200),
        ("cancelled", "cancelled", "answered"),
        {"+842838123456": "not_applicable"},
    ),
    (
        "the caller hangs up",
        [RECEIVED, RANG_0, BUSY_1, GAVE_UP],
        ("missed", "caller_gave_up", 487),
        ("cancelled", "busy", "cancelled"),
        ALL,
    ),
    (
        "nobody answers in time",
        [RECEIVED, RANG_0, OFF_2, TIMED_OUT],
        ("missed", "no_answer", 480),
        ("no_answer", "no_answer", "no_answer"),
        ALL,
    ),
    (
        "no gateway says that anything rings",
        [RECEIVED, Missed("c1", "no_answer", 503)],
        ("missed", "no_answer", 503),
        ("unreachable", "unreachable", "unreachable"),
        ALL,
    ),
    (
        "somebody rang, and the group answers 503 where nobody does",
        [RECEIVED, RANG_0, Missed("c1", "no_answer", 503)],
        ("missed", "no_answer", 503),
        ("no_answer", "no_answer", "no_answer"),
        ALL,
    ),
    (
        "all refuse",
        [RECEIVED, Failed("c1", 0, 0, 603, "declined"), BUSY_1, Failed("c1", 2, 0, 404, "not_found"), ALL_REFUSED],
        ("missed", "all_refused", 486),
        ("declined", "busy", "not_found"),
        ALL,
    ),
    (
        "nothing could be sent: nobody was offered anything",
        [RECEIVED, NOT_SENT],
        ("missed", "not_sent", 503),
        ("unreachable", "unreachable", "unreachable"),
        {},
    ),
    (
        "only those who rang are told",
        [changed(notify_missed="rang"), RANG_1, TIMED_OUT],
        ("missed", "no_answer", 480),
        ("no_answer", "no_answer", "no_answer"),
        {"+84844441910": "queued"},
    ),
    (
        "the switch is off",
        [changed(notify_members=False), GAVE_UP],
        ("missed", "caller_gave_up", 487),
        ("cancelled", "cancelled", "cancelled"),
        {},
    ),
    (
        "the caller withheld his number",
        [changed(caller=None, withheld=True), GAVE_UP],
        ("missed", "caller_gave_up", 487),
        ("cancelled", "cancelled", "cancelled"),
        {"+84844441909": "withheld", "+84844441910": "withheld", "+842838123456": "not_applicable"},
    ),
    (
        "the caller's number is none",
        [changed(caller=None), ANSWERED_0],
        ("answered", None, 200),
        ("answered", "cancelled", "cancelled"),
        {"+84844441909": "withheld"},
    ),
    (
        "the caller withheld his number, and the tenant wants an SMS without it",
        [changed(caller=None, withheld=True, withheld_sms="without_number"), GAVE_UP],
        ("missed", "caller_gave_up", 487),
        ("cancelled", "cancelled", "cancelled"),
        ALL,
    ),
    (
        "the caller's number is none, and the tenant wants an SMS without one",
        [changed(caller=None, withheld_sms="without_number"), ANSWERED_0],
        ("answered", None, 200),
        ("answered", "cancelled", "cancelled"),
        {"+84844441909": "queued"},
    ),
    (
        "the tenant's choice is about unknown callers only",
        [changed(withheld_sms="without_number"), GAVE_UP],
        ("missed", "caller_gave_up", 487),
        ("cancelled", "cancelled", "cancelled"),
        ALL,
    ),
]


@pytest.mark.parametrize(("events", "call", "legs", "told"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_outcome(
    events: list[Event], call: tuple[str, str | None, int | None], legs: tuple[str, ...], told: dict[str, str]
) -> None:
    result = folded(*events)
    assert (result.call.outcome, result.call.reason, result.call.final_code) == call
    assert tuple(leg.outcome for leg in result.legs if leg.leg < 1000) == legs
    assert {one.member_number: one.state for one in result.notifications} == told
    assert {one.kind for one in result.notifications} <= {"answered" if call[0] == "answered" else "missed"}


@pytest.mark.parametrize("choice", ["none", "without_number"])
@pytest.mark.parametrize("caller", [None, "+84909789846"])
def test_a_withheld_number_is_in_no_row(choice: str, caller: str | None) -> None:
    """Even if an event of some other version still held it."""
    result = folded(changed(caller=caller, withheld=True, withheld_sms=choice), GAVE_UP)
    assert result.call.caller_number is None
    assert result.call.withheld_sms == choice
    assert {one.caller_number for one in result.notifications} == {None}


def test_the_edge_died_while_it_rang() -> None:
    """Everybody who was offered the call is told that it was missed; a leg's own end stays."""
    result = folded(RECEIVED, RANG_0, BUSY_1, interrupted=True)
    assert result.call.outcome == "interrupted"
    assert [leg.outcome for leg in result.legs] == ["interrupted", "busy", "interrupted", "skipped"]
    assert {one.member_number: one.state for one in result.notifications} == ALL
    assert {one.kind for one in result.notifications} == {"missed"}


@pytest.mark.parametrize("late", [ANSWERED_0, GAVE_UP])
def test_a_real_outcome_beats_the_conclusion_that_the_edge_died(late: Event) -> None:
    assert folded(RECEIVED, late, interrupted=True) == folded(RECEIVED, late)


def test_a_refused_call_has_no_legs_and_tells_nobody() -> None:
    result = folded(REFUSED)
    assert (result.call.outcome, result.call.reason, result.call.final_code) == ("refused", "no such hotline", 404)
    assert result.call.dialled == "0999"
    assert (result.legs, result.notifications) == ((), ())


@pytest.mark.parametrize("events", [[], [RANG_0], [ANSWERED_0, BYE], [GAVE_UP]])
def test_nothing_is_said_of_a_call_whose_beginning_is_not_known_yet(events: list[Event]) -> None:
    assert fold(stamp(*events)) is None


def test_members_who_were_not_rung_are_in_the_ledger_with_the_reason() -> None:
    skipped = folded(RECEIVED).legs[-1]
    assert (skipped.leg, skipped.outcome, skipped.reason) == (1000, "skipped", "is one of our hotlines")


def test_durations_come_from_the_monotonic_clock() -> None:
    """The wall clock jumped back an hour in the middle of the call."""
    received, answered, ended = stamp(RECEIVED, ANSWERED_0, BYE)
    received = msgspec.structs.replace(received, at_us=received.at_us + 3_600_000_000)
    result = fold([received, answered, ended])
    assert result is not None
    assert (result.call.ring_ms, result.call.talk_ms) == (1000, 1000)


def test_a_bye_of_a_leg_that_had_not_won_does_not_end_the_call() -> None:
    result = folded(RECEIVED, ANSWERED_0, LATE_1, Ended("c1", 1, "caller"))
    assert result.call.ended_us is None
    assert result.legs[1].ended_us is not None
