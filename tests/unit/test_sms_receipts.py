"""Receipts in the database: whatever comes, in whatever order, the notification ends as the member's telephone did."""

import threading
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import connection

from deploy.wait import until
from sms import store
from sms.providers import Accepted, Refused, Unknown
from sms.receipts import Status, hand_in
from tests.database import fresh_database
from tests.receipts_room import ACCEPTED
from tests.receipts_room import ReceiptsRoom as Room


def count(conn: connection, query: str) -> int:
    with conn.cursor() as cur:
        cur.execute(query)
        (found,) = cur.fetchall()
    return int(found[0])


@pytest.fixture(scope="module")
def one_room() -> Iterator[Room]:
    with fresh_database() as url:
        room = Room(url)
        yield room
        room.conn.close()


@pytest.fixture
def room(one_room: Room) -> Room:
    """The room, as it was at first."""
    one_room.ask("delete from sms_receipt; delete from notification; update sms_provider set on_unknown = 'retry'")
    one_room.ask(
        "delete from sms_provider_state; insert into sms_provider_state (provider_id) select id from sms_provider"
    )
    one_room.queue()
    return one_room


@pytest.mark.parametrize("status", ["delivered", "failed", "expired"])
def test_a_receipt_says_what_became_of_what_was_accepted(room: Room, status: Status) -> None:
    room.sends()
    taken = room.gets(status, reason="the telephone is off")
    assert (taken.effect, taken.state, room.state) == ("applied", status, status)
    [(error, delivered)] = room.ask("select last_error, delivered_at is not null from notification")
    assert (error, delivered) == ((None, True) if status == "delivered" else ("the telephone is off", False))


@pytest.mark.parametrize("status", ["accepted", "ignored"])
def test_a_receipt_of_something_on_its_way_moves_nothing(room: Room, status: Status) -> None:
    room.sends()
    effect = room.gets(status).effect
    assert (effect, room.state) == ("repeated" if status == "accepted" else "ignored", "accepted")


def test_no_number_and_no_nul_stays_in_what_is_kept(room: Room) -> None:
    room.sends()
    with room.conn:
        hand_in(room.conn, room.provider, "m-1", "failed", "to=+84844441909\0", reason="0844441909 is off")
    assert room.ask("select raw, reason from sms_receipt") == [("to=+84…909\ufffd", "…909 is off")]


def test_a_repeated_receipt_is_a_row_and_nothing_more(room: Room) -> None:
    room.sends()
    room.gets("delivered")
    before = room.ask("select delivered_at from notification")
    assert room.gets("delivered").effect == "repeated"
    assert room.ask("select delivered_at from notification") == before
    assert room.effects() == ["applied", "repeated"]


def test_what_arrived_is_not_taken_back(room: Room) -> None:
    room.sends()
    room.gets("delivered")
    assert room.gets("failed").effect == "contradicted"
    assert room.gets("accepted").effect == "overtaken"
    assert room.state == "delivered"


def test_it_arrived_after_all(room: Room) -> None:
    """Failed was what the provider thought; delivered is what the telephone said."""
    room.sends()
    room.gets("failed")
    assert room.gets("expired").effect == "contradicted"
    assert room.gets("accepted").effect == "overtaken"
    assert room.gets("delivered").effect == "applied"
    assert room.ask("select state, last_error from notification") == [("delivered", None)]


def test_receipts_before_our_own_record_wait_for_it(room: Room) -> None:
    """By the provider's name nobody knows yet whose they are; by ours it is known, and the answer is awaited."""
    claimed = room.claims()
    assert room.gets("accepted").notification is None
    assert room.gets("delivered", None, request_id=claimed.message.request_id).state == "sending"
    assert room.effects() == ["waiting", "waiting"]
    assert store.record(room.conn, claimed, ACCEPTED, 0).then
    assert (room.effects(), room.state) == (["repeated", "applied"], "delivered")


def test_a_receipt_of_nobody_s_message_waits_for_ever_and_does_nothing(room: Room) -> None:
    room.sends()
    assert room.gets("delivered", "m-2").effect == "waiting"
    assert room.gets("delivered", None, request_id="r-2").effect == "waiting"
    assert room.state == "accepted"


