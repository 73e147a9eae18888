"""`python -m kemi.table.sync`: keeps the routing table at what PostgreSQL says.

    connect ──> compile everything ──> wait for NOTIFY, at most POLL_SECONDS ──> compile what changed ──┐
       ^                                        └───────────────────────────────────────────────────────┘
       └── any error: say so, wait RETRY_SECONDS. Meanwhile calls go on by the table as it is.

A change is found by its transaction, not by its id or time: what was under way at the last look, and so could
not be seen, has an xid at or above that look's horizon. Compiling a change twice does no harm.
Environment: DATABASE_URL, VAR_DIR (the table is `VAR_DIR/table`), LOG_LEVEL. Ends on SIGTERM.
"""

import logging
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn

import lmdb
import msgspec
import psycopg2
from psycopg2.extensions import connection, set_wait_callback
from psycopg2.extras import wait_select

from kemi.domain.model import TrunkAddress
from kemi.errors import TableUnavailable
from kemi.table.rows import Change, Records, Rows, pages
from kemi.table.store import TableWriter
from sql.named import queries

POLL_SECONDS: Final = 2.0  # a NOTIFY that was missed costs no more
RETRY_SECONDS: Final = 1.0
FORGET_SECONDS: Final = 3600.0  # between two clearings of old lines in routing_change
_PROBLEMS_SHOWN: Final = 20

log = logging.getLogger("table")


class Sync:
    """Brings what is in the database into the table. One connection, one writer, no thread."""

    def __init__(self, conn: connection, writer: TableWriter) -> None:
        self._conn = conn
        self._writer = writer
        self._horizon = ""
        self._done: set[int] = set()  # changes at or above the horizon that are compiled
        self._priorities: dict[int, int] = {}

    def compile_all(self) -> int:
        """Make the table equal to the database, writing only what differs; return the number of hotlines."""
        with self._snapshot() as rows:
            horizon, wanted = rows.horizon(), set[bytes]()
            self._priorities = rows.priorities()
            problems: list[str] = []
            for records in (rows.plans(), rows.tenants(), rows.gateways()):
                wanted |= self._write(records)
            hotlines = 0
            for numbers in rows.all_numbers():
                records, found = rows.hotlines(numbers)
                wanted |= self._write(records)
                problems += found
                hotlines += len(numbers)
            # Last, so that a table built for the first time takes calls only when they have somewhere to go.
            wanted |= self._write(rows.trunk_addresses())
            for prefix in (b"a:", b"h:", b"t:", b"p:", b"g:"):
                self._write({key: None for key, _ in self._writer.items(prefix) if key not in wanted})
            self._writer.finish()
        self._horizon, self._done = horizon, set()
        _tell(problems)
        return hotlines

    def compile_changes(self) -> int:
        """Compile what has changed since the last look; return how many lines of `routing_change` were new."""
        with self._snapshot() as rows:
            horizon = rows.horizon()
            changes = rows.changes(self._horizon)
            new = [change for change in changes if change.id not in self._done]
            if any(change.kind == "everything" for change in new):
                self._conn.rollback()
                self.compile_all()
                return len(new)
            self._compile(rows, new)
        self._horizon, self._done = horizon, {change.id for change in changes}
        return len(new)

    def forget_changes(self) -> None:
        """Delete the lines of `routing_change` that nobody needs any more."""
        with self._conn, self._conn.cursor() as cur:
            cur.execute("set transaction isolation level read committed, read write")
            cur.execute(queries("compiler")["forget_changes"])

    def listen(self) -> None:
        """Ask to be woken by a change."""
        with self._conn, self._conn.cursor() as cur:
            cur.execute("listen routing_change")

    def wait(self, seconds: float) -> None:
        """Return when a change is announced, or after `seconds`."""
        if not self._conn.notifies:
            select.select([self._conn], [], [], seconds)
        self._conn.poll()
        self._conn.notifies.clear()

    def _compile(self, rows: Rows, changes: list[Change]) -> None:
        keys: dict[str, list[int]] = {}
        for change in changes:
            keys.setdefault(change.kind, []).append(change.key)
        for kind, read in (("plan", rows.plans), ("tenant", rows.tenants), ("gateway", rows.gateways)):
            if kind in keys:
                self._write(read(keys[kind]))
        if "trunk" in keys:
            self._write(self._trunk_addresses(rows, keys["trunk"]))
        moved = self._moved_gateways(rows) if "gateway" in keys else []
        numbers = [f"+{digits}" for digits in keys.get("number", ())]
        problems: list[str] = []
        if numbers or moved or "external_group" in keys:
            for page in pages(rows.affected(numbers, keys.get("external_group", []), moved)):
                records, found = rows.hotlines(page)
                self._write(records)
                problems += found
        _tell(problems)

    def _trunk_addresses(self, rows: Rows, ids: list[int]) -> Records:
        owner = msgspec.msgpack.Decoder(TrunkAddress)
        records: Records = {
            key: None for key, value in self._writer.items(b"a:") if owner.decode(value).trunk_id in ids
        }
        records.update(rows.trunk_addresses(ids))
        return records

    def _moved_gateways(self, rows: Rows) -> list[int]:
        before, self._priorities = self._priorities, rows.priorities()
        return [row_id for row_id, priority in self._priorities.items() if before.get(row_id) != priority]

    def _write(self, records: Records) -> set[bytes]:
        self._writer.apply(records)
        return set(records)

    @contextmanager
    def _snapshot(self) -> Iterator[Rows]:
        try:
            yield Rows(self._conn)
        finally:
            if not self._conn.closed:
                self._conn.rollback()


