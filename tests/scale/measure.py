"""Everything at one size: rows, the first compilation, readers, changes, a restart."""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg2

from kemi.table.store import TableReader
from tests.database import fresh_database
from tests.scale import changes, reader, world
from tests.scale.compiler import Compiler
from tests.scale.figures import Figure

Look = Callable[[str, int, int], None]  # what is done, how much of it, of how much


def measured(hotlines: int, lookups: int, samples: int, look: Look) -> Figure:
    """Return the figures of one size, in a database and a VAR_DIR that are gone afterwards. Raises `CompilerDied`."""
    with (
        fresh_database() as url,
        tempfile.TemporaryDirectory(prefix="scale-") as folder,
        closing(psycopg2.connect(url)) as conn,
    ):
        return _measured(url, conn, Path(folder), hotlines, lookups, samples, look)


def _measured(
    url: str, conn: psycopg2.extensions.connection, var: Path, hotlines: int, lookups: int, samples: int, look: Look
) -> Figure:
    compiler, table, records = Compiler(url, var), var / "table", world.entries(hotlines)
    began = time.monotonic()
    conn.autocommit = True
    world.write(conn, hotlines, lambda done: look("rows", done, hotlines))
    conn.autocommit = False
    rows_seconds = time.monotonic() - began
    try:
        build = compiler.build(lambda done: look("build", done, records))
        if (found := compiler.records()) < records:
            raise ValueError(f"the table has {found} records, {records} are in the database")
        look("lookups", 0, 1)
        reading = reader.measured(table, hotlines, lookups)
        arrival = changes.arrivals(conn, table, compiler, hotlines, samples, partial(look, "changes"))
        behind = changes.behind_long_ms(conn, table, compiler, hotlines)
        compiler.weigh()
        peak = compiler.peak_mib
        compiler.end()
        look("one row of each kind", 0, 1)
        recompiled = changes.recompiled(conn, url, table, hotlines)
        caught_up = _caught_up(conn, compiler, table)
    finally:
        compiler.end()
    size = (table / "data.mdb").stat().st_size / 2**20
    return Figure(
        hotlines,
        hotlines * world.MEMBERS,
        rows_seconds,
        build,
        caught_up,
        size,
        peak,
        reading,
        arrival,
        behind,
        recompiled,
    )


def _caught_up(conn: psycopg2.extensions.connection, compiler: Compiler, table: Path) -> float:
    """Return the seconds from a compiler's start until a change made while it was away is read."""
    changes.change(conn, "plan", 0)
    conn.commit()
    with closing(TableReader(table)) as worker:
        before = worker.plan(1)
        began = time.monotonic()
        compiler.start()
        compiler.until(lambda: worker.plan(1) != before, worker.look, 0.01)
        return time.monotonic() - began
