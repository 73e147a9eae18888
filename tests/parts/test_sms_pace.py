"""Any number of senders hold one pace together, and a provider's "not now" is heard by all of them."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from deploy.wait import until
from sms import gate, store
from sms.providers import Refused
from tests.sms_room import SmsRoom


def test_several_senders_together_never_ask_faster_than_they_may(room: SmsRoom) -> None:
    """60 at 20 a second, two at once at most, take 2.9 s; each sender for itself, 1 s."""
    room.sql("update sms_provider set messages_per_second = 20")
    room.queue(members=60)
    with room.sender(), room.sender(), room.sender():
        room.until_states(accepted=60, within=60)
    ((spent,),) = room.rows("select extract(epoch from max(started_at) - min(started_at)) from notification_attempt")
    assert spent >= 58 / 20 - 0.5
    assert len(room.received()) == 60


def test_claims_at_one_moment_share_what_there_is(room: SmsRoom) -> None:
    """Eight ask at once for eight each; a second's pace of 40 gives four, and not one row twice."""
    room.sql("update sms_provider set messages_per_second = 40")
    room.queue(members=64)

    def claim(_: int) -> list[int]:
        conn = psycopg2.connect(room.url)
        try:
            return [one.id for one in store.claim(conn, 8, 30)]
        finally:
            conn.close()

    room.sql("update sms_provider_state set next_slot_at = now() + interval '1 hour'")
    with ThreadPoolExecutor(8) as pool:
        assert sum(map(len, pool.map(claim, range(8)))) == 0
        room.sql("update sms_provider_state set next_slot_at = null")
        room.sql("update sms_provider set messages_per_second = 0.04")  # the next one in 25 s
        taken = [number for claimed in pool.map(claim, range(8)) for number in claimed]
    assert len(taken) == 1
    assert room.states() == {"sending": 1, "queued": 63}


def test_whoever_asks_however_often_the_places_are_given_once(room: SmsRoom) -> None:
    """Six senders' connections hammer: 50 at 100 a second, ten at once at most, take 0.4 s; no row twice."""
    room.sql("update sms_provider set messages_per_second = 100")
    room.queue(members=50)
    enough = threading.Event()

    def hammer(_: int) -> list[int]:
        conn, got = psycopg2.connect(room.url), []
        while not enough.is_set():
            got += [one.id for one in store.claim(conn, 8, 30)]
            with conn, conn.cursor() as cur:
                cur.execute("select 1 from notification where state = 'queued' limit 1")
                if cur.fetchone() is None:
                    enough.set()
        conn.close()
        return got

    begun = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        got = [number for numbers in pool.map(hammer, range(6)) for number in numbers]
    spent = time.monotonic() - begun
    assert sorted(got) == list(range(1, 51))
    assert spent >= (50 - 10) / 100


def test_a_sender_that_dies_takes_its_turns_with_it_and_others_go_on_at_the_same_pace(room: SmsRoom) -> None:
    """What it had claimed is due again when its lease is over, and asks for another turn."""
    room.sql("update sms_provider set messages_per_second = 0.01")
    room.queue(members=3)
    dead, other = psycopg2.connect(room.url), psycopg2.connect(room.url)
    assert len(store.claim(dead, 8, 30)) == 1
    dead.close()
    room.lease_over()
    assert store.claim(other, 8, 30) == []
    assert room.states() == {"queued": 3}
    turn = gate.next_turn(other)
    assert turn is not None
    assert 80 < turn <= 100
    room.sql("update sms_provider_state set next_slot_at = now()")
    assert len(store.claim(other, 8, 30)) == 1
    other.close()


@pytest.mark.parametrize("header", ["Retry-After", "X-Rate-Limit-Reset"])
def test_a_provider_that_asks_for_patience_gets_it_from_every_sender(room: SmsRoom, header: str) -> None:
    """One sees the 429; none asks before the time is over, and no try is burnt."""
    room.sink.refuses(429, headers={header: "1000"})
    with room.sender(SMS_THREADS="1"), room.sender(SMS_THREADS="1"):
        room.queue()
        room.until_posts(1)
        room.until_states(queued=1)
        room.queue(members=5)
        room.sql("update notification set next_attempt_at = now()")
        ((wait,),) = room.rows("select extract(epoch from paused_until - now()) from sms_provider_health")
        assert 900 < wait <= 1000
        turn = gate.next_turn(room.conn)
        assert turn is not None
        assert turn > 900
        assert store.claim(room.conn, 8, 30) == []
        room.sql("update sms_provider_state set paused_until = now()")
        room.until_states(accepted=6)
    assert len(room.sink.posts()) == 7
    assert room.rows("select max(tries) from notification") == [(0,)]
    assert "sms_provider_paused provider=1 name='demo sink' seconds=1000" in room.log()


def test_a_slow_pace_keeps_nobody_else_waiting(room: SmsRoom) -> None:
    """Its queue is the older and the longer one."""
    room.queue(members=50)
    room.sql("update sms_provider set messages_per_second = 0.01")
    room.sql("update notification set next_attempt_at = now() - interval '1 hour'")
    room.sql(
        "insert into sms_provider (name, url, body_template) select 'second', url, body_template from sms_provider"
    )
    room.sql("update tenant set sms_provider_id = (select id from sms_provider where name = 'second')")
    room.queue(members=5)
    room.sql("update notification set provider_id = 1 where call_id = 'c1'")
    claimed = store.claim(room.conn, 8, 30)
    assert [one.provider.id == 1 for one in claimed if one.provider].count(False) == 5
    assert len(claimed) == 6


def test_a_pace_is_held_to_the_turn_not_to_the_poll(room: SmsRoom) -> None:
    """A sender wakes when the next one may go, however rarely it looks."""
    room.sql("update sms_provider set messages_per_second = 10")
    room.queue(members=12)
    with room.sender(SMS_POLL_SECONDS="3600"):
        assert until(lambda: room.states() == {"accepted": 12}, 40), room.log()


def test_a_row_that_is_not_there_any_more_is_no_sender_s_end(room: SmsRoom) -> None:
    """The provider was deleted while it was asked."""
    room.queue()
    (claimed,) = store.claim(room.conn, 1, 30)
    room.sql("update tenant set sms_provider_id = null")
    room.sql("delete from sms_provider")
    recorded = store.record(room.conn, claimed, Refused("503", final=False, cause="down"), 0.5)
    assert recorded.seen is None
    assert room.states() == {"queued": 1}


def test_a_turn_that_came_after_the_claim_is_not_slept_through(room: SmsRoom) -> None:
    """It was not yet when the sender asked for one, and is already when it asks how long to wait."""
    room.queue()
    room.sql("update sms_provider set messages_per_second = 10")
    room.sql("update sms_provider_state set next_slot_at = now() - interval '1 ms'")
    turn = gate.next_turn(room.conn)
    assert turn is not None
    assert turn < 0
    room.sql("update sms_provider_state set next_slot_at = now() + interval '1 hour'")
    turn = gate.next_turn(room.conn)
    assert turn is not None
    assert 3000 < turn <= 3600
    room.sql("update sms_provider set messages_per_second = null")
    room.sql("update sms_provider_state set next_slot_at = null")
    assert gate.next_turn(room.conn) is None
