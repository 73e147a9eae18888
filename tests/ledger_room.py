"""A spool and a database of the test's own, the real writer between them."""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection

from deploy.wait import until
from kemi.ledger.room import Room
from kemi.ledger.writer import Writer
from kemi.spool.instance import Instance, claim_instance
from kemi.spool.sink import SpoolSink
from tests.database import fresh_database

NODE: Final = "test"
_CALLS: Final = """
    select c.id, c.outcome, c.reason, c.final_code, c.answered_leg, c.arrived_at, c.answered_at, c.ended_at, c.ended_by,
        c.ring_ms, c.talk_ms, c.caller_number, c.sip_call_id,
        (select array_agg((leg, attempt, member_number, outcome, code, rang_at, ended_at)::text order by leg)
         from call_leg where call_id = c.id),
        (select array_agg((member_number, kind, state, caller_number, called_at)::text order by member_number)
         from notification where call_id = c.id)
    from call c order by c.id
"""


class LedgerRoom:
    """What a test of the ledger has."""

    def __init__(self, var_dir: Path, url: str) -> None:
        self.var_dir, self.url = var_dir, url
        self.directory = var_dir / "spool"
        self.instance: Instance = claim_instance(self.directory, NODE)
        self.sink = SpoolSink(self.directory, NODE, self.instance.name)
        self.conn = psycopg2.connect(url)

    @property
    def file(self) -> Path:
        """The spool file of this process."""
        return self.directory / f"{self.instance.name}-{os.getpid()}.jsonl"

    def put(self, *events: Any) -> None:
        """Write events as a worker does."""
        for event in events:
            self.sink.put(event)

    def edge_dies(self) -> None:
        """From here on no process of this start is alive."""
        fcntl.flock(self.instance.fd, fcntl.LOCK_UN)

    @contextmanager
    def writer(self, url: str | None = None, **options: Any) -> Iterator[Writer]:
        """A writer in this process, with a connection of its own."""
        conn = psycopg2.connect(url or self.url)
        try:
            yield Writer(conn, Room(self.directory), node=NODE, **options)
        finally:
            conn.close()

    def write_all(self, url: str | None = None) -> None:
        """Let a new writer record everything there is, and what follows from it."""
        with self.writer(url, grace_seconds=0) as writer:
            while writer.step():
                pass
            writer.tend()

    def rows(self, query: str, conn: connection | None = None) -> list[Any]:
        """The rows of a query, read in a transaction of their own."""
        conn = conn or self.conn
        with conn, conn.cursor() as cur:
            cur.execute(query)
            return cur.fetchall()

    def ledger(self) -> list[Any]:
        """Every call with its legs and notifications."""
        return self.rows(_CALLS)

    def undisturbed(self) -> list[Any]:
        """What the ledger says when one writer reads the same spool into an empty database, undisturbed."""
        with fresh_database() as url:
            self.write_all(url)
            conn = psycopg2.connect(url)
            try:
                return self.rows(_CALLS, conn)
            finally:
                conn.close()

    def process(self, *command: str, **env: str) -> subprocess.Popen[bytes]:
        """Start the writer, or `command` after python -m, as a process."""
        log = (self.var_dir / "writer.log").open("ab")
        base = {**os.environ, "DATABASE_URL": self.url, "VAR_DIR": str(self.var_dir), "NODE_NAME": NODE}
        arguments = command or ("kemi.ledger.writer",)
        with log:
            return subprocess.Popen([sys.executable, "-m", *arguments], env={**base, **env}, stderr=log)

    def log(self) -> str:
        """What the processes have logged."""
        return (self.var_dir / "writer.log").read_text()

    def wait_for_log(self, words: str) -> None:
        """Wait until a process has logged `words`."""
        assert until(lambda: words in self.log(), 20.0), self.log()

    def has_events(self, count: int) -> bool:
        """Wait until the ledger has this many events, not one more."""
        return until(lambda: self.rows("select count(*) from call_event") == [(count,)], 20.0)

    def until_all_read(self) -> bool:
        """Wait until the ledger has noted the end of this process's file."""
        return until(lambda: self.rows("select byte_offset from spool_file") == [(self.file.stat().st_size,)], 20.0)

    def until(self, query: str, within: float = 20.0) -> bool:
        """Wait until the one value of `query` is true."""
        return until(lambda: self.rows(query) == [(True,)], within)


@contextmanager
def ledger_room() -> Iterator[LedgerRoom]:
    """Give the test a room; nothing of it stays."""
    with tempfile.TemporaryDirectory(prefix="edge-ledger-") as var_dir, fresh_database() as url:
        room = LedgerRoom(Path(var_dir), url)
        try:
            yield room
        finally:
            room.conn.close()
            os.close(room.instance.fd)


@contextmanager
def running(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End `process` when the test is over, whatever happened."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(10)
