"""What is too old to be of use is not sent: by the sender's setting, or by its tenant's own word."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.wait import until
from tests.sms_room import SmsRoom, sms_room


@pytest.fixture(autouse=True)
def log_since() -> int:
    """No edge runs in these tests."""
    return 0


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SmsRoom]:
    with sms_room(tmp_path) as room:
        yield room


def test_what_is_too_old_expires_and_is_not_sent(room: SmsRoom) -> None:
    room.queue(at="now")
    room.sql("update notification set called_at = now() - interval '6 hours 1 second'")
    with room.sender():
        room.until_states(expired=1)
    assert room.sink.posts() == []


@pytest.mark.parametrize(
    ("tenant", "age", "state"), [(600, 601, "expired"), (600, 500, "accepted"), (86400, 80000, "accepted")]
)
def test_a_tenant_says_itself_when_an_sms_is_too_old(room: SmsRoom, tenant: int, age: int, state: str) -> None:
    """Sooner or later than the sender's six hours; it says so."""
    room.sql("update tenant set sms_give_up_seconds = %(tenant)s", tenant=tenant)
    room.queue(at=str(datetime.now(UTC) - timedelta(seconds=age)))
    with room.sender():
        room.until_states(**{state: 1})
    assert (len(room.sink.posts()) == 0) == (state == "expired")
    if state == "expired":
        assert room.rows("select last_error from notification") == [("too old: 600 s after the call",)]


def test_what_is_about_to_expire_is_still_sent(room: SmsRoom) -> None:
    room.queue()
    room.sql("update notification set called_at = now() - interval '5 hours 59 minutes'")
    with room.sender():
        room.until_states(accepted=1)


def test_what_is_too_old_when_it_is_queued_is_not_sent_either(room: SmsRoom) -> None:
    """The ledger catches up after a day: the sender is awake at once, long before it looks for what is old."""
    long_ago = str(datetime.now(UTC) - timedelta(hours=7))
    with room.sender(SMS_POLL_SECONDS="3600"):
        room.queue()
        room.until_states(accepted=1)
        for number in range(2, 6):
            room.queue(at=long_ago)
            room.queue()
            assert until(lambda count=number: room.states().get("accepted") == count, 20), room.log()  # type: ignore[misc]
        assert len(room.sink.posts()) == 5
    with room.sender():
        room.until_states(accepted=5, expired=4)
