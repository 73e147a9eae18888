"""Receipts of requests whose sender was lost: they settle what they speak of, and hold nothing else up."""

from collections.abc import Iterator

import pytest

from sms import store
from sms.providers import Accepted
from sms.receipts import Status
from tests.database import fresh_database
from tests.receipts_room import ReceiptsRoom as Room


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


def test_what_lost_its_sender_is_settled_by_the_receipt_that_waits(room: Room) -> None:
    claimed = room.claims()
    assert room.gets("delivered", "m-1", request_id=claimed.message.request_id).effect == "waiting"
    room.ask("update notification set lease_until = now() - interval '1 second'")
    store.hold_abandoned(room.conn)
    assert (room.state, store.claim(room.conn, 1, 30)) == ("delivered", [])


@pytest.mark.parametrize("status", ["accepted", "failed", "expired"])
def test_what_lost_its_sender_is_not_held_for_a_receipt_of_an_earlier_request(room: Room, status: Status) -> None:
    """That one says nothing of the last: nobody would ever settle it, and its provider is to be asked again."""
    room.sends(Accepted(200, "ok", "m-1"))
    room.gets("failed")
    room.ask("update notification set state = 'queued', next_attempt_at = now()")
    room.claims()
    assert room.gets(status, "m-1").effect == "waiting"
    room.ask("update notification set lease_until = now() - interval '1 second'")
    assert store.hold_abandoned(room.conn) == 0
    assert (len(store.claim(room.conn, 1, 30)), room.state) == (1, "sending")
    assert room.effects() == ["applied", "overtaken"]


def test_what_is_too_old_and_lost_its_sender_is_not_expired_where_a_receipt_says_that_it_was_taken(room: Room) -> None:
    claimed = room.claims()
    room.gets("accepted", "m-1", request_id=claimed.message.request_id)
    room.ask("update notification set lease_until = now() - interval '1 s', called_at = now() - interval '7 hours'")
    assert (store.expire(room.conn, 3600), store.hold_abandoned(room.conn), room.state) == (0, 1, "accepted")


def test_what_lost_its_sender_and_is_queued_again_is_not_sent_once_a_receipt_says_that_it_was_taken(room: Room) -> None:
    """A request without an end is one of unknown fate."""
    claimed = room.claims()
    room.ask("update notification set state = 'queued', lease_until = null")
    assert room.gets("accepted", None, request_id=claimed.message.request_id).effect == "applied"
    assert (room.state, room.ask("select fate from notification_attempt")) == ("accepted", [("accepted",)])
