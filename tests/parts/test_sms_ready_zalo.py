"""Zalo ZNS: a template and its words, a report of what has arrived, and an SMS for who has no Zalo."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import connection

from sms.providers import DRIVERS, Accepted, Refused
from sms.receipts import generic, store
from sms.receipts.kinds import Report
from sql import ready
from tests import ready_apis
from tests.ready_apis import ZALO_TOKEN
from tests.ready_room import MESSAGE, WORDS, installed, row, secrets_in, send
from tests.sms_apis import ApiServer
from tests.sms_room import sms_room


@pytest.fixture(scope="module")
def conn() -> Iterator[connection]:
    with installed() as conn:
        yield conn


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    return secrets_in(tmp_path)


@pytest.mark.parametrize(("kind", "template"), [("missed", "301"), ("answered", "302")])
def test_zalo_gets_the_words_of_the_text_for_a_template(
    conn: connection, secrets: dict[str, str], kind: str, template: str
) -> None:
    result, taken = send(conn, "zalo_zns", secrets, words={**WORDS, "kind": kind})
    assert isinstance(result, Accepted), result
    assert result.message_id == "zns-1"
    (one,) = taken
    assert (one.to, one.sender) == ("84844441909", template)
    assert json.loads(one.text) == {name: word for name, word in WORDS.items() if name != "kind"}


@pytest.mark.parametrize(("event", "status"), [("user_received_message", "delivered"), ("user_send_text", "ignored")])
def test_zalo_reports_what_has_arrived(conn: connection, event: str, status: str) -> None:
    """Its webhook says it by the id of the message, and by ours."""
    with conn, conn.cursor() as cur:
        cur.execute("select receipt_token from sms_provider where name = 'Zalo ZNS'")
        found: Any = cur.fetchone()
    reporter = store.reporter(conn, found[0])
    assert reporter is not None
    message = {"msg_id": "zns-1", "delivery_time": "1732688000000", "tracking_id": MESSAGE.request_id}
    said = {"event_name": event, "app_id": "1", "sender": {"id": "2"}, "message": message, "timestamp": "1732688000001"}
    report = Report("POST", "", "", {}, b"", "192.0.2.1", None, said)
    assert [one[:3] for one in generic.read(reporter, report)] == [("zns-1", MESSAGE.request_id, status)]


def test_a_template_that_has_no_id_asks_nobody(conn: connection, secrets: dict[str, str]) -> None:
    with ApiServer(ready_apis.zalo) as server:
        provider = row(conn, "zalo_zns", server.url)._replace(options={"template_id_answered": "302"})
        result = DRIVERS["http"](provider, MESSAGE, secrets)
        assert result == Refused("sms_provider.options lacks template_id_missed", final=False, cause="setup")
        assert server.asked == []


def test_who_has_no_zalo_gets_an_sms(tmp_path: Path) -> None:
    """The one who has, gets the message on Zalo only."""
    (tmp_path / "zalo_access_token").write_text(ZALO_TOKEN)
    with sms_room(tmp_path) as room, ApiServer(ready_apis.zalo) as server:
        server.answers(ready_apis.zalo_refuses(-118))
        ready.install(room.conn, "zalo_zns")
        room.sql(
            """update sms_provider set url = %(url)s,
               options = '{"template_id_missed": "301", "template_id_answered": "302"}' where name = 'Zalo ZNS'""",
            url=server.url + "/message/template",
        )
        room.sql(
            """update tenant set sms_fallback_provider_id = sms_provider_id,
               sms_provider_id = (select id from sms_provider where name = 'Zalo ZNS')"""
        )
        with room.sender(SECRETS_DIR=str(tmp_path)):
            room.queue()
            room.until_states(accepted=1)
            room.queue()
            room.until_states(accepted=2)
        assert room.received() == ["1"]
        assert [one.sender for one in server.taken] == ["301"]
        assert '"caller": "0909789846"' in server.taken[0].text
