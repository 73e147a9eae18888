"""`extgroup` as an operator uses it: what became of calls, of SMS, of a day; and what it says where it cannot say."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from psycopg2.extensions import parse_dsn
from typer.testing import CliRunner, Result

from deploy.demo.sms_sink import SmsSink
from deploy.desk.__main__ import app
from deploy.settings import ROOT
from kemi.domain.events import OfferedLeg
from sql import seed
from tests.ledger_room import LedgerRoom, ledger_room, running
from tests.sms_apis import SECRETS, ApiServer, esms
from tests.told import ANSWERED_0, BUSY_1, BYE, GAVE_UP, OFF_2, RANG_0, REFUSED, changed, of_call

OFFERED: Final = (
    OfferedLeg(0, 0, 1, "+84844441909", 1, True),
    OfferedLeg(1, 0, 2, "+84844441910", 1, True),
    OfferedLeg(2, 0, 4, "+842838123456", 1, False),
)
RECEIVED: Final = changed(tenant_id=1, hotline_id=1, group_id=1, sip_call_id="carrier-1", legs=OFFERED, skipped=())


class Desk:
    """An operator, the ledger of three calls, and a provider."""

    def __init__(self, room: LedgerRoom, sink: SmsSink) -> None:
        self.room, self.sink = room, sink
        seed.load(room.conn, "vcontact", trunk_address="127.0.0.10", gateway_host="127.0.0.20", gateway_port=5060,
                  sms_url=sink.url)  # fmt: skip
        room.put(*of_call("missed", RECEIVED, RANG_0, BUSY_1, OFF_2, GAVE_UP))
        room.put(
            *of_call("answered", changed(tenant_id=1, hotline_id=1, group_id=1, legs=OFFERED), RANG_0, ANSWERED_0, BYE)
        )
        room.put(*of_call("refused", REFUSED))
        room.write_all()

    def asks(self, *arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(app, arguments, env={"DATABASE_URL": self.room.url, **SECRETS})
        assert result.exit_code == status, (result.output, result.exception)
        return result

    def reads(self, *arguments: str) -> Any:
        return json.loads(self.asks(*arguments, "--json").stdout)

    def does(self, statement: str, *values: str) -> None:
        with self.room.conn as conn, conn.cursor() as cur:
            cur.execute(statement, values)

    def sends(self) -> None:
        """Let a sender send all that waits."""
        with running(self.room.process("sms.sender")):
            assert self.room.until("select not exists (select from notification where state in ('queued', 'sending'))")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with ledger_room() as room, SmsSink() as sink:
        yield Desk(room, sink)


def test_calls_are_listed_newest_first_and_found_again(desk: Desk) -> None:
    assert [one["call_id"] for one in desk.reads("calls")] == ["refused", "answered", "missed"]
    assert [one["call_id"] for one in desk.reads("calls", "--state", "missed")] == ["missed"]
    assert [one["call_id"] for one in desk.reads("calls", "--hotline", "027 2777 7787", "--limit", "1")] == ["answered"]
    assert desk.reads("calls", "--since", "2999-01-01") == []
    (answered,) = desk.reads("calls", "--state", "answered")
    assert (answered["answered_by"], answered["answered_by_name"], answered["offered"]) == ("+84844441909", "Anh", 3)
    shown = desk.asks("calls", "--since", "1h").stdout
    assert "0844441909 Anh" in shown
    assert "1 not_applicable, 2 queued" in shown


def test_a_call_is_told_step_by_step(desk: Desk) -> None:
    """By the id that the carrier has: three legs, then who was told, by which provider, and what it said."""
    desk.sends()
    (call,) = desk.reads("call", "carrier-1")
    steps = [(one["what"], one["leg"], one["step"], one["code"]) for one in call["ladder"]]
    assert steps[0] == ("call", None, "arrived", None)
    assert sorted(steps[1:8], key=repr) == sorted(
        [
            ("leg", 0, "offered", None), ("leg", 1, "offered", None), ("leg", 2, "offered", None),
            ("leg", 0, "rang", 180), ("leg", 1, "busy", 486), ("leg", 2, "no_answer", 480),
            ("leg", 0, "cancelled", None),
        ], key=repr,
    )  # fmt: skip
    assert steps[8] == ("call", None, "missed", 487)
    assert [step[2:] for step in steps[9:12]] == [("queued", None), ("queued", None), ("not_applicable", None)]
    assert [step[2:] for step in steps[12:]].count(("accepted", 200)) == 2
    assert {one["state"]: [try_["fate"] for try_ in one["attempts"]] for one in call["notifications"]} == {
        "accepted": ["accepted"], "not_applicable": [],
    }  # fmt: skip
    names = [str(one["provider_message_id"]) for one in call["notifications"] if one["state"] == "accepted"]
    desk.does("select take_receipt(1, %s, null, 'delivered', 'shown', 'x')", names[0])
    (call,) = desk.reads("call", "carrier-1")
    assert (call["ladder"][-1]["step"], call["ladder"][-1]["detail"]) == ("receipt", "delivered: shown")
    assert [one["effect"] for text in call["notifications"] for one in text["receipts"]] == ["applied"]
    shown = desk.asks("call", "missed").stdout
    assert "through carrier" in shown
    assert "0844441910 Bình" in shown
    assert names[1] in shown


def test_no_such_call_is_said(desk: Desk) -> None:
    assert "no call has the id or Call-ID nothing" in desk.asks("call", "nothing", status=1).stderr


def test_only_what_may_be_sent_again_is(desk: Desk) -> None:
    """And only what waits is cancelled. The database decides."""
    (first, second, third) = [one["id"] for one in desk.reads("sms", "--state", "queued")]
    desk.asks("sms", "cancel", str(first))
    desk.sends()
    assert desk.reads("sms", "--state", "expired")[0]["last_error"] == "cancelled by the operator"
    assert [one["id"] for one in desk.reads("sms", "--state", "accepted")] == [second, third]
    refused = desk.asks("sms", "retry", str(second), status=1).stderr
    assert f"notification {second} cannot go from accepted to queued. Only failed, expired" in refused
    assert "is accepted: only queued ones" in desk.asks("sms", "cancel", str(second), status=1).stderr
    assert "no notification 999" in desk.asks("sms", "retry", "999", status=1).stderr
    desk.asks("sms", "retry", str(first))
    desk.sends()
    assert [one["id"] for one in desk.reads("sms", "--state", "accepted")] == [first, second, third]
    assert len(desk.sink.messages()) == 3


def test_a_test_shows_the_exchange_and_no_secret(desk: Desk) -> None:
    """As it stands in a URL, in JSON and in a header; a refusal ends with 1."""
    desk.does(
        "insert into sms_provider (name, url, headers, body_template) values ('web', %s, %s, %s)",
        f"{desk.sink.url}?key=${{env:TOKEN}}", '{"X-Key": "${env:TOKEN}"}',
        '{"to": "{to}", "text": "{text}", "sender": "{sender}", "id": "${env:TOKEN}"}',
    )  # fmt: skip
    shown = desk.asks("sms", "test", "--provider", "web", "--to", "0844441909", "--text", "Xin chao").stdout
    assert f"POST {desk.sink.url}?key=***" in shown
    assert "X-Key: ***" in shown
    assert '"text": "Xin chao"' in shown
    assert '"id": "***"' in shown
    assert SECRETS["TOKEN"] not in shown
    assert [message["text"] for message in desk.sink.messages()] == ["Xin chao"]
    desk.sink.refuses(400, body="bad sender")
    tried = json.loads(desk.asks("sms", "test", "--provider", "web", "--to", "0844441909", "--json", status=1).stdout)
    assert (tried["fate"], tried["status"], tried["reply"]) == ("refused", 400, "bad sender")
    assert tried["text"].startswith("(test) Ban da bi nho 1 cuoc goi tu so 0844441909 vao luc ")
    assert "known: demo sink, web" in desk.asks("sms", "test", "--provider", "x", "--to", "0844441909", status=1).stderr


def test_a_misspelt_field_is_said(desk: Desk) -> None:
    """Members would read it; JSON's own braces are none."""
    desk.does(
        "insert into sms_provider (name, url, headers, body_template) values ('web', %s, %s, %s)",
        desk.sink.url, '{"X-Key": "${evn:TOKEN}"}', '{"to": "{to}", "text": "{txt}", "a": {"b": {}}, "id": "{sender}"}',
    )  # fmt: skip
    shown = desk.asks("sms", "test", "--provider", "web", "--to", "0844441909").stdout
    said = [line.partition(" is no field")[0] for line in shown.splitlines() if " is no field" in line]
    assert said == ["${evn:TOKEN}", "{txt}"]


