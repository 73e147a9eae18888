"""Several missed calls of one caller are one SMS where the tenant wants that; a member's night is his own."""

import re
import signal
from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2
import pytest

from deploy.demo.sms_sink import SmsSink
from sms import store
from sms.providers import Unknown
from sql import seed
from tests.ledger_room import ledger_room, running
from tests.sms_room import SmsRoom
from tests.told import GAVE_UP, RECEIVED, changed, of_call


def window_over(room: SmsRoom) -> None:
    """As if the time to wait for further calls were over for all that wait now."""
    room.sql("update notification set merge_until = now() where merge_until is not null")


def told(room: SmsRoom) -> list[tuple[str, str]]:
    return sorted((one["to"], one["text"]) for one in room.sink.messages())


def test_three_missed_calls_of_one_caller_are_one_sms(room: SmsRoom) -> None:
    """With the time of the last; the ledger still has one notification for each call and member."""
    room.sql("update tenant set merge_seconds = 300, time_zone = 'UTC'")
    for minute in ("19:05", "19:07", "19:09"):
        room.queue(members=2, at=f"2019-09-19 {minute}+00")
    with room.sender(SMS_GIVE_UP_SECONDS="900000000"):
        room.until_states(queued=6)
        window_over(room)
        room.until_states(accepted=2, merged=4)
    line = "(vContact) Ban da bi nho 3 cuoc goi tu so 0909789846 vao luc 19:09 19/09/2019."
    line += " Vui long kiem tra va lien he lai"
    assert told(room) == [("0844440001", line), ("0844440002", line)]
    merged = "select m.member_number = l.member_number from notification m join notification l on l.id = m.merged_into"
    assert room.rows(merged) == [(True,)] * 4
    assert room.rows("select calls from notification where state = 'accepted'") == [(3,), (3,)]
    with pytest.raises(psycopg2.errors.CheckViolation, match="cannot go from merged to queued"):
        room.sql("update notification set state = 'queued', merged_into = null where state = 'merged'")


def test_what_is_not_the_same_is_not_merged(room: SmsRoom) -> None:
    """Another caller, an answered call, a caller who is not known, and a call after the window: each by itself."""
    room.sql("update tenant set merge_seconds = 300, withheld_sms = 'without_number'")
    room.queue()
    room.queue()
    room.sql("update notification set caller_number = '+84909000001' where id = 2")
    room.queue(kind="answered")
    with room.sender(SMS_GIVE_UP_SECONDS="900000000"):
        room.until_states(queued=2, accepted=1)
        room.queue()
        room.sql("update notification set called_at = now() + interval '1 s' where id = 4")
        room.sql("update notification set merge_until = now() where id = 1")
        room.until_states(queued=2, accepted=2)
        window_over(room)
        room.until_states(accepted=4)
    assert room.rows("select distinct calls from notification") == [(1,)]


def test_an_sms_is_not_merged_where_the_tenant_does_not_want_it(room: SmsRoom) -> None:
    """The default."""
    room.queue()
    room.queue()
    with room.sender():
        room.until_states(accepted=2)


def test_killed_or_at_once_nothing_is_lost_or_doubled(room: SmsRoom) -> None:
    """Two senders let go what waits, one of them dies with a request under way: each call is told of once."""
    room.sql("update tenant set merge_seconds = 300")
    for _ in range(6):
        room.queue(members=20)
    window_over(room)
    with room.sender("tests.sms_killed", "claimed", "1", SMS_LEASE_SECONDS="1") as doomed:
        assert doomed.wait(30) == -signal.SIGKILL
    room.sql("update notification set lease_until = now() where state = 'sending'")
    with room.sender(), room.sender():
        room.until_states(accepted=20, merged=100)
    assert room.rows("select sum(calls) from notification where state = 'accepted'") == [(120,)]
    assert len(room.received()) == len(set(room.received())) == 20


def test_two_that_release_at_one_time_do_not_wait_for_each_other(room: SmsRoom) -> None:
    """The second passes over what the first has, also those who would be next were the leader gone."""
    room.sql("update tenant set merge_seconds = 300")
    for _ in range(3):
        room.queue()
    window_over(room)
    one, two = psycopg2.connect(room.url), psycopg2.connect(room.url)
    with one.cursor() as cur:
        cur.execute(store._SQL["release_merged"])
        assert cur.rowcount == 1
        assert store.release_merged(two) == 0
    one.commit()
    assert room.states() == {"queued": 1, "merged": 2}
    one.close()
    two.close()


def test_what_a_sender_has_had_is_not_merged_any_more(room: SmsRoom) -> None:
    """A person did not want to wait; what was asked, and may have been taken, is no part of another SMS."""
    room.sql("update tenant set merge_seconds = 300")
    room.queue()
    room.queue()
    room.sql("update notification set next_attempt_at = now() where id = 2")
    (claimed,) = store.claim(room.conn, 5, 30)
    assert claimed.id == 2
    store.record(room.conn, claimed, Unknown("no answer"), 0)
    window_over(room)
    assert store.release_merged(room.conn) == 1
    assert room.states() == {"queued": 2}


