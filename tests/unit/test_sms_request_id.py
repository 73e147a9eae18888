"""The name of a request, by which a provider recognises a repetition: it stays while he may have the one before."""

from collections.abc import Iterator
from typing import Final

import pytest

from sms.providers import Refused, Result, Unknown
from tests.database import fresh_database
from tests.receipts_room import ReceiptsRoom as Room

SILENCE: Final = Unknown("no answer within 10 s", down=True)
NO_LINE: Final = Refused("no connection", final=False, cause="down")
NO: Final = Refused("code 108", final=False, status=200)
BUSY: Final = Refused("the provider answered 503", final=False, status=503, cause="down")


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
    one_room.ask("update sms_provider_state set state = 'closed', why = null, since = null, failures = 0, openings = 0")
    one_room.queue()
    return one_room


@pytest.mark.parametrize(
    ("results", "names"),
    [
        ((NO_LINE, NO_LINE), "000"),  # nobody has seen one of them
        ((NO, NO), "012"),
        ((NO, NO_LINE, NO), "0112"),
        ((SILENCE, SILENCE), "000"),
        ((SILENCE, NO_LINE), "000"),  # the first may have been taken, and was not heard of since
        ((SILENCE, BUSY), "000"),  # nor here: who is busy has not looked whether he has it
        ((NO, SILENCE, BUSY, NO_LINE), "01111"),
    ],
)
def test_it_changes_with_a_no_and_never_while_an_earlier_one_may_have_been_taken(
    room: Room, results: tuple[Result, ...], names: str
) -> None:
    asked = [room.sends(result).message.request_id for result in results] + [room.claims().message.request_id]
    assert [name.rpartition("-")[2] for name in asked] == list(names)
    assert len({name.rpartition("-")[0] for name in asked}) == 1


def test_a_sender_that_was_lost_has_perhaps_asked(room: Room) -> None:
    first = room.claims()
    room.ask("update notification set lease_until = now() - interval '1 second'")
    assert room.sends(BUSY).message.request_id == first.message.request_id
    assert room.claims().message.request_id == first.message.request_id


def test_once_it_is_known_that_it_was_not_taken_it_counts_no_more(room: Room) -> None:
    """The provider was asked: he does not have it. The no that came since counts again."""
    first = room.sends(SILENCE)
    room.sends(NO)
    room.ask("update notification_attempt set fate = 'refused' where id = %s", first.attempt_id)
    assert room.claims().message.request_id != first.message.request_id


def test_what_was_taken_and_failed_is_another_request_the_next_time(room: Room) -> None:
    """A person queues it again: it is no repetition."""
    first = room.sends()
    room.gets("failed")
    room.ask("update notification set state = 'queued'")
    assert room.claims().message.request_id != first.message.request_id


def test_another_provider_has_none_of_the_first_one_s(room: Room) -> None:
    room.sends(SILENCE)
    room.ask("update notification_attempt set provider_id = provider_id + 1, request_id = 'the other one''s'")
    assert room.claims().message.request_id.endswith("-0")