def test_a_driver_of_its_own_is_tested_too(desk: Desk) -> None:
    with ApiServer(esms) as api:
        desk.does(
            "insert into sms_provider (name, driver, sender, url, credentials) values ('x', 'esms', 'BRAND', %s, %s)",
            f"{api.url}/MainService.svc/json/SendMultipleMessage_V4_post_json/",
            '{"api_key": "${env:USER}", "secret_key": "${env:TOKEN}"}',
        )
        shown = desk.asks("sms", "test", "--provider", "x", "--to", "+84 844 441 909", "--text", "Xin chao").stdout
    assert '"ApiKey": "***", "SecretKey": "***", "Phone": "0844441909", "Content": "Xin chao"' in shown
    assert not any(secret in shown for secret in SECRETS.values())


def test_a_day_is_counted(desk: Desk) -> None:
    """Also what it cost: one SMS has two segments."""
    desk.does("update sms_provider set segment_price = 350.5")
    desk.does("insert into sms_template values (1, 'answered', %s)", "{brand} {caller} " + "x" * 200)
    desk.sends()
    none, ours = desk.reads("report")
    assert (none["tenant"], none["calls"], none["refused"]) == ("", 1, 1)
    counted = ("calls", "answered", "missed", "sms", "sms_sent", "sms_delivered", "sms_failed", "sms_waiting")
    assert [ours[name] for name in counted] == [2, 1, 1, 3, 3, 0, 0, 0]
    assert (ours["sms_segments"], ours["sms_cost"]) == (4, 4 * 350.5)
    words = {name for name, value in ours.items() if isinstance(value, str)}
    assert words == {"day", "tenant"}, "a machine reads numbers as numbers"
    assert desk.reads("report", "--day", "2001-01-01") == []


