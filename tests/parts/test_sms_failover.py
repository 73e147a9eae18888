"""A second provider sends what the first cannot, and never what the first may have sent."""

from collections.abc import Iterator

import psycopg2
import pytest

from deploy.demo.sms_sink import SmsSink
from deploy.wait import until
from sms import store
from sms.providers import Accepted, Unknown
from tests.sms_room import SmsRoom

NO_ACCOUNT = "insert into sms_reply_rule select id, 1, 200, '-118', 'elsewhere', 'no Zalo account' from sms_provider"
NOR_HERE = """
    insert into sms_reply_rule select id, 1, 404, null, 'elsewhere', 'nor here' from sms_provider where name = 'second'
"""
SECOND = """
    insert into sms_provider (name, url, body_template) select 'second', %(url)s, body_template from sms_provider
"""
SAME_TEXT = "insert into sms_reply_rule select id, 2, 200, '304', 'suppressed', 'the same text again' from sms_provider"


@pytest.fixture
def room(room: SmsRoom) -> SmsRoom:
    room.sql("update sms_provider set timeout_seconds = 1, failover_tries = 2")
    room.sql(NO_ACCOUNT)
    room.sql(SAME_TEXT)
    return room


@pytest.fixture
def second(room: SmsRoom) -> Iterator[SmsSink]:
    """The tenant's other provider."""
    with SmsSink() as sink:
        room.sql(
            SECOND,
            url=sink.url,
        )
        room.sql("update tenant set sms_fallback_provider_id = (select id from sms_provider where name = 'second')")
        yield sink


def test_what_the_first_reports_as_failed_the_second_sends(room: SmsRoom, second: SmsSink) -> None:
    """Once: what the second reports as failed has failed. What arrived in the end is not sent again."""
    room.queue(members=2)
    with room.sender():
        room.until_states(accepted=2)
    report = (
        "select take_receipt(provider_id, null, request_id, {}, 'no such number', '{{}}') from notification_attempt"
    )
    room.sql(report.format("'failed'") + " order by id limit 2")
    assert room.rows("select distinct state, last_error, tries from notification") == [
        ("queued", "no such number; now through second", 0)
    ]
    room.sql(report.format("'delivered'") + " where notification_id = 1")
    with room.sender():
        room.until_states(delivered=1, accepted=1)
    assert [message["id"] for message in second.messages()] == ["2"]
    room.sql(report.format("'failed'") + " where notification_id = 2 order by id desc limit 1")
    assert room.rows("select state, last_error from notification where id = 2") == [("failed", "no such number")]


@pytest.mark.parametrize(("mode", "state"), [("hold", "failed"), ("retry", "queued")])
@pytest.mark.usefixtures("second")
def test_nor_then_what_an_earlier_request_may_have_brought(room: SmsRoom, mode: str, state: str) -> None:
    """Its first request was not answered, a person had it sent again, and that one was taken and failed."""
    room.sql("update sms_provider set on_unknown = %(mode)s where name <> 'second'", mode=mode)
    room.queue()
    for result in (Unknown("no answer"), Accepted(200, "ok", "m-2")):
        (claimed,) = store.claim(room.conn, 1, 30)
        store.record(room.conn, claimed, result, 0)
        room.sql(
            "update notification set state = 'queued', next_attempt_at = now() where state in ('unknown', 'queued')"
        )
    room.sql("select take_receipt(provider_id, 'm-2', null, 'failed', 'off', '{}') from notification")
    assert room.states() == {state: 1}


def test_what_the_first_has_no_way_for_the_second_sends_at_once(room: SmsRoom, second: SmsSink) -> None:
    room.sink.answers('{"error": -118}')
    with room.sender():
        room.queue()
        room.until_states(accepted=1)
    assert [message["to"] for message in second.messages()] == ["0844440001"]
    assert room.rows("select p.name, a.fate from notification_attempt a join sms_provider p on p.id = provider_id") == [
        ("demo sink", "refused"),
        ("second", "accepted"),
    ]
    assert "goes to the tenant's other provider why=no Zalo account" in room.log()


def test_without_a_second_it_fails_and_says_why(room: SmsRoom) -> None:
    room.sink.answers('{"error": -118}')
    with room.sender():
        room.queue()
        room.until_states(failed=1)
    assert room.rows("select last_error from notification") == [("no Zalo account",)]


@pytest.mark.parametrize("how", ["disabled", "the only one left"])
def test_a_second_that_may_not_send_is_not_asked(room: SmsRoom, second: SmsSink, how: str) -> None:
    """It is disabled, or it has just said the same itself: no round trip."""
    room.sink.answers('{"error": -118}')
    if how == "disabled":
        room.sql("update sms_provider set enabled = false where name = 'second'")
    else:
        room.sql(NOR_HERE)
        second.refuses(404)
    with room.sender():
        room.queue()
        room.until_states(failed=1)
    assert len(room.sink.posts()) == 1
    assert len(second.posts()) == (how != "disabled")


def test_after_so_many_failures_the_second_sends(room: SmsRoom, second: SmsSink) -> None:
    room.sink.refuses(503, times=9)
    with room.sender():
        room.queue()
        room.until_states(queued=1)
        room.until_posts(1)
        room.until_states(queued=1)
        assert second.posts() == []
        room.sql("update notification set next_attempt_at = now()")
        room.until_states(accepted=1)
    assert len(room.sink.posts()) == 2
    assert len(second.messages()) == 1


