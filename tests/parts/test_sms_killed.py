"""A sender may die at any moment: everybody is told, and only a request whose fate is unknown is made twice."""

import random
import signal
from collections import Counter
from collections.abc import Iterator

import psycopg2
import pytest

from sms import store
from sms.providers import Accepted
from sql import seed
from sql.migrate import migrate, migrations
from tests.database import Server, server
from tests.sms_room import SmsRoom


@pytest.fixture
def room(room: SmsRoom) -> SmsRoom:
    room.sql("update sms_provider set timeout_seconds = 1")
    return room


def test_killed_between_claim_and_post_nothing_is_doubled(room: SmsRoom) -> None:
    """Six times, at the first to third request; the claimed rows are taken over when their lease is over."""
    dice = random.Random("claimed")
    room.queue(members=30)
    for _ in range(6):
        with room.sender("tests.sms_killed", "claimed", str(dice.randint(1, 3)), SMS_THREADS="1") as process:
            assert process.wait(20) == -signal.SIGKILL
    with room.sender():
        room.lease_over()
        room.until_states(accepted=30)
    assert room.received() == [str(number) for number in range(1, 31)]


def test_killed_between_post_and_record_only_that_one_is_doubled(room: SmsRoom) -> None:
    dice = random.Random("posted")
    room.queue(members=30)
    for _ in range(6):
        with room.sender("tests.sms_killed", "posted", str(dice.randint(1, 3)), SMS_THREADS="1") as process:
            assert process.wait(20) == -signal.SIGKILL
    unknown = {str(number) for (number,) in room.rows("select id from notification where state = 'sending'")}
    assert len(unknown) == 6
    with room.sender():
        room.lease_over()
        room.until_states(accepted=30)
    times = Counter(room.received())
    assert {number for number, count in times.items() if count > 1} == unknown
    assert set(times.values()) == {1, 2}
    assert len(times) == 30
    assert room.rows("select count(*) from notification_attempt where finished_at is null") == [(6,)]


def test_before_its_lease_is_over_nobody_takes_a_claimed_one(room: SmsRoom) -> None:
    room.queue()
    with room.sender("tests.sms_killed", "claimed", "1") as process:
        assert process.wait(20) == -signal.SIGKILL
    room.queue()
    with room.sender():
        room.until_states(accepted=1, sending=1)
    assert room.received() == ["2"]


def test_a_sender_that_comes_too_late_does_not_record(room: SmsRoom) -> None:
    """It was suspended until its lease was over; the other's record stands."""
    room.queue()
    late, other = psycopg2.connect(room.url), psycopg2.connect(room.url)
    (mine,) = store.claim(late, 1, 30)
    room.lease_over()
    (theirs,) = store.claim(other, 1, 30)
    assert (mine.id, mine.attempt, theirs.attempt) == (theirs.id, 1, 2)
    assert store.record(other, theirs, Accepted(200, "theirs", "theirs"), 0).then
    assert not store.record(late, mine, Accepted(200, "mine", "mine"), 0).then
    assert room.rows("select provider_message_id from notification") == [("theirs",)]
    late.close()
    other.close()


def test_who_comes_back_first_leaves_the_others_time_to_say_what_they_know(room: SmsRoom) -> None:
    """PostgreSQL was away for longer than a lease. One sender is back, and at work; another has an answer to record."""
    room.queue()
    other = psycopg2.connect(room.url)
    (theirs,) = store.claim(other, 1, 30)
    room.lease_over()
    with room.sender():
        room.queue()
        room.until_states(accepted=1, sending=1)
        room.queue()
        room.until_states(accepted=2, sending=1)
        assert store.record(other, theirs, Accepted(200, "theirs", "theirs"), 0).then
    assert room.received() == ["2", "3"]
    other.close()


def test_nor_is_what_they_hold_expired_or_unknown_meanwhile(room: SmsRoom) -> None:
    room.sql("update sms_provider set on_unknown = 'hold'")
    room.queue(members=2)
    store.claim(room.conn, 2, 30)
    room.lease_over()
    room.sql("update notification set called_at = now() - interval '7 hours' where id = 1")
    with room.sender():
        room.queue()
        room.until_states(accepted=1, sending=2)
        room.until_states(accepted=1, unknown=2)


