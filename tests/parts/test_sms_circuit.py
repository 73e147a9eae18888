"""A provider that is down or without money is left alone by all, probed by one, and taken up again by itself."""

import threading

import psycopg2
import pytest

from deploy.demo.sms_sink import SmsSink
from deploy.wait import until
from sms import gate, store
from sms.providers import Accepted, Refused
from sms.providers.kinds import Result
from tests.sms_room import SmsRoom

DOWN = Refused("503", final=False, cause="down")
TAKEN = Accepted(200, "", "x")
BROKE = "insert into sms_reply_rule select id, 1, 200, '103', 'balance', 'the account is empty' from sms_provider"

OPEN = "update sms_provider_state set state = 'open', why = 'down', probe_at = now() + interval '1 hour'"


@pytest.fixture
def room(room: SmsRoom) -> SmsRoom:
    room.sql("update sms_provider set timeout_seconds = 2, breaker_failures = 3")
    room.sql(BROKE)
    return room


def state(room: SmsRoom) -> tuple[object, ...]:
    """The first provider's."""
    (found,) = room.rows("select state, why, failures from sms_provider_health order by id limit 1")
    return tuple(found)


def probe_now(room: SmsRoom) -> None:
    """Let the time until the next probe pass."""
    room.sql("update sms_provider_state set probe_at = now() where state = 'open'")


def second_provider(room: SmsRoom, url: str) -> None:
    """The tenant's other one."""
    room.sql("insert into sms_provider (name, url) values ('second', %(url)s)", url=url)
    room.sql("update tenant set sms_fallback_provider_id = (select id from sms_provider where name = 'second')")


def test_after_so_many_failures_it_is_left_alone_until_a_probe_works(room: SmsRoom) -> None:
    """Ten waited and three were asked; then one probe fails, the next one works, and all go out."""
    room.sink.refuses(503, times=4)
    with room.sender(SMS_THREADS="1"):
        room.queue(members=10)
        assert until(lambda: state(room) == ("open", "down", 3), 20), room.log()
        room.until_states(queued=10)
        assert len(room.sink.posts()) == 3
        probe_now(room)
        assert until(lambda: state(room) == ("open", "down", 4), 20), room.log()
        assert len(room.sink.posts()) == 4
        assert room.rows("select extract(epoch from probe_at - now()) between 15 and 20 from sms_provider_state") == [
            (True,)
        ]
        room.sql("update notification set next_attempt_at = now()")
        probe_now(room)
        room.until_states(accepted=10)
    assert state(room) == ("closed", None, 0)
    assert room.log().count("alarm=sms_provider_down") == 1
    assert "alarm=sms_provider_down provider=1 name='demo sink' failures=3 why=the provider answered 503" in room.log()
    assert room.log().count("sms_provider_up") == 1


def test_exactly_one_sender_probes_with_one_sms(room: SmsRoom) -> None:
    """The others of both senders wait for what becomes of it."""
    room.queue(members=10)
    room.sql("update sms_provider_state set state = 'open', why = 'down', probe_at = now()")
    release = room.sink.delays()
    with room.sender(), room.sender():
        room.until_posts(1)
        room.until_states(sending=1, queued=9)
        assert state(room)[0] == "probing"
        release.set()
        room.until_states(accepted=10)
    assert len(room.received()) == 10


def test_a_probe_whose_sender_is_lost_is_made_by_another(room: SmsRoom) -> None:
    room.queue(members=2)
    room.sql("update sms_provider_state set state = 'open', why = 'down', probe_at = now()")
    lost, other = psycopg2.connect(room.url), psycopg2.connect(room.url)
    (first,) = store.claim(lost, 8, 30)
    assert store.claim(other, 8, 30) == []
    room.sql("update sms_provider_state set probe_until = now()")
    (second,) = store.claim(other, 8, 30)
    assert first.id != second.id
    store.record(lost, first, DOWN, 0.5)  # it comes late: it was the other's to decide
    assert state(room)[0] == "probing"
    store.record(other, second, TAKEN, 0.5)
    assert state(room) == ("closed", None, 0)
    lost.close()
    other.close()


def test_failures_of_several_senders_add_up_and_one_success_forgives_them(room: SmsRoom) -> None:
    room.queue(members=6)
    one, two = psycopg2.connect(room.url), psycopg2.connect(room.url)
    results: list[tuple[psycopg2.extensions.connection, Result]] = [(one, DOWN), (two, DOWN), (one, TAKEN), (two, DOWN)]
    for conn, result in results:
        (claimed,) = store.claim(conn, 1, 30)
        store.record(conn, claimed, result, 0.5)
    assert state(room) == ("closed", None, 1)
    for conn in (one, two):
        (claimed,) = store.claim(conn, 1, 30)
        store.record(conn, claimed, DOWN, 0.5)
    assert state(room) == ("open", "down", 3)
    assert store.claim(one, 1, 30) == []
    one.close()
    two.close()


