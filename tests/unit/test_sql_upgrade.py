"""A database with calls in it goes from 0006 to now: what was there means what it meant."""

from collections.abc import Iterator
from typing import Any, Final

import psycopg2
import pytest
from psycopg2.extensions import connection

from sql.migrate import migrate, migrations
from tests.database import fresh_database

OLD: Final = """
    insert into plan (id, name) values (1, 'p');
    insert into tenant (id, name, brand, plan_id) values (1, 't', 'v', 1);
    insert into call (id, node, instance, tenant_id, sip_call_id, arrived_at, outcome, caller_number,
        caller_withheld, dialled)
    values ('ringing', 'n', 'i', 1, 'x', now(), 'ringing', '+84909789846', false, '+842727777787'),
           ('hidden', 'n', 'i', 1, 'x', now(), 'missed', null, true, '+842727777787'),
           ('refused', 'n', 'i', null, 'x', now(), 'refused', '+84909789846', false, '0999');
    insert into call_leg (call_id, leg, attempt, member_id, member_number, outcome)
    values ('hidden', 0, 0, 1, '+84844441909', 'cancelled');
    insert into call_event (event_id, call_id, kind, at, mono_ns, instance, node, body)
    values ('e.1', 'hidden', 'missed', now(), 1, 'i', 'n', '{}');
    insert into notification (id, call_id, tenant_id, member_id, member_number, kind, state, called_at)
    values (1, 'hidden', 1, 1, '+84844441909', 'missed', 'withheld', now()),
           (2, 'ringing', 1, 1, '+84844441909', 'missed', 'queued', now());
    insert into notification_attempt (notification_id, reply) values (2, 'x')
"""
TABLES: Final = ("tenant", "call", "call_leg", "call_event", "notification", "notification_attempt")


@pytest.fixture
def conn() -> Iterator[connection]:
    """A database of version 0006 with data in it."""
    with fresh_database(migrated=False) as url:
        conn = psycopg2.connect(url)
        migrate(conn, migrations()[:6], silent)
        ask(conn, OLD)
        yield conn
        conn.close()


def silent(_: str) -> None:
    """Say nothing."""


def ask(conn: connection, statement: str) -> list[tuple[Any, ...]]:
    with conn, conn.cursor() as cur:
        cur.execute(statement)
        return cur.fetchall() if cur.description else []


def all_rows(conn: connection) -> dict[str, list[tuple[Any, ...]]]:
    return {table: ask(conn, f"select to_jsonb(t) from {table} t order by 1") for table in TABLES}  # noqa: S608


def test_no_row_is_lost_and_no_value_changes(conn: connection) -> None:
    before = all_rows(conn)
    migrate(conn, migrations(), silent)
    after = all_rows(conn)
    for table in TABLES:
        assert [{key: new[key] for key in old} for (old,), (new,) in zip(before[table], after[table], strict=True)] == [
            old for (old,) in before[table]
        ]


def test_what_is_new_begins_with_its_default(conn: connection) -> None:
    """As it was: nobody is told of withheld numbers; nothing is purged that is younger than a year, SMS 90 days."""
    migrate(conn, migrations(), silent)
    assert ask(conn, "select withheld_sms, keep_calls_days, keep_sms_days from tenant") == [("none", 365, 90)]
    assert ask(
        conn, "select distinct withheld_sms, purged_at, min_talk_seconds, false_answer, confirm_at from call"
    ) == [("none", None, 0, False, None)]


def test_an_edge_of_the_version_before_writes_on(conn: connection) -> None:
    """It knows nothing of the new columns; both versions run for the moment of an upgrade."""
    migrate(conn, migrations(), silent)
    ask(conn, "insert into tenant (id, name, brand, plan_id) values (2, 'u', 'v', 1)")
    ask(conn, "insert into call (id, node, instance, sip_call_id, arrived_at, outcome)"
        " values ('later', 'n', 'i', 'x', now(), 'missed')")  # fmt: skip
    assert ask(conn, "select withheld_sms, purged_at from call where id = 'later'") == [("none", None)]
