"""`python -m kemi.table.sync`: keeps the routing table at what PostgreSQL says.

    connect ──> compile everything ──> wait for NOTIFY, at most POLL_SECONDS ──> compile what changed ──┐
       ^                                        └───────────────────────────────────────────────────────┘
       └── any error: say so, wait RETRY_SECONDS. Meanwhile calls go on by the table as it is.

Environment: DATABASE_URL, VAR_DIR (the table is `VAR_DIR/table`, groups' sounds `VAR_DIR/sounds`), SIP_TCP, LOG_LEVEL.
Ends on SIGTERM.
"""

import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final, NoReturn

import lmdb
import psycopg2
from psycopg2.extensions import connection, set_wait_callback
from psycopg2.extras import wait_select

from kemi.domain.redaction import redacted
from kemi.errors import TableUnavailable
from kemi.table.follower import Follower
from kemi.table.sounds import SoundFiles
from kemi.table.store import TableWriter
from sql.said import said

POLL_SECONDS: Final = 2.0  # a NOTIFY that was missed costs no more
RETRY_SECONDS: Final = 1.0
FORGET_SECONDS: Final = 3600.0  # between two clearings of old lines in routing_change

log = logging.getLogger("table")


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


def keep(url: str, writer: TableWriter, sounds: SoundFiles, ready: Path, stop: Stop) -> None:
    """Compile everything, then every change, until asked to stop. Raises `psycopg2.Error` and `lmdb.Error`."""
    conn = connect(url)
    try:
        follower = Follower(conn, writer, sounds, tcp=os.environ.get("SIP_TCP") == "yes")
        follower.listen()  # before the snapshot, so that nothing falls in between
        hotlines = follower.compile_all()
        print(f"table ready: {hotlines} hotlines", file=sys.stderr, flush=True)
        ready.parent.mkdir(parents=True, exist_ok=True)
        ready.touch()
        forget_at = 0.0
        while not stop.asked:
            if time.monotonic() >= forget_at:
                _forget(follower)
                forget_at = time.monotonic() + FORGET_SECONDS
            follower.wait(POLL_SECONDS)
            new = follower.compile_changes()
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
                keep(url, writer, SoundFiles(var / "sounds"), var / "run" / "table.ready", stop)
        except (psycopg2.Error, lmdb.Error, TableUnavailable) as error:
            if stop.asked:
                return
            words = redacted(said(error))
            log.warning("calls go on by the table as it is, trying again in %g s: %s", RETRY_SECONDS, words)
        time.sleep(RETRY_SECONDS)


def _forget(follower: Follower) -> None:
    try:
        follower.forget_changes()
    except psycopg2.OperationalError:
        raise
    except psycopg2.Error as error:  # such as a role that may only read: somebody else will
        log.warning("old lines of routing_change stay: %s", redacted(said(error)))


if __name__ == "__main__":
    main()
