"""What is known to have been taken is not sent again; what is known to have failed is no repetition when it is."""

from collections.abc import Iterator

import psycopg2
import pytest

from sms import store
from sms.providers import Refused, Result, Unknown
from tests.database import fresh_database
from tests.receipts_room import ACCEPTED
from tests.receipts_room import ReceiptsRoom as Room

SILENCE = Unknown("no answer within 10 s", down=True)
BUSY = Refused("the provider answered 503", final=False, status=503, cause="down")
NEVER = Refused("code 146", final=True, status=200)
SEEN = Refused("the same text", final=True, status=200, cause="suppressed")
ELSEWHERE = Refused("no way", final=True, status=200, cause="elsewhere")


@pytest.fixture(scope="module")
def one_room() -> Iterator[Room]:
    with fresh_database() as url:
        room = Room(url)
        room.ask("insert into sms_provider (name, url) values ('second', 'https://example.net/')")
        room.ask("update tenant set sms_fallback_provider_id = (select id from sms_provider where name = 'second')")
        yield room
        room.conn.close()


@pytest.fixture
def room(one_room: Room) -> Room:
    """The room, as it was at first."""
    one_room.ask("delete from sms_receipt; delete from notification; update sms_provider set on_unknown = 'retry'")
    one_room.ask("update sms_provider_state set state = 'closed', why = null, since = null, failures = 0, openings = 0")
    one_room.queue()
    return one_room


def lease_over(room: Room) -> None:
    room.ask("update notification set lease_until = now() - interval '1 second' where state = 'sending'")


def row(room: Room) -> tuple[object, ...]:
    [found] = room.ask("select state, provider_message_id, provider_id, last_error from notification")
    return found


@pytest.mark.parametrize("mode", ["retry", "hold"])
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("result", [SILENCE, BUSY, NEVER, SEEN, ELSEWHERE])
def test_a_late_answer_counts_though_the_next_request_is_under_way(
    room: Room, result: Result, together: bool, mode: str
) -> None:
    """Whatever that one is answered: somebody has it."""
    late = room.claims()
    lease_over(room)
    second = room.claims()
    room.ask("update sms_provider set on_unknown = %s", mode)
    second = second._replace(provider=second.provider and second.provider._replace(on_unknown=mode))  # type: ignore[arg-type]
    if together:
        store.record_accepted(room.conn, [(late, ACCEPTED)])
    else:
        assert store.record(room.conn, late, ACCEPTED, 0).then is None
    then = store.record(room.conn, second, result, 0).then
    assert then is not None
    assert then.state == "accepted"
    assert row(room) == ("accepted", "m-1", room.provider, None)


def test_or_though_its_sender_is_lost_too(room: Room) -> None:
    late = room.claims()
    lease_over(room)
    room.claims()
    store.record(room.conn, late, ACCEPTED, 0)
    lease_over(room)
    assert store.claim(room.conn, 1, 30) == []
    assert row(room)[:2] == ("accepted", "m-1")


def test_what_was_reported_as_failed_meanwhile_is_tried_again(room: Room) -> None:
    late = room.claims()
    lease_over(room)
    second = room.claims()
    store.record(room.conn, late, ACCEPTED, 0)
    room.gets("failed")
    store.record(room.conn, second, BUSY, 0)
    assert room.state == "queued"


def test_a_person_s_own_second_try_is_not_taken_for_the_first(room: Room) -> None:
    """It was taken and failed; the new request is refused."""
    room.ask("update notification set fallback_provider_id = null")
    room.sends()
    room.gets("failed")
    room.ask("update notification set state = 'queued'")
    room.sends(BUSY)
    assert room.state == "queued"


@pytest.mark.parametrize("refused", [BUSY, NEVER._replace(final=False)])
@pytest.mark.parametrize("first", [True, False])
def test_a_receipt_that_it_was_taken_counts_though_a_repetition_was_refused(
    room: Room, refused: Refused, first: bool
) -> None:
    """It is about the request before, which has the same name; or the provider said no and took it all the same."""
    if first:
        room.sends(SILENCE)
    claimed = room.sends(refused)
    assert room.gets("accepted", None, request_id=claimed.message.request_id).effect == "applied"
    assert room.state == "accepted"
    assert room.ask("select fate from notification_attempt order by id desc limit 1") == [("accepted",)]


def test_what_is_reported_as_failed_while_it_waits_is_another_request_the_next_time(room: Room) -> None:
    """All of that name are over: the provider would call the next one a repetition, and nobody would be told."""
    first = room.sends(SILENCE)
    room.sends(SILENCE)
    assert room.gets("failed", None, request_id=first.message.request_id).effect == "overtaken"
    assert room.claims().message.request_id != first.message.request_id


@pytest.mark.parametrize(("receipt", "state"), [(None, "accepted"), ("failed", "queued")])
@pytest.mark.parametrize("together", [True, False])
def test_a_late_answer_keeps_the_second_provider_from_sending_unless_it_failed(
    room: Room, receipt: str | None, state: str, together: bool
) -> None:
    late = room.claims()
    lease_over(room)
    room.ask("update notification set state = 'queued', lease_until = null")
    if receipt == "failed":
        room.gets("failed", None, request_id=late.message.request_id)
    room.ask("update notification set provider_id = fallback_provider_id, fallback_provider_id = null")
    if together:
        store.record_accepted(room.conn, [(late, ACCEPTED)])
    else:
        store.record(room.conn, late, ACCEPTED, 0)
    assert room.state == state


def test_nobody_queues_what_a_sender_holds(room: Room) -> None:
    """By a slip: it may be on its way."""
    room.claims()
    with pytest.raises(psycopg2.errors.CheckViolation, match="is with a sender"):
        room.ask("update notification set state = 'queued', next_attempt_at = now()")
    lease_over(room)
    assert len(store.claim(room.conn, 1, 30)) == 1