def connect(url: str) -> connection:
    """Connect for reading, so that a server that vanished without a word is noticed. Raises `psycopg2.Error`."""
    conn = psycopg2.connect(
        url,
        connect_timeout=5,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=20_000,  # ms
        application_name="external-groups table",
    )
    conn.set_session(isolation_level="REPEATABLE READ", readonly=True)
    return conn


class Stop:
    """SIGTERM and SIGINT: remembered, and raised so that nothing is waited for.

    Raising alone is not enough: taking a connection down in the middle of a statement raises an error of its own.
    An LMDB transaction under way is undone, a PostgreSQL one only reads.
    """

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def _hear(self, _signal: int, _frame: object) -> NoReturn:
        self.asked = True
        raise SystemExit(0)


def keep(url: str, writer: TableWriter, ready: Path, stop: Stop) -> None:
    """Compile everything, then every change, until asked to stop. Raises `psycopg2.Error` and `lmdb.Error`."""
    conn = connect(url)
    try:
        sync = Sync(conn, writer)
        sync.listen()  # before the snapshot, so that nothing falls in between
        hotlines = sync.compile_all()
        print(f"table ready: {hotlines} hotlines", file=sys.stderr, flush=True)
        ready.parent.mkdir(parents=True, exist_ok=True)
        ready.touch()
        forget_at = 0.0
        while not stop.asked:
            if time.monotonic() >= forget_at:
                _forget(sync)
                forget_at = time.monotonic() + FORGET_SECONDS
            sync.wait(POLL_SECONDS)
            new = sync.compile_changes()
            if new:
                log.info("compiled changes=%d", new)
            writer.free_dead_readers()
    finally:
        conn.close()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(name)s: %(message)s")
    stop = Stop()
    set_wait_callback(wait_select)  # or a server that hangs would keep us from hearing SIGTERM
    url, var = os.environ["DATABASE_URL"], Path(os.environ["VAR_DIR"])
    while not stop.asked:
        try:
            with TableWriter(var / "table") as writer:
                keep(url, writer, var / "run" / "table.ready", stop)
        except (psycopg2.Error, lmdb.Error, TableUnavailable) as error:
            if stop.asked:
                return
            words = " ".join(str(error).split())
            log.warning("calls go on by the table as it is, trying again in %g s: %s", RETRY_SECONDS, words)
        time.sleep(RETRY_SECONDS)


def _forget(sync: Sync) -> None:
    try:
        sync.forget_changes()
    except psycopg2.OperationalError:
        raise
    except psycopg2.Error as error:  # such as a role that may only read: somebody else will
        log.warning("old lines of routing_change stay: %s", " ".join(str(error).split()))


def _tell(problems: list[str]) -> None:
    for problem in problems[:_PROBLEMS_SHOWN]:
        log.warning("%s", problem)
    if len(problems) > _PROBLEMS_SHOWN:
        log.warning("and %d problems more", len(problems) - _PROBLEMS_SHOWN)


if __name__ == "__main__":
    main()