def local(hour_shift: int) -> str:
    """The tenant's clock, some hours from now."""
    hour = (datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).hour + hour_shift) % 24
    return f"{hour:02d}:00"


def quiet(room: SmsRoom, since: int, until_: int, sms: str) -> list[Any]:
    """Give member 1 quiet hours, and queue an SMS for him; return what becomes of it."""
    room.sql(
        "update group_member set quiet_from = %(since)s, quiet_until = %(until)s, quiet_sms = %(sms)s where id = 1",
        since=local(since), until=local(until_), sms=sms,
    )  # fmt: skip
    room.queue()
    return room.rows("""
        select state, to_char(nullif(next_attempt_at, 'infinity') at time zone 'Asia/Ho_Chi_Minh', 'HH24:MI'),
            ages_from - nullif(next_attempt_at, 'infinity') between interval '-10 s' and interval '0', last_error
        from notification order by id desc limit 1
    """)


def test_at_night_an_sms_waits_for_the_morning(room: SmsRoom) -> None:
    """And does not grow old meanwhile."""
    assert quiet(room, -1, 2, "hold") == [("queued", local(2), True, None)]
    with room.sender(SMS_GIVE_UP_SECONDS="60"):
        room.queue(members=2)  # the other member has no such hours
        room.until_states(queued=2, accepted=1)
        room.sql("update notification set next_attempt_at = now()")
        room.until_states(accepted=3)


def test_or_it_is_never_sent(room: SmsRoom) -> None:
    ((state, _, _, why),) = quiet(room, -1, 2, "suppress")
    assert (state, why) == ("suppressed", "the member's quiet hours")


def test_by_day_it_goes_at_once(room: SmsRoom) -> None:
    quiet(room, 2, 4, "hold")
    quiet(room, 2, 4, "suppress")
    with room.sender():
        room.until_states(accepted=2)


def test_what_waits_for_further_calls_does_not_break_the_night(room: SmsRoom) -> None:
    """All of a night's calls of one caller are one SMS in the morning."""
    room.sql("update tenant set merge_seconds = 60")
    quiet(room, -1, 2, "hold")
    quiet(room, -1, 2, "hold")
    ends = "select distinct to_char(merge_until at time zone 'Asia/Ho_Chi_Minh', 'HH24:MI') from notification"
    assert room.rows(ends) == [(local(2),)]
    with room.sender():
        window_over(room)
        room.until_states(accepted=1, merged=1)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("update tenant set merge_seconds = 1801", "tenant_merges_for_half_an_hour_at_most"),
        ("update group_member set quiet_from = '22:00'", "group_member_quiet_hours_begin_and_end"),
        (
            "update group_member set quiet_from = '22:00', quiet_until = '22:00'",
            "group_member_quiet_hours_begin_and_end",
        ),
        ("update group_member set quiet_sms = 'never'", "group_member_quiet_sms_is_hold_or_suppress"),
    ],
)
def test_nonsense_is_refused(room: SmsRoom, statement: str, rule: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match=rule):
        room.sql(statement)


def test_every_call_is_told_of_once_whoever_is_killed() -> None:
    """From the spool to the telephone: thirty calls of three callers, the ledger writer and a sender killed on the way.

    The numbers in the texts that a member got of a caller add up to that caller's calls.
    """
    with ledger_room() as room, SmsSink() as sink:
        values: dict[str, Any] = {"trunk_address": "127.0.0.10", "gateway_host": "127.0.0.20", "gateway_port": 5060}
        seed.load(room.conn, "vcontact", **values, sms_url=sink.url)
        room.rows("update tenant set merge_seconds = 1 returning id")
        for number in range(30):
            received = changed(tenant_id=1, caller=f"+8490900000{number % 3}", legs=RECEIVED.legs[:2], skipped=())
            room.put(*of_call(f"c{number}", received, GAVE_UP))
        for moment in ("before", "after"):
            with running(room.process("tests.ledger_killed", moment, "1")) as writer:
                assert writer.wait(30) == -signal.SIGKILL
        with running(room.process("kemi.ledger.writer")):
            with running(room.process("tests.sms_killed", "claimed", "1", SMS_POLL_SECONDS="0.1")) as sender:
                assert sender.wait(60) == -signal.SIGKILL
            room.rows("update notification set lease_until = now() where state = 'sending' returning id")
            with running(room.process("sms.sender", SMS_POLL_SECONDS="0.1")):
                over = "select bool_and(state in ('accepted', 'merged')) and count(*) = 60 from notification"
                assert room.until(over, 60.0), room.rows("select state, count(*) from notification group by 1")
        told: Counter[tuple[str, str]] = Counter()
        for message in sink.messages():
            found = re.fullmatch(r"\(vContact\) Ban da bi nho (\d+) cuoc goi tu so (\d+) vao luc .*", message["text"])
            assert found, message["text"]
            told[message["to"], found[2]] += int(found[1])
        callers = [f"090900000{number}" for number in range(3)]
        assert told == {(to, caller): 10 for to in ("0844441909", "0844441910") for caller in callers}
