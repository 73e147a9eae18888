"""on_unknown = hold: what may have been sent is not sent again by itself; a person decides, or a late answer does."""

import signal

import psycopg2
import pytest

from sms import store
from sms.providers import Accepted, Refused, Unknown
from sms.providers.kinds import Result
from tests.sms_room import SmsRoom


@pytest.fixture
def room(room: SmsRoom) -> SmsRoom:
    room.sql("update sms_provider set on_unknown = 'hold', timeout_seconds = 1")
    return room


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (lambda sink: sink.resets(after_taking=True), "no answer: ConnectionError"),
        (lambda sink: sink.hangs(after_taking=True), "no answer within 1 s"),
        (lambda sink: sink.refuses(504), "the provider answered 504"),
    ],
    ids=["cut", "silent", "gateway"],
)
def test_an_unknown_fate_is_held_and_said_aloud(room: SmsRoom, happens: object, why: str) -> None:
    """The next message goes out: only this one waits."""
    assert callable(happens)
    happens(room.sink)
    with room.sender():
        room.queue()
        room.until_states(unknown=1)
        room.queue()
        room.until_states(unknown=1, accepted=1)
    assert len(room.sink.posts()) == 2
    assert room.rows("select last_error, lease_until from notification where state = 'unknown'") == [(why, None)]
    assert room.rows("select fate from notification_attempt order by id") == [("unknown",), ("accepted",)]
    assert "unknown, held for a person" in room.log()


def test_what_surely_was_not_taken_is_tried_again(room: SmsRoom) -> None:
    room.sink.refuses(503)
    with room.sender():
        room.queue()
        room.until_posts(1)
        room.until_states(queued=1)
        room.sql("update notification set next_attempt_at = now()")
        room.until_states(accepted=1)
    assert len(room.received()) == 1


@pytest.mark.parametrize("point", ["claimed", "posted"])
def test_a_sender_that_dies_leaves_an_unknown_fate(room: SmsRoom, point: str) -> None:
    """Before or after its request: nobody can tell. It is asked once at most."""
    room.queue()
    with room.sender("tests.sms_killed", point, "1") as process:
        assert process.wait(20) == -signal.SIGKILL
    room.lease_over()
    with room.sender():
        room.until_states(unknown=1)
        room.queue()
        room.until_states(unknown=1, accepted=1)
    assert room.received() == (["2"] if point == "claimed" else ["1", "2"])


def test_too_old_and_maybe_sent_is_unknown_and_not_expired(room: SmsRoom) -> None:
    room.queue()
    with room.sender("tests.sms_killed", "posted", "1") as process:
        assert process.wait(20) == -signal.SIGKILL
    room.lease_over()
    room.sql("update notification set called_at = now() - interval '7 hours'")
    with room.sender():
        room.until_states(unknown=1)


def test_neither_expiry_nor_another_claim_takes_one_that_is_to_be_held(room: SmsRoom) -> None:
    """Whichever statement comes first."""
    room.queue()
    conn = psycopg2.connect(room.url)
    store.claim(conn, 1, 30)
    room.lease_over()
    assert store.claim(conn, 1, 30) == []
    room.sql("update notification set called_at = now() - interval '7 hours'")
    assert store.expire(conn, 3600) == 0
    assert store.hold_abandoned(conn) == 1
    conn.close()
    assert room.states() == {"unknown": 1}


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Accepted(200, "yes", "late"), "accepted"),
        (Refused("no", final=True), "failed"),
        (Refused("busy", final=False), "queued"),
        (Refused("seen", final=True, cause="suppressed"), "suppressed"),
        (Unknown("silence"), "unknown"),
    ],
)
def test_a_sender_that_comes_late_knows_better(room: SmsRoom, result: Result, state: str) -> None:
    room.queue()
    conn = psycopg2.connect(room.url)
    (claimed,) = store.claim(conn, 1, 30)
    room.lease_over()
    assert store.hold_abandoned(conn) == 1
    store.record(conn, claimed, result, 0)
    conn.close()
    assert room.states() == {state: 1}


def test_after_a_person_has_queued_it_again_nobody_comes_late(room: SmsRoom) -> None:
    room.queue()
    conn = psycopg2.connect(room.url)
    (first,) = store.claim(conn, 1, 30)
    room.lease_over()
    store.hold_abandoned(conn)
    room.sql("update notification set state = 'queued', next_attempt_at = now() where state = 'unknown'")
    (second,) = store.claim(conn, 1, 30)
    assert not store.record(conn, first, Accepted(200, "late", "late"), 0).then
    assert store.record(conn, second, Accepted(200, "again", "again"), 0).then
    conn.close()
    assert room.rows("select provider_message_id from notification") == [("again",)]


def test_an_unknown_one_may_be_sent_again_by_a_person(room: SmsRoom) -> None:
    room.sink.resets(after_taking=True)
    with room.sender():
        room.queue()
        room.until_states(unknown=1)
        room.sql("update notification set state = 'queued', next_attempt_at = now() where state = 'unknown'")
        room.until_states(accepted=1)
    assert room.received() == ["1", "1"]
