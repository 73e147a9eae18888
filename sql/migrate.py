"""`python -m sql.migrate`: bring the database at DATABASE_URL forward, and say what was done.

Forward only, each file of `sql/migrations/` in a transaction of its own together with its line in
`schema_migration`, and with its script in `sql/verify/`, whose own writes are taken back. Two at once are safe:
the second waits for the first and finds nothing to do (kemi/decisions/0004).
"""

import hashlib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import psycopg2
from psycopg2.extensions import connection

from sql.said import said

HERE: Final = Path(__file__).parent
_NUMBERED: Final = re.compile(r"[0-9]{4}_")
_LOCK: Final = 0x65676D6967726174  # "egmigrat": one migrator at a time, in this database
_BOOK: Final = """
create table if not exists schema_migration (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
);
comment on table schema_migration is 'The migrations applied to this database (sql/migrate.py).';
comment on column schema_migration.name is 'The file in sql/migrations, without .sql.';
comment on column schema_migration.checksum is 'SHA-256 of the file as applied: an applied file is never edited.';
comment on column schema_migration.applied_at is 'When it was applied.';
"""


class MigrationError(Exception):
    """The files and the database do not fit together; the text says how."""


class Migration(NamedTuple):
    """A file of `sql/migrations/`."""

    name: str
    statements: str
    verification: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the statements, in hex."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


def migrations(directory: Path = HERE) -> list[Migration]:
    """Read the migrations below `directory`, in order; numbers may be left out.

    Raises `MigrationError` for a name without a number and for a number that is there twice.
    """
    found: list[Migration] = []
    for file in sorted((directory / "migrations").glob("*.sql")):
        if not _NUMBERED.match(file.name):
            raise MigrationError(f"{file.name} should begin with its number: 0001_")
        if found and found[-1].name[:4] == file.name[:4]:
            raise MigrationError(f"{found[-1].name} and {file.stem} have one number")
        verify = directory / "verify" / file.name
        verification = verify.read_text(encoding="utf-8") if verify.exists() else ""
        found.append(Migration(file.stem, file.read_text(encoding="utf-8"), verification))
    return found


def migrate(conn: connection, wanted: list[Migration], say: Callable[[str], object] = print) -> list[str]:
    """Apply those of `wanted` that the database has not seen; return their names.

    Raises `MigrationError` where an applied file was changed or is unknown here, and `psycopg2.Error` where
    one fails: it is then undone as a whole, the ones before it stay.
    """
    conn.autocommit = True
    with conn.cursor() as cur:
        cur.execute("select pg_try_advisory_lock(%s)", (_LOCK,))
        if cur.fetchone() != (True,):
            say("another migration is under way; waiting for it")
            cur.execute("select pg_advisory_lock(%s)", (_LOCK,))
    try:
        pending = _pending(conn, wanted)
        conn.autocommit = False
        for one in pending:
            _apply(conn, one)
            say(f"applied {one.name}")
    finally:
        if not conn.closed:
            conn.rollback()
            conn.autocommit = True
            with conn.cursor() as cur:
                cur.execute("select pg_advisory_unlock(%s)", (_LOCK,))
    say(f"{len(pending)} applied, {len(wanted)} in all")
    return [one.name for one in pending]


def _pending(conn: connection, wanted: list[Migration]) -> list[Migration]:
    with conn.cursor() as cur:
        cur.execute("select to_regclass('schema_migration')")
        if cur.fetchone() == (None,):
            cur.execute(_BOOK)
        cur.execute("select name, checksum from schema_migration")
        applied = dict(cur.fetchall())
    unknown = sorted(set(applied) - {one.name for one in wanted})
    if unknown:
        raise MigrationError(f"the database is newer than this program: it has {', '.join(unknown)}")
    changed = [one.name for one in wanted if applied.get(one.name, one.checksum) != one.checksum]
    if changed:
        raise MigrationError(f"changed after it was applied: {', '.join(changed)}; write a new migration instead")
    return [one for one in wanted if one.name not in applied]


def _apply(conn: connection, one: Migration) -> None:
    with conn, conn.cursor() as cur:
        cur.execute(one.statements)
        if one.verification:
            cur.execute("savepoint verification")
            cur.execute(one.verification)
            cur.execute("rollback to savepoint verification")
        cur.execute("insert into schema_migration (name, checksum) values (%s, %s)", (one.name, one.checksum))


def main() -> int:
    """Migrate the database at DATABASE_URL; the exit status is 0 when it is up to date."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        print("migrate: DATABASE_URL is not set", file=sys.stderr)
        return 2
    try:
        conn = psycopg2.connect(url)
        try:
            migrate(conn, migrations(), lambda line: print(f"migrate: {line}", flush=True))
        finally:
            conn.close()
    except MigrationError as error:
        print(f"migrate: {error}", file=sys.stderr)
        return 1
    except psycopg2.Error as error:
        print(f"migrate: {said(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
