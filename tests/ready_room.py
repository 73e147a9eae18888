"""Ready rows as they are installed, each with the provider that it speaks to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor

from sms.providers import DRIVERS, Message, Result
from sms.providers.kinds import Provider, Rule
from sql import ready
from tests import ready_apis
from tests.database import fresh_database
from tests.ready_apis import SECRETS, ZALO_TOKEN
from tests.sms_apis import Answer, Api, ApiServer

TEXT: Final = "(Cà phê & Đá) Ban da bi nho 1 cuoc goi tu so 0909789846. <Vui> \"long\" 'x' lien he lai"
WORDS: Final = {
    "kind": "missed", "brand": 'Cà phê "&" Đá', "caller": "0909789846", "time": "19:09", "date": "19/09/2019",
}  # fmt: skip
MESSAGE: Final = Message(7, "0844441909", "+84844441909", TEXT, "vContact", "0123456789abcdef0123456789abcdef-0", WORDS)
APIS: Final[Mapping[str, Api]] = {
    "vietguys": ready_apis.vietguys,
    "stringee": ready_apis.stringee,
    "viettel": ready_apis.viettel,
    "zalo_zns": ready_apis.zalo,
}


@contextmanager
def installed() -> Iterator[connection]:
    """Give a database with all ready rows."""
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


def secrets_in(folder: Path) -> dict[str, str]:
    """Write the files and return the variables that the rows need."""
    (folder / "zalo_access_token").write_text(ZALO_TOKEN + "\n")
    return {**SECRETS, "SECRETS_DIR": str(folder)}


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
