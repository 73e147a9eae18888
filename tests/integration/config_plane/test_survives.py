"""The config plane in trouble: the compiler killed, doubled, PostgreSQL away. Calls go on by the table as it is."""

import signal
from functools import partial
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection

from deploy.wait import until
from kemi.table.store import TableReader
from sql.migrate import migrate, migrations
from tests.database import load_vcontact, server
from tests.integration.config_plane.room import (
    NUMBER,
    PATIENT,
    Compiler,
    rings,
    sql,
    the,
)


def test_sigterm_ends_it_with_0_and_the_table_stays(compiler: Compiler, table: TableReader) -> None:
    assert compiler.end() == 0
    assert the(table).refusal is None


def test_a_killed_compiler_finds_what_it_missed(compiler: Compiler, conn: connection, table: TableReader) -> None:
    for seconds in range(10, 15):
        sql(conn, "update external_group set ring_seconds = %s", seconds)
        compiler.end(signal.SIGKILL)
        assert the(table).refusal is None
        compiler.start()
        assert until(partial(rings, table, seconds), PATIENT)


def test_a_second_compiler_waits_until_the_first_is_gone(
    compiler: Compiler, conn: connection, table: TableReader, url: str, tmp_path: Path
) -> None:
    second = Compiler(url, tmp_path)
    second.start()
    assert second.says("the routing table cannot be written")
    compiler.end()
    assert second.says("table ready", times=2)
    sql(conn, "update external_group set ring_seconds = 9")
    assert until(lambda: rings(table, 9), PATIENT)
    assert second.end() == 0


def test_postgresql_may_be_down_at_start_and_at_any_moment(tmp_path: Path) -> None:
    """Calls go on by the table as it is; the compiler comes back by itself, with what it missed."""
    table = TableReader(tmp_path / "table")
    with server() as postgres:
        compiler = Compiler(postgres.url, tmp_path)
        compiler.start()
        try:
            assert compiler.says("calls go on by the table as it is")
            assert not compiler.is_ready

            postgres.start()  # an empty database: not migrated yet
            assert compiler.says("does not exist")
            conn = psycopg2.connect(postgres.url)
            migrate(conn, migrations(), say=lambda _: None)
            conn.close()
            conn = psycopg2.connect(postgres.url)
            load_vcontact(conn)
            assert until(lambda: compiler.is_ready, PATIENT)
            assert until(lambda: table.hotline(NUMBER) is not None, PATIENT)

            conn.close()
            postgres.stop()
            assert compiler.says("calls go on by the table as it is", times=3)
            assert the(table).refusal is None

            postgres.start()
            conn = psycopg2.connect(postgres.url)
            sql(conn, "update external_group set ring_seconds = 9")
            conn.commit()
            conn.close()
            assert until(lambda: rings(table, 9), PATIENT)
        finally:
            assert compiler.end() == 0
    table.close()