def test_a_receipt_is_of_one_provider_only(room: Room) -> None:
    """Two providers may both begin to count at 1."""
    room.sends()
    with room.conn:
        assert hand_in(room.conn, room.provider + 1, "m-1", "delivered", "").effect == "waiting"
    assert room.state == "accepted"


@pytest.mark.parametrize("status", ["accepted", "delivered", "failed", "expired"])
def test_a_receipt_settles_an_unknown_fate(room: Room, status: Status) -> None:
    room.ask("update sms_provider set on_unknown = 'hold'")
    claimed = room.sends(Unknown("no answer"))
    taken = room.gets(status, "m-1", request_id=claimed.message.request_id)
    assert (taken.effect, room.state) == ("applied", status)
    assert room.ask("select fate from notification_attempt") == [("accepted",)]


@pytest.mark.parametrize(
    ("status", "state"), [("accepted", "accepted"), ("delivered", "delivered"), ("failed", "queued")]
)
def test_what_would_be_asked_again_is_not_once_a_receipt_says_that_it_was_taken(
    room: Room, status: Status, state: str
) -> None:
    """One that failed goes on to its next try."""
    claimed = room.sends(Unknown("no answer"))
    assert room.state == "queued"
    room.gets(status, None, request_id=claimed.message.request_id)
    assert room.state == state


def test_a_receipt_of_an_earlier_request_says_nothing_of_the_last_one_unless_it_arrived(room: Room) -> None:
    room.sends()
    room.gets("failed")
    room.ask("update notification set state = 'queued', next_attempt_at = now()")
    assert room.gets("accepted").effect == "overtaken"
    room.sends(Accepted(200, "ok", "m-2"))
    assert (room.gets("expired").effect, room.state) == ("overtaken", "accepted")
    assert (room.gets("delivered").effect, room.state) == ("applied", "delivered")
    assert room.gets("failed", "m-2").effect == "contradicted"


def test_what_expired_or_was_refused_but_arrived_is_delivered(room: Room) -> None:
    first = room.sends(Unknown("no answer"))
    room.sends(Refused("no", final=True))
    assert room.state == "failed"
    room.gets("delivered", None, request_id=first.message.request_id)
    assert room.state == "delivered"


def test_a_receipt_while_the_next_request_is_under_way_has_its_turn_after_it(room: Room) -> None:
    first = room.sends(Unknown("no answer"))
    second = room.claims()
    assert room.gets("delivered", None, request_id=first.message.request_id).effect == "waiting"
    store.record(room.conn, second, Refused("busy", final=False), 0)
    assert room.state == "delivered"


def test_receipt_and_record_at_one_moment_find_each_other(room: Room) -> None:
    """Whichever commits last sees the other, and neither is refused."""
    claimed = room.claims()
    other = psycopg2.connect(room.url)
    hand_in(other, room.provider, "m-1", "delivered", "")  # not yet committed
    recorded: list[bool] = []
    thread = threading.Thread(target=lambda: recorded.append(bool(store.record(room.conn, claimed, ACCEPTED, 0).then)))
    thread.start()
    waits = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    assert until(lambda: count(other, waits) == 1, 30)
    other.commit()
    other.close()
    thread.join(30)
    assert (recorded, room.state, room.effects()) == ([True], "delivered", ["applied"])


def test_the_same_receipt_twice_at_one_moment_does_no_harm(room: Room) -> None:
    room.sends()
    other = psycopg2.connect(room.url)
    hand_in(other, room.provider, "m-1", "delivered", "")
    done: list[str] = []
    thread = threading.Thread(target=lambda: done.append(room.gets("delivered").effect))
    thread.start()
    assert until(lambda: count(other, "select count(*) from pg_locks where not granted") > 0, 30)
    other.commit()
    other.close()
    thread.join(30)
    assert (done, room.effects()) == (["repeated"], ["applied", "repeated"])


def test_a_receipt_never_touches_the_call(room: Room) -> None:
    before = room.ask("select xmin, * from call")
    room.sends()
    for status in ("failed", "delivered"):
        room.gets(status)
    assert room.ask("select xmin, * from call") == before


def test_receipts_go_with_their_notification(room: Room) -> None:
    room.sends()
    room.gets("delivered")
    room.ask("delete from notification")
    assert room.effects() == []


def test_a_receipt_about_nothing_is_refused(room: Room) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match="is_about_something"):
        room.gets("delivered", None)
