"""`extgroup check` says whose members are told by SMS, and what keeps their providers from it."""

import json

import pytest

from sms.providers import DRIVERS, Provider, Refused
from tests.integration.config_plane.room import sql
from tests.integration.test_check import Desk, desk
from tests.sms_drivers import MESSAGE

__all__ = ["desk"]


@pytest.fixture(autouse=True)
def log_since() -> None:
    """Stand in for the fixture of this name next door, which starts a whole edge."""


def test_whose_sms_go_out_is_told_with_their_provider(desk: Desk) -> None:
    status, found = desk.checks()
    assert (status, found["texts"]) == (
        0,
        [{"tenant": "vContact", "providers": ["demo sink"], "state": "yes", "reason": None}],
    )
    assert [(one["name"], one["state"]) for one in found["providers"]] == [("demo sink", "yes")]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("update tenant set sms_provider_id = null", "it has no SMS provider (tenant.sms_provider_id)"),
        ("update sms_provider set enabled = false", "demo sink: the provider is disabled"),
        ("update sms_provider set driver = 'esms'", "its credentials lack api_key, secret_key"),
        ("update sms_provider set url = 'http://a/${env:EDGE_KEY}'", "no provider is given the variable EDGE_KEY"),
    ],
)
def test_who_never_gets_one_is_told_and_fails(desk: Desk, statement: str, words: str) -> None:
    desk.sql(statement)
    status, out = desk.asks("check", "--problems")
    assert status == 1, out
    assert words in out


def test_where_the_second_provider_works_or_nobody_wants_sms_nothing_is_wrong(desk: Desk) -> None:
    desk.sql("insert into sms_provider (name, url) values ('second', 'https://example.net/')")
    desk.sql("update tenant set sms_fallback_provider_id = (select id from sms_provider where name = 'second')")
    desk.sql("update sms_provider set enabled = false where name <> 'second'")
    status, out = desk.asks("check")
    assert status == 0, out
    assert "demo sink, then second" in out
    desk.sql("update sms_provider set enabled = false; update external_group set notify_members = false")
    desk.compile()
    status, found = desk.checks()
    assert (status, found["texts"], found["providers"]) == (0, [], [])


SECRETS = """
    update sms_provider set url = 'http://a/${env:HOME}/${env:NOT_HERE}/{to}', headers = '{"X": "${file:nor_here}"}',
        body_template = '${file:there}', credentials = '{"a": "${env:NOT_HERE}"}'
"""


def test_a_secret_that_is_not_here_is_named_and_fails_nothing(desk: Desk) -> None:
    """The sender may run elsewhere."""
    (desk.var / "there").write_text("s3cr3t")
    desk.sql(SECRETS)
    status, out = desk.asks("check", "--json", SECRETS_DIR=str(desk.var))
    (provider,) = json.loads(out)["providers"]
    assert (status, provider["state"]) == (0, "yes")
    assert provider["reason"] == (
        "not set here, the sender needs it: NOT_HERE; "
        f"not to be read here, the sender needs it: {desk.var / 'nor_here'}"
    )
    assert "NOT_HERE" in desk.asks("check", SECRETS_DIR=str(desk.var))[1]


@pytest.mark.parametrize(("why", "words"), [("down", "it does not work"), ("balance", "its account is empty")])
def test_a_provider_that_is_left_alone_is_told_with_when_it_is_tried(desk: Desk, why: str, words: str) -> None:
    desk.sql("update sms_provider_state set state = 'open', why = 'down', probe_at = '2030-01-01', last_error = '503'")
    sql(desk.conn, "update sms_provider_state set why = %s", why)
    status, found = desk.checks()
    (provider,) = found["providers"]
    assert (status, provider["state"], provider["reason"]) == (0, "closed", f"left alone, {words}: 503")
    assert provider["until"] in desk.asks("check")[1]


def test_what_each_driver_needs_is_known(desk: Desk) -> None:
    """As the drivers themselves say where it is not there."""
    for driver, send in DRIVERS.items():
        if driver == "smpp":  # its row is refused without
            continue
        result = send(Provider(1, driver, "http://127.0.0.1:9/", "GET", {}, "", "", None, None, 1), MESSAGE, {})
        assert isinstance(result, Refused)
        told = "" if driver == "http" else result.why.removeprefix("sms_provider.credentials lacks ")
        sql(desk.conn, "update sms_provider set driver = %s", driver)
        (provider,) = desk.checks()[1]["providers"]
        assert provider["reason"] == (f"its credentials lack {told}" if told else None)
