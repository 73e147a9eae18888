"""A ready row is installed by one command, speaks its provider's language and understands its answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import connection
from typer.testing import CliRunner

from deploy.desk.__main__ import app
from sms.messages import unaccented
from sms.providers import Accepted, Refused
from sms.providers.kinds import Cause
from sql import ready
from tests import ready_apis
from tests.database import fresh_database
from tests.ready_room import APIS, TEXT, installed, secrets_in, send
from tests.sms_apis import Answer


@pytest.fixture(scope="module")
def conn() -> Iterator[connection]:
    with installed() as conn:
        yield conn


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    return secrets_in(tmp_path)


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
