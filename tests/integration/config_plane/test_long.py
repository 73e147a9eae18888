"""Long changes: a statement on many rows holds up nobody, and nothing that grows with it is kept."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import connection

from kemi.table.follower import Follower
from kemi.table.rows import Rows
from kemi.table.store import TableWriter
from kemi.table.sync import connect
from tests.integration.config_plane.room import sql
from tests.integration.config_plane.test_agrees import WORLD, compiled_anew, records

MANY = "update external_group set ring_seconds = 77"


@pytest.fixture
def operator(url: str) -> Iterator[connection]:
    """Who writes to a small world; committed at once."""
    conn = psycopg2.connect(url)
    conn.autocommit = True
    sql(conn, WORLD)
    yield conn
    conn.close()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[TableWriter]:
    with TableWriter(tmp_path / "live") as writer:
        yield writer


@pytest.fixture
def follower(url: str, operator: connection, writer: TableWriter) -> Iterator[Follower]:
    """Everything is compiled; whatever is more than one group is long from now on."""
    assert not operator.closed
    conn = connect(url)
    follower = Follower(conn, writer)
    follower.compile_all()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("kemi.table.rows.PAGE", 1)
        yield follower
    conn.close()


def agrees(writer: TableWriter, url: str, directory: Path) -> bool:
    conn = connect(url)
    anew = compiled_anew(conn, directory / "anew")
    conn.close()
    return records(writer) == anew


def calls_of(name: str, patched: pytest.MonkeyPatch, first: Callable[[], None]) -> list[object]:
    """What a method of `Rows` is called with; before the second call `first` happens."""
    real, calls = getattr(Rows, name), list[object]()

    def spied(rows: Rows, what: object) -> object:
        if len(calls) == 1:
            first()
        calls.append(what)
        return real(rows, what)

    patched.setattr(Rows, name, spied)
    return calls


def test_a_change_in_the_middle_of_a_long_one_does_not_wait_for_its_end(
    operator: connection,
    follower: Follower,
    writer: TableWriter,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Four groups change at once; after the first of them another one does, alone, and comes before the rest."""
    sql(operator, MANY)
    calls = calls_of(
        "groups", monkeypatch, lambda: sql(operator, "update external_group set enabled = false where id = 4")
    )
    follower.compile_changes()
    groups = [each for each in calls if each]
    assert len(groups) == 5
    assert [4] in groups[1:3]
    assert agrees(writer, url, tmp_path)


def test_a_group_that_goes_in_a_long_change_goes_after_those_who_led_to_it(
    operator: connection, follower: Follower, writer: TableWriter, url: str, tmp_path: Path
) -> None:
    """No hotline leads to a group that is not there, at any moment."""
    told: list[set[bytes]] = []
    apply = writer.apply
    writer.apply = lambda changes: told.append(set(changes)) or apply(changes)  # type: ignore[method-assign, func-returns-value]
    sql(
        operator,
        "begin; update hotline set external_group_id = null; update external_group set name = name || '!';"
        "delete from external_group where id = 2; commit",
    )
    follower.compile_changes()
    order = [key for keys in told for key in sorted(keys)]
    assert order.index(b"G:2") > max(place for place, key in enumerate(order) if key.startswith(b"h:"))
    assert agrees(writer, url, tmp_path)


def test_more_changes_than_are_read_at_once_mean_that_every_row_is(
    operator: connection,
    follower: Follower,
    writer: TableWriter,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their number is not bounded by anything; what is read of them is."""
    monkeypatch.setattr("kemi.table.rows.MOST_CHANGES", 2)
    monkeypatch.setattr("kemi.table.follower.MOST_CHANGES", 2)
    pages = calls_of("group_page", monkeypatch, lambda: None)
    sql(operator, MANY)
    assert follower.compile_changes() == 3
    assert pages
    assert agrees(writer, url, tmp_path)


def test_a_change_is_compiled_once_however_long_an_older_transaction_is_open(
    operator: connection, follower: Follower, writer: TableWriter, url: str, tmp_path: Path
) -> None:
    """And what that one changes is found when it commits, though its number is the lower one."""
    older = psycopg2.connect(url)
    sql(older, "update external_group set enabled = false where id = 1")
    sql(operator, "update external_group set ring_seconds = 9 where id = 2")
    assert follower.compile_changes() == 1
    assert follower.compile_changes() == 0
    older.commit()
    older.close()
    assert follower.compile_changes() == 1
    assert agrees(writer, url, tmp_path)


def test_what_an_earlier_version_noted_is_understood(
    operator: connection, follower: Follower, writer: TableWriter, url: str
) -> None:
    """It noted a transaction's number, not a snapshot."""
    with operator.cursor() as cur:
        cur.execute("select pg_current_xact_id()::text")
        writer.keep_horizon(str((cur.fetchone() or [""])[0]))
    sql(operator, "update external_group set ring_seconds = 9 where id = 2")
    conn = connect(url)
    assert Follower(conn, writer).compile_changes() == 1
    conn.close()
    assert follower.compile_changes() == 1


def test_what_went_while_nobody_looked_is_found_page_by_page(
    operator: connection, follower: Follower, writer: TableWriter, url: str, tmp_path: Path
) -> None:
    """Rows deleted without a line in routing_change, as after a restored backup."""
    for table in ("hotline", "external_group", "group_member", "tenant"):
        sql(operator, f"alter table {table} disable trigger user")
    sql(operator, "delete from group_member")
    sql(operator, "update hotline set external_group_id = null")
    sql(operator, "delete from external_group where id > 1")
    sql(operator, "delete from hotline where id > 1 and id not in (select outbound_hotline_id from external_group)")
    sql(operator, "delete from tenant where id not in (select tenant_id from hotline)")
    assert follower.compile_changes() == 0
    follower.compile_all()
    assert agrees(writer, url, tmp_path)
