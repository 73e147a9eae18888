"""`extgroup sms providers` says which provider is left alone and why; `extgroup sms probe` has it tried now."""

import json

import pytest
from typer.testing import CliRunner, Result

from deploy.desk.__main__ import app
from deploy.wait import until
from tests.sms_room import SmsRoom


@pytest.fixture
def room(room: SmsRoom) -> SmsRoom:
    room.sql("update sms_provider set breaker_failures = 1")
    return room


def asks(room: SmsRoom, *arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(app, arguments, env={"DATABASE_URL": room.url})
    assert result.exit_code == status, (result.output, result.exception)
    return result


def test_a_provider_that_is_left_alone_is_seen_and_probed_when_asked_to(room: SmsRoom) -> None:
    """Its next probe would come later; the operator knows that it works again."""
    assert "works" in asks(room, "sms", "providers").stdout
    room.sink.refuses(503)
    with room.sender():
        room.queue(members=2)
        assert until(lambda: asks_state(room) == "open", 20), room.log()
        shown = asks(room, "sms", "providers", status=1).stdout
        assert "open: down" in shown
        assert "the provider answered 503" in shown
        assert "SMS wait for demo sink, which is left alone (down)" in asks(room, "sms").stdout
        room.sql("update sms_provider_state set probe_at = now() + interval '1 hour'")
        room.sql("update notification set next_attempt_at = now()")
        asks(room, "sms", "probe", "demo sink")
        room.until_states(accepted=2)
    assert asks_state(room) == "closed"
    assert "503" not in asks(room, "sms", "providers").stdout
    assert "left alone" not in asks(room, "sms").stdout


def asks_state(room: SmsRoom) -> str:
    result = CliRunner().invoke(app, ["sms", "providers", "--json"], env={"DATABASE_URL": room.url})
    (found,) = json.loads(result.stdout)
    return str(found["state"])


def test_a_pause_ends_when_the_operator_says_so(room: SmsRoom) -> None:
    room.sql("update sms_provider_state set paused_until = now() + interval '1 hour'")
    with room.sender(SMS_POLL_SECONDS="3600"):
        room.queue()
        asks(room, "sms", "probe", "1")
        room.until_states(accepted=1)


def test_a_provider_that_is_not_there_is_named_with_those_that_are(room: SmsRoom) -> None:
    refused = asks(room, "sms", "probe", "Zalo", status=1).stderr
    assert "there is no SMS provider Zalo; known: demo sink" in refused
    room.sql("update sms_provider set enabled = false")
    assert "disabled" in asks(room, "sms", "providers").stdout
    room.sql("update tenant set sms_provider_id = null; delete from sms_provider")
    assert "no SMS provider" in asks(room, "sms", "providers").stdout


def test_a_row_that_is_refused_is_not_shown(room: SmsRoom) -> None:
    room.sql("alter table sms_provider add column contract text; update sms_provider set contract = 'x'")
    room.sql("alter table sms_provider alter column contract set not null")
    said = asks(room, "sms", "install", "vietguys", status=2).output
    assert 'null value in column "contract"' in said
    assert "Failing row" not in said
