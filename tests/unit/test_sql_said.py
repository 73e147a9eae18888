"""What is said of an error: its message, its rule, its hint, and never the row."""

from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import connection

from sql.said import said
from tests.database import fresh_database

ROW = "insert into sms_provider (name, url, method) values ({})"
REFUSED = {
    ROW.format("'s3cr3t', 'https://a', 'HAVE'"): "violates check constraint",
    ROW.format("null, 'https://s3cr3t', 'GET'"): 'null value in column "name"',
    ROW.format("'s3cr3t', 'https://b', 'GET'), ('s3cr3t', 'https://b', 'GET'"): "duplicate key",
    ROW.format("'s3cr3t', 'https://a', 'GET') returning (nothing"): 'column "nothing" does not exist',
}


@pytest.fixture
def conn() -> Iterator[connection]:
    with fresh_database() as url:
        conn = psycopg2.connect(url)
        yield conn
        conn.close()


@pytest.mark.parametrize(("statement", "words"), REFUSED.items())
def test_postgresql_s_words_without_the_row(conn: connection, statement: str, words: str) -> None:
    with pytest.raises(psycopg2.Error) as found, conn.cursor() as cur:
        cur.execute(statement)
    assert "s3cr3t" in str(found.value)
    assert words in said(found.value)
    assert "s3cr3t" not in said(found.value)
    assert "\n" not in said(found.value)


def test_rule_and_hint_are_said(conn: connection) -> None:
    with pytest.raises(psycopg2.Error) as found, conn.cursor() as cur:
        cur.execute("do $$ begin raise exception 'no' using hint = 'say yes', constraint = 'it_is_yes'; end $$")
    assert said(found.value) == "no (it_is_yes). say yes"


def test_without_a_server_libpq_s_own_words_are_said() -> None:
    with pytest.raises(psycopg2.Error) as found:
        psycopg2.connect("postgresql://127.0.0.1:9/x")
    assert "onnection refused" in said(found.value)


def test_of_anything_else_all_is_said() -> None:
    assert said(ValueError("one\ntwo")) == "one\ntwo"