@pytest.mark.parametrize("together", [True, False])
def test_an_answer_keeps_what_is_queued_from_being_asked_again(room: SmsRoom, together: bool) -> None:
    """It comes late, and nobody has taken it over yet, nor the second provider that one waits for meanwhile."""
    room.sql("insert into sms_provider (name, url) values ('second', 'http://127.0.0.1:9/')")
    room.queue(members=3)
    late = psycopg2.connect(room.url)
    claimed = sorted(store.claim(late, 3, 30))
    room.sql("update notification set state = 'queued', lease_until = null where state = 'sending'")
    room.sql("update notification set provider_id = (select max(id) from sms_provider) where id = 2")
    if together:
        store.record_accepted(late, [(one, Accepted(200, "late", "late")) for one in claimed])
    else:
        for one in claimed:
            store.record(late, one, Accepted(200, "late", "late"), 0)
    assert room.states() == {"accepted": 3}
    late.close()


def test_a_lost_reply_is_recorded_as_such_and_asked_again(room: SmsRoom) -> None:
    room.sink.resets(after_taking=True)
    with room.sender():
        room.queue()
        room.until_posts(1)
        room.until_states(queued=1)
        room.sql("update notification set next_attempt_at = now()")
        room.until_states(accepted=1)
    assert room.received() == ["1", "1"]
    assert [error for (error,) in room.rows("select error from notification_attempt order by id")] == [
        "no answer: ConnectionError",
        None,
    ]


@pytest.fixture
def own_server() -> Iterator[Server]:
    with server() as own:
        own.start()
        yield own


def test_the_database_goes_down_and_comes_back(room: SmsRoom, own_server: Server) -> None:
    """A request that was answered meanwhile is recorded afterwards, not made again."""
    conn = psycopg2.connect(own_server.url)
    migrate(conn, migrations(), say=lambda _: None)
    conn.autocommit = False
    seed.load(
        conn,
        "vcontact",
        trunk_address="127.0.0.10",
        gateway_host="127.0.0.20",
        gateway_port=5060,
        sms_url=room.sink.url,
    )
    room.conn.close()
    room.conn = conn
    release = room.sink.delays()
    with room.sender(DATABASE_URL=own_server.url):
        room.queue()
        room.until_posts(1)
        own_server.stop()
        release.set()
        own_server.start()
        room.conn.close()
        room.conn = psycopg2.connect(own_server.url)
        room.until_states(accepted=1)
        room.queue()
        room.until_states(accepted=2)
    assert room.received() == [str(number) for (number,) in room.rows("select id from notification order by id")]
    assert "Traceback" not in room.log()


def test_what_was_taken_is_recorded_together_but_not_what_is_no_longer_ours(room: SmsRoom) -> None:
    """Three are taken; the lease of one was over, another sender has it. A provider in doubt is looked at singly."""
    room.queue(members=3)
    late, other = psycopg2.connect(room.url), psycopg2.connect(room.url)
    mine = sorted(store.claim(late, 3, 30))
    room.sql("update notification set lease_until = now() - interval '1 s' where id = %(id)s", id=mine[1].id)
    (theirs,) = store.claim(other, 1, 30)
    done = [(one, Accepted(200, f"reply {one.id}", f"name-{one.id}")) for one in mine]
    recorded = store.record_accepted(late, done)
    assert recorded == {mine[0].attempt_id: True, mine[1].attempt_id: False, mine[2].attempt_id: True}
    assert room.rows("select id, state, provider_message_id from notification order by id") == [
        (mine[0].id, "accepted", f"name-{mine[0].id}"), (theirs.id, "sending", None),
        (mine[2].id, "accepted", f"name-{mine[2].id}"),
    ]  # fmt: skip
    assert room.rows("select fate, reply from notification_attempt where fate is not null order by id") == [
        ("accepted", f"reply {one.id}") for one in mine
    ]
    room.sql("update sms_provider_state set failures = 1")
    assert store.record_accepted(other, [(theirs, Accepted(200, "reply", "name"))]) == {}
    late.close()
    other.close()
