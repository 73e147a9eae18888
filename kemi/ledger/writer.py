"""`python -m kemi.ledger.writer`: tail the spool of this machine into the ledger, for ever.

    read what is new (every 50 ms) → one transaction (kemi/ledger/store.py) → offsets move; answers that stood by then
                                     are confirmed (kemi/ledger/confirm.py)
    every second                     ends of files; calls whose edge died; what the watch asks; in a thread, files to
                                     the disk
    every hour                       files finished SPOOL_KEEP_DAYS ago are deleted; what tenants keep no longer is
                                     purged, a batch between two readings (kemi/ledger/retention.py)

A database that is down stops the reading, not the calls: the spool waits. A line that cannot be used becomes a dead
letter and an alarm; it stops nothing. Killed at any moment, it goes on where the last transaction ended.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

import psycopg2
from psycopg2.extensions import connection, set_wait_callback
from psycopg2.extras import wait_select

from kemi.domain.redaction import redacted
from kemi.ledger import store
from kemi.ledger.batch import batch, dead_letter, one_by_one
from kemi.ledger.confirm import Confirm
from kemi.ledger.elsewhere import Elsewhere
from kemi.ledger.retention import Purge
from kemi.ledger.room import Room
from kemi.ledger.store import FileKey
from kemi.spool.disk import DiskSync
from kemi.spool.tail import Piece
from sql.said import said

POLL_SECONDS: Final = 0.05
TEND_SECONDS: Final = 1.0
SYNC_SECONDS: Final = 1.0
TIDY_SECONDS: Final = 3600.0
_MOST_LINES: Final = 5000  # in one transaction
# A transaction costs PostgreSQL as much as 20 lines do: where fewer lines come, they wait for each other (0043).
_WORTH_IT: Final = 500
RETRY_SECONDS: Final = 1.0
_UNUSABLE: Final = (psycopg2.DataError, psycopg2.IntegrityError)  # it is the row's fault, not the database's
_log = logging.getLogger("ledger")


class Writer:
    """Moves what is new in a spool directory into the ledger, over one connection."""

    def __init__(
        self, conn: connection, room: Room, *, node: str = "", grace_seconds: int = 10, keep_days: int = 7,
        unowned_days: int = 365, now: Callable[[], store.Now] | None = None,
    ) -> None:  # fmt: skip
        """`node`: this edge's name, for its calls whose files are gone; `grace_seconds`: design.md §2.

        `keep_days`: of spool files; `unowned_days`: of what the ledger has and no tenant owns; `now`: the clock.
        """
        self._conn = conn
        self._room = room
        self._node = node
        self._grace_seconds = grace_seconds
        self._keep_days = keep_days
        self._purge = Purge(conn, unowned_days)
        self._elsewhere = Elsewhere(conn, room.directory.parent / "run")
        self._confirm = Confirm(conn, room, now)

    def step(self) -> int:
        """Record what is new, up to one transaction's worth; return the number of lines. Raises `psycopg2.Error`."""
        self._discover()
        self._confirm.look()
        pieces: list[tuple[FileKey, Piece]] = []
        lines = 0
        for key, tail in self._room.readable():
            piece = tail.read() if lines < _MOST_LINES else None
            if piece is not None:
                pieces.append((key, piece))
                lines += len(piece.lines)
        if pieces:
            self._record(pieces)
        self._confirm.confirm(self._nodes())
        return lines

    def tend(self) -> None:
        """Find files that came to their end, calls whose edge died; answer the watch. Raises `psycopg2.Error`."""
        self._discover()
        for key, tail in self._room.abandoned():
            rest = tail.rest()
            if rest is not None and tail.read() is None:
                self._bury(key, rest, "cut off: its writer died in the middle of it")
        done = self._room.done()
        if done:
            store.finish(self._conn, done)
            self._room.close(done)
        late = store.overdue(self._conn, self._nodes(), self._grace_seconds)
        over = {instance: self._room.is_over(instance) for instance in {one for _, one in late}}
        calls = [call for call, instance in late if over[instance]]
        if calls:
            store.interrupt(self._conn, calls)
            _log.warning("interrupted calls=%d the edge died while they rang", len(calls))
        self._elsewhere.step()

    def tidy(self) -> None:
        """Delete files that nobody needs any more, and begin to purge the ledger. Raises `psycopg2.Error`."""
        finished = sorted(self._room.finished, key=lambda key: key.file)
        self._room.delete(store.to_delete(self._conn, finished, self._keep_days))
        self._room.delete_locks(self._keep_days)
        self._purge.begin()

    def purge(self) -> bool:
        """Purge one batch; say whether there may be more. Raises `psycopg2.Error` for a lost connection."""
        return self._purge.step()

    def _nodes(self) -> list[str]:
        return sorted(self._room.nodes() | {self._node})

    def _discover(self) -> None:
        new = self._room.unknown()
        if new:
            for key, (offset, finished) in store.register(self._conn, new).items():
                self._room.admit(key, offset, finished=finished)

    def _record(self, pieces: list[tuple[FileKey, Piece]]) -> None:
        try:
            self._record_together(pieces)
        except _UNUSABLE:
            for key, piece in one_by_one(pieces):
                try:
                    self._record_together([(key, piece)])
                except _UNUSABLE as error:
                    self._bury(key, piece, f"PostgreSQL refuses it: {error.diag.message_primary}")

    def _record_together(self, pieces: list[tuple[FileKey, Piece]]) -> None:
        made = batch(pieces)
        try:
            store.record(self._conn, *made)
        except store.OffsetMovedError:
            self._adopt([key for key, _ in pieces])
            return
        self._confirm.waiting |= bool(made.events)
        for key, piece in pieces:
            self._room.tails[key].offset = piece.end
        for letter in made.dead:
            why = redacted(letter.why)
            _log.error("alarm=dead_letter file=%s offset=%d why=%s", letter.file, letter.byte_offset, why)

    def _bury(self, key: FileKey, piece: Piece, why: str) -> None:
        letter = dead_letter(key, piece.lines[0], why)
        moved = store.Moved(key.node, key.file, piece.start, piece.end)
        try:
            store.record(self._conn, [moved], [], [letter])
        except store.OffsetMovedError:
            self._adopt([key])
            return
        self._room.tails[key].offset = piece.end
        _log.error("alarm=dead_letter file=%s offset=%d why=%s", key.file, piece.start, why.partition(":")[0])

    def _adopt(self, keys: list[FileKey]) -> None:
        """Go on from where another writer has come to."""
        known = store.register(self._conn, [(key, self._room.tails[key].instance) for key in keys])
        for key, (offset, _) in known.items():
            self._room.tails[key].offset = offset