def test_a_late_record_and_a_claim_that_takes_its_row_back_do_not_wait_for_each_other(room: SmsRoom) -> None:
    """Who waits for the notification does not yet hold the provider's line, which the claim needs next."""
    room.queue()
    late, other = psycopg2.connect(room.url), psycopg2.connect(room.url)
    (claimed,) = store.claim(late, 1, 30)
    with other.cursor() as cur:
        cur.execute("select 1 from notification for update")  # as a claim that takes it back
        thread = threading.Thread(target=lambda: store.record(late, claimed, DOWN, 0.5))
        thread.start()
        assert until(lambda: bool(room.rows("select 1 from pg_locks where not granted")), 20)
        cur.execute("select 1 from sms_provider_state for update nowait")
        other.commit()
    thread.join(20)
    assert state(room) == ("closed", None, 1)
    late.close()
    other.close()


def test_while_it_is_left_alone_the_second_provider_sends(room: SmsRoom) -> None:
    room.sink.refuses(503, times=3)
    with SmsSink() as second:
        second_provider(room, second.url)
        room.sql("update sms_provider set body_template = (select body_template from sms_provider where id = 1)")
        with room.sender(SMS_THREADS="1"):
            room.queue(members=10)
            room.until_states(accepted=8, queued=2)  # the two that failed before it was open wait for their turn
        assert len(room.sink.posts()) == 3
        assert len(second.messages()) == 8
        assert "go to their tenants' other provider" in room.log()


def test_what_may_have_been_sent_stays_with_the_first(room: SmsRoom) -> None:
    """A person queued it again; and it is due, and the first is left alone."""
    second_provider(room, "http://127.0.0.1:9/")
    room.sql("update sms_provider set on_unknown = 'hold'")
    room.queue(members=2)
    room.sql("insert into notification_attempt (notification_id, provider_id, fate) values (1, 1, 'unknown')")
    room.sql(OPEN + " where provider_id = 1")
    assert gate.leave_open(room.conn) == 1
    assert room.rows("select id from notification where provider_id = 1") == [(1,)]


def test_nobody_leaves_for_a_second_that_does_not_work_either(room: SmsRoom) -> None:
    second_provider(room, "http://127.0.0.1:9/")
    room.queue(members=2)
    room.sql(OPEN)
    assert gate.leave_open(room.conn) == 0
    assert store.claim(room.conn, 8, 30) == []


def test_one_that_failed_does_not_go_to_a_second_that_is_left_alone_but_one_without_a_way_does(room: SmsRoom) -> None:
    """The first may work again sooner; to that member it never will."""
    second_provider(room, "http://127.0.0.1:9/")
    room.queue(members=2)
    room.sql(OPEN + " where provider_id <> 1")
    room.sql("update sms_provider set failover_tries = 1")
    for result in (DOWN, Refused("no way", final=True, cause="elsewhere")):
        (claimed,) = store.claim(room.conn, 1, 30)
        store.record(room.conn, claimed, result, 0.5)
    assert room.rows("select provider_id = 1, tries, state from notification order by id") == [
        (True, 1, "queued"),
        (False, 0, "queued"),
    ]


def test_an_empty_account_holds_all_and_costs_nobody_a_try(room: SmsRoom) -> None:
    """One alarm, one refused request; a slow probe; it resumes by itself."""
    room.sink.refuses(200, body='{"CodeResult": "103"}', times=2)
    with room.sender(SMS_THREADS="1"):
        room.queue(members=20)
        assert until(lambda: state(room)[:2] == ("open", "balance"), 20), room.log()
        room.until_states(queued=20)
        assert len(room.sink.posts()) == 1
        probe_now(room)
        room.until_posts(2)
        room.until_states(queued=20)
        assert room.rows("select max(tries) from notification") == [(0,)]
        assert room.rows("select extract(epoch from probe_at - now()) between 200 and 300 from sms_provider_state") == [
            (True,)
        ]
        probe_now(room)
        room.until_states(accepted=20)
    assert len(room.received()) == 20
    assert room.log().count("alarm=") == 1
    assert "alarm=sms_provider_no_balance provider=1 name='demo sink'" in room.log()
    assert state(room) == ("closed", None, 0)


def test_with_a_second_provider_an_empty_account_delays_nobody(room: SmsRoom) -> None:
    room.sink.refuses(200, body='{"CodeResult": "103"}')
    with SmsSink() as second:
        second_provider(room, second.url)
        room.sql("update sms_provider set body_template = (select body_template from sms_provider where id = 1)")
        with room.sender(SMS_THREADS="1"):
            room.queue(members=10)
            room.until_states(accepted=10)
        assert (len(room.sink.posts()), len(second.messages())) == (1, 10)


def test_a_number_that_is_refused_says_nothing_of_the_account(room: SmsRoom) -> None:
    """The next SMS tells, at once."""
    room.queue(members=2)
    room.sql("update sms_provider_state set state = 'open', why = 'balance', probe_at = now()")
    room.sink.refuses(400)
    with room.sender():
        room.until_states(failed=1, accepted=1)
    assert state(room) == ("closed", None, 0)


def test_a_long_queue_leaves_as_a_whole(room: SmsRoom) -> None:
    """Two hundred at a time, one after the other."""
    room.queue(members=450)
    with SmsSink() as second:
        second_provider(room, second.url)
        room.sql("update notification set fallback_provider_id = (select id from sms_provider where name = 'second')")
        room.sql(OPEN + " where provider_id = 1")
        with room.sender(SMS_POLL_SECONDS="3600", SMS_THREADS="1"):
            assert until(
                lambda: room.rows("select 1 from notification where state = 'queued' and provider_id = 1") == [], 20
            ), room.log()
    assert room.log().count("go to their tenants' other provider") == 3
