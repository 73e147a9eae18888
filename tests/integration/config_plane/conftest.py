"""The room of the config plane: a seeded database, the compiler as a process, a reader in this one. No Kamailio."""

from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import connection

from kemi.table.store import TableReader
from tests.database import fresh_database, load_vcontact
from tests.integration.config_plane.room import Compiler


@pytest.fixture(autouse=True)
def log_since() -> None:
    """Stand in for the fixture of this name next door, which starts a whole edge."""


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as url:
        yield url


@pytest.fixture
def conn(url: str) -> Iterator[connection]:
    """The operator: what he executes is committed at once. The seed is there."""
    conn = psycopg2.connect(url)
    load_vcontact(conn)
    conn.autocommit = True
    yield conn
    conn.close()


@pytest.fixture
def stopped(url: str, tmp_path: Path) -> Iterator[Compiler]:
    compiler = Compiler(url, tmp_path)
    yield compiler
    compiler.end()


@pytest.fixture
def compiler(conn: connection, stopped: Compiler) -> Compiler:
    """The compiler, running and ready."""
    assert not conn.closed
    stopped.start()
    assert stopped.says("table ready: 1 hotlines")
    return stopped


@pytest.fixture
def table(tmp_path: Path) -> Iterator[TableReader]:
    reader = TableReader(tmp_path / "table")
    yield reader
    reader.close()
