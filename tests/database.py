"""A real PostgreSQL for tests: one private cluster a session, and `fresh_database()` in it for whoever asks."""

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

import psycopg2
from psycopg2.extensions import make_dsn

from deploy.postgres import Cluster
from deploy.wait import until
from sql.migrate import migrate, migrations

_numbers: Final = count(1)


class Server:
    """A PostgreSQL server of the test's own, that it may stop and start."""

    def __init__(self, home: Path) -> None:
        self._cluster = Cluster(home)
        self._cluster.prepare()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of its first database, empty at first."""
        return self._cluster.url

    def start(self) -> None:
        """Start it; it takes connections when this returns."""
        self._process = subprocess.Popen(self._cluster.command(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        assert until(lambda: _answers(self.url), 20), "PostgreSQL did not start"

    def stop(self) -> None:
        """Stop it as the power would: connections end, nothing is said."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: "immediate shutdown"
            self._process.wait(20)
        self._process = None


@contextmanager
def server() -> Iterator[Server]:
    """Give the test a server of its own, not yet started."""
    home = Path(tempfile.mkdtemp(prefix="edge-pg-"))
    own = Server(home)
    try:
        yield own
    finally:
        own.stop()
        shutil.rmtree(home)


@contextmanager
def fresh_database(*, migrated: bool = True) -> Iterator[str]:
    """Yield the URL of a new database, with all migrations or empty; it is dropped afterwards."""
    name, template = f"test_{next(_numbers)}", "migrated" if migrated else "template0"
    main = _session_server().url
    _execute(main, f"create database {name} template {template}")
    try:
        yield make_dsn(main, dbname=name)
    finally:
        assert until(lambda: _dropped(main, name), 20), f"{name} cannot be dropped"


@cache
def _session_server() -> Server:
    scope = server()
    own = scope.__enter__()
    atexit.register(scope.__exit__, None, None, None)
    own.start()
    _execute(own.url, "create database migrated")
    conn = psycopg2.connect(own.url, dbname="migrated")
    migrate(conn, migrations(), say=lambda _: None)
    conn.close()
    return own


def _execute(url: str, statement: str) -> None:
    conn = psycopg2.connect(url)
    conn.autocommit = True
    with conn.cursor() as cur:
        cur.execute(statement)
    conn.close()


def _dropped(main: str, name: str) -> bool:
    try:
        _execute(main, f"drop database {name} with (force)")
    except (
        psycopg2.errors.InsufficientPrivilege
    ):  # an autovacuum worker is in it, and not ours to end: it ends by itself
        return False
    return True


def _answers(url: str) -> bool:
    try:
        psycopg2.connect(url).close()
    except psycopg2.OperationalError:
        return False
    return True
