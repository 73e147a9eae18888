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
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection, make_dsn

from deploy.postgres import Cluster, takes_logins
from deploy.wait import until
from sql import seed
from sql.migrate import migrate, migrations

_numbers: Final = count(1)
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - looked at before it is used
_ROOM: Final = 4 * 2**30  # bytes: the clusters of two test processes with all their WAL


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
        assert until(lambda: takes_logins(self.url), 20), "PostgreSQL did not start"

    def stop(self) -> None:
        """Stop it as the power would: connections end, nothing is said."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: "immediate shutdown"
            self._process.wait(20)
        self._process = None


@contextmanager
def server() -> Iterator[Server]:
    """Give the test a server of its own, not yet started."""
    home = Path(tempfile.mkdtemp(prefix="edge-pg-", dir=_folder()))
    own = Server(home)
    try:
        yield own
    finally:
        own.stop()
        shutil.rmtree(home)


def _folder() -> Path | None:
    """Return where a cluster is to lie: in memory where there is room: a new database costs a disk half a second."""
    try:
        return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ROOM else None
    except OSError:
        return None


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


@contextmanager
def seeded_database() -> Iterator[str]:
    """The same with the demo's company in it."""
    with fresh_database() as url:
        conn = psycopg2.connect(url)
        load_vcontact(conn)
        conn.close()
        yield url


def load_vcontact(conn: connection) -> None:
    """Write the demo's company; a second time changes nothing."""
    params: dict[str, str | int] = {"trunk_address": "127.0.0.10", "gateway_host": "127.0.0.20", "gateway_port": 5060}
    seed.load(conn, "vcontact", **params, sms_url="http://127.0.0.1:8080/send")


def ask(conn: connection, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a statement, [] where it has none; the transaction stays open."""
    with conn.cursor() as cur:
        cur.execute(statement, values or None)
        return cur.fetchall() if cur.description else []


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