def keep(url: str, directory: Path, **options: Any) -> NoReturn:
    """Connect, and write until the database fails; `options` are the writer's. Raises `psycopg2.Error`."""
    conn = psycopg2.connect(
        url, connect_timeout=5, application_name="ledger", keepalives_idle=10, tcp_user_timeout=10_000
    )
    try:
        room = Room(directory)  # anew for each connection: this may be a database restored from a backup
        writer = Writer(conn, room, **options)
        writer.tidy()
        _log.info("ledger ready: directory=%s", directory)
        tend_at, tidy_at = time.monotonic(), time.monotonic() + TIDY_SECONDS
        while True:
            recorded = writer.step()
            now = time.monotonic()
            if now >= tend_at:
                writer.tend()
                tend_at = now + TEND_SECONDS
            if now >= tidy_at:
                writer.tidy()
                tidy_at = now + TIDY_SECONDS
            if not writer.purge() and recorded < _WORTH_IT:
                time.sleep(POLL_SECONDS)
    finally:
        conn.close()


def main() -> NoReturn:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(name)s: %(message)s")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    set_wait_callback(wait_select)  # or a server that hangs would keep us from hearing SIGTERM
    directory = Path(os.environ["VAR_DIR"]) / "spool"
    threading.Thread(target=_sync_for_ever, args=(DiskSync(directory),), name="disk", daemon=True).start()
    while True:
        try:
            keep(
                os.environ["DATABASE_URL"],
                directory,
                node=os.environ.get("NODE_NAME", ""),
                grace_seconds=int(os.environ.get("INTERRUPTED_GRACE_SECONDS", "10")),
                keep_days=int(os.environ.get("SPOOL_KEEP_DAYS", "7")),
                unowned_days=int(os.environ.get("UNOWNED_KEEP_DAYS", "365")),
            )
        except (psycopg2.Error, OSError) as error:
            _log.warning("the spool waits, trying again in %g s: %s", RETRY_SECONDS, redacted(said(error)))
        time.sleep(RETRY_SECONDS)


def _sync_for_ever(disk: DiskSync) -> NoReturn:
    """Whatever the database does, power loss costs no more than a second (kemi/decisions/0005)."""
    while True:
        try:
            disk.sync()
        except OSError as error:
            _log.error("alarm=not_on_disk error=%s", error.strerror)
        time.sleep(SYNC_SECONDS)


def _stop(_signal: int, _frame: object) -> NoReturn:
    # Not SystemExit: raised inside psycopg2's wait it closes the connection, and the rollback's InterfaceError takes
    # its place. A transaction under way is undone by the server; its lines are read again.
    os._exit(0)


if __name__ == "__main__":
    main()