def test_a_disabled_provider_is_passed_over(room: SmsRoom, second: SmsSink) -> None:
    room.sql("update sms_provider set enabled = false where name <> 'second'")
    with room.sender():
        room.queue()
        room.until_states(accepted=1)
    assert (len(room.sink.posts()), len(second.messages())) == (0, 1)


def test_what_the_first_may_have_sent_is_held_and_not_sent_by_the_second(room: SmsRoom, second: SmsSink) -> None:
    room.sql("update sms_provider set on_unknown = 'hold', failover_tries = 1")
    room.sink.resets(after_taking=True)
    with room.sender():
        room.queue()
        room.until_states(unknown=1)
        room.queue()
        room.until_states(unknown=1, accepted=1)
    assert second.posts() == []


def test_queued_again_by_a_person_it_still_does_not_go_to_the_second(room: SmsRoom, second: SmsSink) -> None:
    """He says that the first may try again, not that nothing arrived through it; its no to that try changes nothing."""
    room.sql("update sms_provider set on_unknown = 'hold', failover_tries = 1")
    room.sink.resets(after_taking=True)
    room.sink.refuses(503)
    with room.sender():
        room.queue()
        room.until_states(unknown=1)
        room.sql("update notification set state = 'queued', next_attempt_at = now()")
        room.until_posts(2)
        room.until_states(queued=1)
        room.sql("update notification set next_attempt_at = now()")
        room.until_states(accepted=1)
    assert second.posts() == []


def test_who_asks_again_anyway_lets_the_second_send_too(room: SmsRoom, second: SmsSink) -> None:
    """on_unknown = retry: the SMS may arrive twice, which is better than not at all."""
    room.sql("update sms_provider set failover_tries = 1")
    room.sink.resets(after_taking=True)
    with room.sender():
        room.queue()
        room.until_states(accepted=1)
    assert (len(room.sink.messages()), len(second.messages())) == (1, 1)


def test_a_repeated_text_is_suppressed_for_good(room: SmsRoom, second: SmsSink) -> None:
    """Neither again nor elsewhere; nobody queues it again by mistake."""
    room.sink.answers('{"code": 304}')
    with room.sender():
        room.queue(kind="answered")
        room.until_states(suppressed=1)
    assert second.posts() == []
    assert room.rows("select last_error, lease_until from notification") == [("the same text again", None)]
    with pytest.raises(psycopg2.errors.CheckViolation, match="cannot go from suppressed to queued"):
        room.sql("update notification set state = 'queued'")


def test_what_waits_follows_its_tenant_to_another_provider(room: SmsRoom, second: SmsSink) -> None:
    """At once, not when the sender looks again: the operator has a reason."""
    room.sink.refuses(503)
    with room.sender(SMS_POLL_SECONDS="3600"):
        room.queue()
        room.until_posts(1)
        room.until_states(queued=1)
        room.sql("update tenant set sms_provider_id = sms_fallback_provider_id, sms_fallback_provider_id = null")
        theirs = "select p.name from notification n join sms_provider p on p.id = n.provider_id"
        assert until(lambda: room.rows(theirs) == [("second",)], 20), room.log()
        room.sql("update notification set next_attempt_at = now(); notify notification_queued")
        room.until_states(accepted=1)
    assert (len(room.sink.posts()), len(second.messages())) == (1, 1)


@pytest.mark.usefixtures("second")
def test_what_has_gone_to_the_second_stays_there(room: SmsRoom) -> None:
    room.queue()
    room.sql("update notification set provider_id = fallback_provider_id, fallback_provider_id = null")
    assert store.reroute(room.conn) == 0
    room.sql("update tenant set sms_fallback_provider_id = null")
    assert store.reroute(room.conn) == 1
    assert room.rows("select name from notification n join sms_provider p on p.id = n.provider_id") == [("demo sink",)]


@pytest.mark.usefixtures("second")
def test_one_that_was_queued_while_its_tenant_changed_is_found_too(room: SmsRoom) -> None:
    """Its transaction had not seen the change, and the change not it."""
    room.queue()
    room.sql("update notification set provider_id = -1, fallback_provider_id = -2")
    with room.sender():
        room.until_states(accepted=1)
    assert len(room.sink.messages()) == 1


def test_a_provider_that_hangs_leaves_threads_to_the_others(room: SmsRoom, second: SmsSink) -> None:
    """Its twenty are the older ones; it gets three of four threads, and the other one's five go out meanwhile."""
    room.sql("update sms_provider set timeout_seconds = 60")
    room.sink.hangs(times=20)
    room.queue(members=20)
    room.sql("update tenant set sms_provider_id = sms_fallback_provider_id, sms_fallback_provider_id = null")
    room.queue(members=5)
    room.sql(
        "update notification set provider_id = 1, next_attempt_at = now() - interval '1 hour' where call_id = 'c1'"
    )
    room.sql("update tenant set sms_provider_id = 1, sms_fallback_provider_id = (select max(id) from sms_provider)")
    room.sql("update notification set fallback_provider_id = null")
    with room.sender(SMS_THREADS="4"):
        room.until_states(accepted=5, sending=3, queued=17)
    assert len(second.messages()) == 5
