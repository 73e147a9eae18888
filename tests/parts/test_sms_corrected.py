"""A provider that was left alone for what stood in its row is tried at once when that is corrected."""

import pytest

from deploy.wait import until
from tests.sms_room import SmsRoom

NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture
def room(room: SmsRoom) -> SmsRoom:
    room.sql("update sms_provider set breaker_failures = 1, url = %(url)s", url=NOWHERE)
    return room


def state(room: SmsRoom) -> str:
    return str(room.rows("select state from sms_provider_state")[0][0])


def test_what_waits_goes_out_with_the_correction(room: SmsRoom) -> None:
    """Nobody waits for the next probe, nor for the sender's next look."""
    with room.sender(SMS_POLL_SECONDS="3600"):
        room.queue()
        assert until(lambda: state(room) == "open", 20), room.log()
        room.sql("update sms_provider_state set openings = 6, probe_at = now() + interval '1 hour'")
        room.sql("update notification set next_attempt_at = now()")
        room.sql("update sms_provider set url = %(url)s", url=room.sink.url)
        room.until_states(accepted=1)


def test_a_correction_that_is_none_fails_once_more_and_the_next_probe_is_near(room: SmsRoom) -> None:
    with room.sender():
        room.queue()
        assert until(lambda: state(room) == "open", 20), room.log()
        room.sql("update sms_provider_state set openings = 6, probe_at = now() + interval '1 hour'")
        room.sql("update notification set next_attempt_at = now()")
        room.sql("update sms_provider set url = 'http://127.0.0.1:9/still'")
        soon = "select probe_at < now() + interval '11 s' and openings = 1 from sms_provider_state"
        assert until(lambda: room.rows(soon) == [(True,)], 20), room.log()


def test_what_says_nothing_of_how_it_is_asked_tries_nothing(room: SmsRoom) -> None:
    room.sql("update sms_provider_state set state = 'open', why = 'down', probe_at = now() + interval '1 hour'")
    room.sql("update sms_provider set segment_price = 850, messages_per_second = 10, url = url")
    assert room.rows("select probe_at > now() from sms_provider_state") == [(True,)]
