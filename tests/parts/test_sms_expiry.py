"""What is too old to be of use is not sent: by the sender's setting, or by its tenant's own word."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from deploy.wait import until
from tests.sms_room import SmsRoom


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


def held(room: SmsRoom, *, ago: str = "0") -> None:
    """Queue an SMS for a member whose quiet hours end in about two hours; the call was some time ago."""
    now = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh"))
    room.sql(
        "update group_member set quiet_from = %(since)s, quiet_until = %(until)s where id = 1",
        since=f"{(now.hour - 1) % 24:02d}:00", until=f"{(now.hour + 2) % 24:02d}:00",
    )  # fmt: skip
    room.queue(at=str(datetime.now(UTC) - timedelta(seconds=int(ago))))


def later(room: SmsRoom, seconds: int) -> None:
    """As if so much time had passed for all that there is."""
    for column in ("called_at", "ages_from", "expires_at", "next_attempt_at", "merge_until"):
        room.sql(f"update notification set {column} = {column} - make_interval(secs => %(seconds)s)", seconds=seconds)  # noqa: S608


@pytest.mark.parametrize("tenant", [None, 7200])
def test_a_person_may_try_again_what_was_held_by_night(room: SmsRoom, tenant: int | None) -> None:
    """Its age counts from the morning, however often it is queued: by the tenant's word or by the sender's."""
    room.sql("update tenant set sms_give_up_seconds = %(tenant)s", tenant=tenant)
    held(room)
    later(room, 3 * 3600)
    room.sql("update notification set state = 'sending'; update notification set state = 'failed'")
    room.sql("update notification set state = 'queued', next_attempt_at = now()")
    with room.sender(SMS_GIVE_UP_SECONDS="7200"):
        room.until_states(accepted=1)


def test_what_is_held_by_night_expires_by_the_sender_s_word_where_its_tenant_has_none(room: SmsRoom) -> None:
    held(room)
    later(room, 3 * 3600 + 1800)
    with room.sender(SMS_GIVE_UP_SECONDS="1800"):
        room.until_states(expired=1)


def test_what_is_held_by_night_was_too_old_before_and_still_is(room: SmsRoom) -> None:
    """The ledger catches up after a day, in the night."""
    held(room, ago="90000")
    with room.sender():
        room.until_states(expired=1)


@pytest.mark.parametrize("tenant", [None, 60])
def test_waiting_for_further_calls_does_not_make_it_too_old(room: SmsRoom, tenant: int | None) -> None:
    """Half an hour, where an SMS is of use for a minute."""
    room.sql("update tenant set merge_seconds = 1800, sms_give_up_seconds = %(tenant)s", tenant=tenant)
    room.queue()
    later(room, 1801)
    with room.sender(SMS_GIVE_UP_SECONDS="60"):
        room.until_states(accepted=1)


def test_raising_the_age_helps_what_has_expired(room: SmsRoom) -> None:
    """As the README says; also what was held."""
    room.sql("update tenant set sms_give_up_seconds = 60")
    held(room)
    later(room, 4 * 3600)
    with room.sender(SMS_GIVE_UP_SECONDS="10900"):
        room.until_states(expired=1)
        room.sql("update tenant set sms_give_up_seconds = null")
        room.sql("update notification set state = 'queued', next_attempt_at = now()")
        room.until_states(accepted=1)
