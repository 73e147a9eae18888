"""A ready row is installed by one command, speaks its provider's language and understands its answers."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import psycopg2
import pytest
from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor
from typer.testing import CliRunner

from deploy.desk.__main__ import app
from sms.messages import unaccented
from sms.providers import DRIVERS, Accepted, Message, Refused, Result
from sms.providers.kinds import Cause, Provider, Rule
from sql import ready
from tests import ready_apis
from tests.database import fresh_database
from tests.ready_apis import SECRETS, ZALO_TOKEN
from tests.sms_apis import Answer, Api, ApiServer
from tests.sms_room import sms_room

TEXT: Final = "(Cà phê & Đá) Ban da bi nho 1 cuoc goi tu so 0909789846. <Vui> \"long\" 'x' lien he lai"
WORDS: Final = {
    "kind": "missed", "brand": 'Cà phê "&" Đá', "caller": "0909789846", "time": "19:09", "date": "19/09/2019",
}  # fmt: skip
MESSAGE: Final = Message(7, "0844441909", "+84844441909", TEXT, "vContact", "0123456789abcdef0123456789abcdef-0", WORDS)
PATHS: Final = {"vietguys": "/api/index.php", "stringee": "/v1/sms", "viettel": "/bulkapi", "zalo_zns": "/"}
APIS: Final[Mapping[str, Api]] = {
    "vietguys": ready_apis.vietguys,
    "stringee": ready_apis.stringee,
    "viettel": ready_apis.viettel,
    "zalo_zns": ready_apis.zalo,
}


@pytest.fixture(autouse=True)
def log_since() -> int:
    """No edge runs in these tests."""
    return 0


@pytest.fixture(scope="module")
def conn() -> Iterator[connection]:
    with fresh_database() as url:
        conn = psycopg2.connect(url)
        for name in APIS:
            assert ready.install(conn, name)
        with conn, conn.cursor() as cur:
            cur.execute(
                """update sms_provider set options = '{"template_id_missed": "301", "template_id_answered": "302"}'
                where name = 'Zalo ZNS'"""
            )
        yield conn
        conn.close()


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "zalo_access_token").write_text(ZALO_TOKEN + "\n")
    return {**SECRETS, "SECRETS_DIR": str(tmp_path)}


def row(conn: connection, name: str, root: str) -> Provider:
    """The installed row, with the provider at `root` instead of its own address."""
    one = next(one for one in ready.known() if one.name == name)
    columns = [field for field in Provider._fields if field != "rules"]
    with conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute("select * from sms_provider where name = %s", [one.provider])
        found: Any = cur.fetchone()
        cur.execute("select * from sms_reply_rule where provider_id = %s order by position", [found["id"]])
        rules = [Rule(rule["http_status"], rule["pattern"], rule["means"], rule["reason"]) for rule in cur.fetchall()]
    host = found["url"].split("/", 3)
    return Provider(**{name: found[name] for name in columns} | {"rules": rules, "url": f"{root}/{host[3]}"})


def send(
    conn: connection, name: str, env: Mapping[str, str], *answers: Answer, **changes: Any
) -> tuple[Result, list[Any]]:
    """What becomes of the message, and what the provider took."""
    with ApiServer(APIS[name]) as server:
        for answer in answers:
            server.answers(answer)
        provider = row(conn, name, server.url)
        result = DRIVERS[provider.driver](provider, MESSAGE._replace(**changes), env)
        return result, server.taken


@pytest.mark.parametrize(
    ("name", "text", "message_id"),
    [
        ("vietguys", unaccented(TEXT), "vg-1"),
        ("stringee", TEXT, None),
        ("viettel", unaccented(TEXT), None),
    ],
)
def test_the_provider_takes_the_message(
    conn: connection, secrets: dict[str, str], name: str, text: str, message_id: str | None
) -> None:
    result, taken = send(conn, name, secrets)
    assert isinstance(result, Accepted), result
    assert result.message_id == message_id
    assert [(one.to, one.text, one.sender) for one in taken] == [("84844441909", text, "vContact")]


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


@pytest.mark.parametrize("name", sorted(APIS))
def test_a_wrong_secret_is_refused_and_said_by_nobody(conn: connection, secrets: dict[str, str], name: str) -> None:
    wrong = {key: value if key == "SECRETS_DIR" else "wr0ng-s3cret" for key, value in secrets.items()}
    (Path(secrets["SECRETS_DIR"]) / "zalo_access_token").write_text("wr0ng-s3cret")
    result, taken = send(conn, name, wrong)
    assert isinstance(result, Refused)
    assert taken == []
    assert "wr0ng" not in str(tuple(result))


@pytest.mark.parametrize(
    ("name", "answer", "final", "cause"),
    [
        ("vietguys", ready_apis.vietguys_refuses(-7, "Dia chi IP chua chinh xac"), True, "message"),
        ("vietguys", ready_apis.vietguys_refuses(-21, "Khong phai OTP"), True, "message"),
        ("vietguys", ready_apis.vietguys_refuses(-9, "Sender chua chinh xac"), True, "message"),
        ("vietguys", ready_apis.vietguys_refuses(-70, "?"), False, "message"),
        ("stringee", ready_apis.stringee_refuses(0), False, "message"),
        ("stringee", ready_apis.stringee_refuses(7), False, "message"),
        ("viettel", ready_apis.viettel_says("Check template: CONTENT_NOT_MATCH_TEMPLATE"), True, "message"),
        ("viettel", ready_apis.viettel_says("Check ServiceID: DUPLICATE MESSAGE"), True, "suppressed"),
        ("viettel", ready_apis.viettel_says("Check ServiceID: ALIAS_INVALID:TELCO=VN"), True, "elsewhere"),
        ("viettel", ready_apis.viettel_says("Authenticate: IP_INVALID"), True, "message"),
        ("viettel", ready_apis.viettel_says("Check information error"), False, "message"),
        ("viettel", ready_apis.viettel_says("what nobody wrote down"), False, "message"),
        ("zalo_zns", ready_apis.zalo_refuses(-118), True, "elsewhere"),
        ("zalo_zns", ready_apis.zalo_refuses(-114), True, "elsewhere"),
        ("zalo_zns", ready_apis.zalo_refuses(-147), True, "elsewhere"),
        ("zalo_zns", ready_apis.zalo_refuses(-103), True, "elsewhere"),
        ("zalo_zns", ready_apis.zalo_refuses(-1122), True, "elsewhere"),
        ("zalo_zns", ready_apis.zalo_refuses(-115), False, "balance"),
        ("zalo_zns", ready_apis.zalo_refuses(-124), False, "down"),
        ("zalo_zns", ready_apis.zalo_refuses(-100), False, "message"),
        ("zalo_zns", ready_apis.zalo_refuses(-1180), False, "message"),
    ],
)
def test_what_it_says_is_understood(
    conn: connection, secrets: dict[str, str], name: str, answer: Answer, final: bool, cause: Cause
) -> None:
    result, _ = send(conn, name, secrets, answer)
    assert isinstance(result, Refused), result
    assert (result.final, result.cause) == (final, cause)
    assert len(result.why.split()) > 4


@pytest.mark.parametrize("name", sorted(APIS))
def test_an_answer_from_another_world_is_neither_taken_nor_final(
    conn: connection, secrets: dict[str, str], name: str
) -> None:
    for body in ("<html>Please log in</html>", "{}", "[]", "", '{"error": null, "smsSent": null}', '{"error": 10}'):
        result, _ = send(conn, name, secrets, Answer(200, body))
        assert isinstance(result, Refused), body
        assert not result.final, body


def test_a_template_that_has_no_id_asks_nobody(conn: connection, secrets: dict[str, str]) -> None:
    with ApiServer(ready_apis.zalo) as server:
        provider = row(conn, "zalo_zns", server.url)._replace(options={"template_id_answered": "302"})
        result = DRIVERS["http"](provider, MESSAGE, secrets)
        assert result == Refused("sms_provider.options lacks template_id_missed", final=False, cause="setup")
        assert server.asked == []


def test_a_row_that_is_there_stays_as_it_is(conn: connection) -> None:
    with conn, conn.cursor() as cur:
        cur.execute("update sms_provider set timeout_seconds = 33 where name = 'VietGuys'")
    assert not ready.install(conn, "vietguys")
    with conn, conn.cursor() as cur:
        cur.execute(
            """select timeout_seconds, (select count(*) from sms_reply_rule where provider_id = p.id)
            from sms_provider p where name = 'VietGuys'"""
        )
        assert cur.fetchone() == (33, 3)


def test_every_file_says_that_it_is_not_verified_and_where_it_is_from() -> None:
    assert {one.name for one in ready.known()} == APIS.keys()
    for one in ready.known():
        head = (ready.FOLDER / f"{one.name}.sql").read_text().replace("\n-- ", " ")
        assert "NOT VERIFIED against a live account" in head
        assert "http" in head


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


def test_the_command_lists_installs_and_says_what_is_left_to_do() -> None:
    def extgroup(*words: str) -> Any:
        return CliRunner().invoke(app, ["sms", "install", *words], env={"DATABASE_URL": url})

    with fresh_database() as url:
        assert "viettel" in extgroup().stdout
        first, again, wrong = extgroup("viettel"), extgroup("viettel"), extgroup("pigeon")
    assert (first.exit_code, again.exit_code, wrong.exit_code) == (0, 0, 2)
    assert "sms_provider Viettel: installed" in first.stdout
    assert "VIETTEL_USER, VIETTEL_PASSWORD, VIETTEL_CPCODE" in first.stdout
    assert "stays as it is" in again.stdout
    assert "there is no ready row pigeon; there are: stringee, vietguys, viettel, zalo_zns" in wrong.stderr
