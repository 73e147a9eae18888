"""The migrations runner: forward only, each file whole or not at all, two at once are safe."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection

from sql.migrate import Migration, MigrationError, migrate, migrations
from tests.database import fresh_database

ONE = Migration("0001_one", "create table one (x int);", "")
TWO = Migration("0002_two", "create table two (x int);", "")


@pytest.fixture
def empty() -> Iterator[str]:
    with fresh_database(migrated=False) as url:
        yield url


@pytest.fixture
def conn(empty: str) -> Iterator[connection]:
    conn = psycopg2.connect(empty)
    yield conn
    conn.close()


def silent(_: str) -> None:
    """Say nothing."""


def ask(conn: connection, statement: str) -> Any:
    with conn, conn.cursor() as cur:
        cur.execute(statement)
        row = cur.fetchone()
    return None if row is None else row[0]


def test_what_is_pending_is_applied_once_and_in_order(conn: connection) -> None:
    assert migrate(conn, [ONE], silent) == ["0001_one"]
    assert migrate(conn, [ONE, TWO], silent) == ["0002_two"]
    assert migrate(conn, [ONE, TWO], silent) == []


def test_it_says_what_it_did(conn: connection) -> None:
    said: list[str] = []
    migrate(conn, [ONE, TWO], said.append)
    assert said == ["applied 0001_one", "applied 0002_two", "2 applied, 2 in all"]


def test_a_file_that_fails_is_undone_as_a_whole_and_the_ones_before_it_stay(conn: connection) -> None:
    broken = Migration("0002_broken", "create table half (x int); select 1 / 0;", "")
    with pytest.raises(psycopg2.errors.DivisionByZero):
        migrate(conn, [ONE, broken], silent)
    assert ask(conn, "select to_regclass('one')") == "one"
    assert ask(conn, "select to_regclass('half')") is None
    assert migrate(conn, [ONE, TWO], silent) == ["0002_two"]


def test_a_migration_that_does_not_do_what_its_verification_says_is_undone(conn: connection) -> None:
    wrong = ONE._replace(verification="select missing from one")
    with pytest.raises(psycopg2.errors.UndefinedColumn):
        migrate(conn, [wrong], silent)
    assert ask(conn, "select to_regclass('one')") is None


def test_what_a_verification_writes_is_taken_back(conn: connection) -> None:
    migrate(conn, [ONE._replace(verification="insert into one values (1)")], silent)
    assert ask(conn, "select count(*) from one") == 0


def test_an_applied_file_that_was_edited_is_refused_by_name(conn: connection) -> None:
    migrate(conn, [ONE], silent)
    with pytest.raises(MigrationError, match=r"changed after it was applied: 0001_one"):
        migrate(conn, [ONE._replace(statements="create table another (x int);"), TWO], silent)
    assert ask(conn, "select to_regclass('two')") is None


def test_a_database_newer_than_the_program_is_refused(conn: connection) -> None:
    migrate(conn, [ONE, TWO], silent)
    with pytest.raises(MigrationError, match=r"newer than this program: it has 0002_two"):
        migrate(conn, [ONE], silent)


def write(directory: Path, *names: str) -> None:
    (directory / "migrations").mkdir()
    for name in names:
        (directory / "migrations" / name).write_text("select 1")


def test_numbers_may_be_left_out_but_not_used_twice(tmp_path: Path) -> None:
    write(tmp_path, "0007_b.sql", "0002_a.sql")
    assert [one.name for one in migrations(tmp_path)] == ["0002_a", "0007_b"]
    (tmp_path / "migrations" / "0007_c.sql").write_text("select 1")
    with pytest.raises(MigrationError, match=r"0007_b and 0007_c have one number"):
        migrations(tmp_path)


def test_a_file_without_a_number_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "second.sql")
    with pytest.raises(MigrationError, match=r"second.sql should begin with its number"):
        migrations(tmp_path)


def test_every_migration_has_its_verification_and_says_why_when_locks_requires() -> None:
    for one in migrations():
        assert one.verification, f"{one.name} is not verified"
        heads = [line.split(":")[0] for line in one.statements.splitlines() if line.startswith("-- ")]
        assert {"-- why", "-- when", "-- locks", "-- requires"} <= set(heads), one.name


def test_four_at_once_apply_each_migration_once(empty: str) -> None:
    """Real processes against one empty database: all succeed, each file is applied by exactly one of them."""
    command = [sys.executable, "-m", "sql.migrate"]
    env = {**os.environ, "DATABASE_URL": empty}
    at_once = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=60)[0] for process in at_once]
    assert [process.returncode for process in at_once] == [0, 0, 0, 0]
    applied = [line for out in said for line in out.splitlines() if line.startswith("migrate: applied")]
    assert sorted(applied) == [f"migrate: applied {one.name}" for one in migrations()]


def test_without_a_database_it_says_so_and_fails() -> None:
    env = {**os.environ, "DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    done = subprocess.run([sys.executable, "-m", "sql.migrate"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "refused" in done.stderr