def test_texts_are_shown_as_they_will_be(desk: Desk) -> None:
    shown = desk.asks("texts").stdout
    assert "(vContact) Ban vua nhan cuoc goi tu so 0909789846." in shown
    desk.does("insert into sms_template values (1, 'answered', %s)", "{brand}: {caller} " + "x" * 200)
    assert [one["warning"] for one in json.loads(desk.asks("texts", "--json", status=1).stdout)].count(
        "2 SMS each"
    ) == 1


def test_every_state_may_be_asked_for(desk: Desk) -> None:
    """As the table knows them."""
    rule = "select pg_get_constraintdef(oid) from pg_constraint where conname = 'notification_state_is_known'"
    ((states,),) = desk.room.rows(rule)
    for state in re.findall(r"'(\w+)'", states):
        assert len(desk.reads("sms", "--state", state)) in {0, 1, 3}
    assert "--state lost: one of queued" in desk.asks("sms", "--state", "lost", status=2).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("calls", "--since", "soon"), "--since soon: write it like 90m"),
        (("calls", "--hotline", "abc"), "--hotline abc: not a telephone number; write it like"),
        (("calls", "--state", "lost"), "--state lost: one of ringing, answered"),
        (("report", "--day", "31/12"), "--day 31/12: write it like 2026-09-02"),
        (("report", "--until", "31/12"), "--until 31/12: write it like 2026-09-02"),
        (("report", "--day", "2026-09-02", "--until", "2026-09-01"), "--until 2026-09-01: before --day"),
        (("sms", "test", "--provider", "demo sink", "--to", "1"), "--to 1: not a telephone number"),
        (("sms", "test", "--provider", "demo sink", "--to", "0844441909", "--text", "a\nb"), "control characters"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(desk: Desk, arguments: tuple[str, ...], words: str) -> None:
    assert words in desk.asks(*arguments, status=2).stderr


def test_the_texts_of_nobody_are_none(desk: Desk) -> None:
    assert desk.asks("texts", "--tenant", "Nobody", status=1).stderr == "--tenant Nobody: nobody is called so\n"


def test_the_command_runs_from_anywhere_and_needs_a_database(desk: Desk) -> None:
    """Whoever starts it: a link in PATH."""
    command = [str(ROOT / "deploy" / "extgroup"), "calls", "--json"]
    env = {**os.environ, "VAR_DIR": str(desk.room.var_dir)}
    done = subprocess.run(
        command, env={**env, "DATABASE_URL": ""}, cwd="/", capture_output=True, text=True, check=False
    )
    assert (done.returncode, "start one with `make run`" in done.stderr) == (2, True)
    url = "postgresql:///?" + urlencode(parse_dsn(desk.room.url))
    done = subprocess.run(
        command, env={**env, "DATABASE_URL": url}, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [one["call_id"] for one in json.loads(done.stdout)] == ["refused", "answered", "missed"]
