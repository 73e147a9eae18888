"""Full numbers are kept as long as the tenant says, and no longer (kemi/decisions/0012).

    a call         its row stays without numbers, its legs and events are deleted
    notifications  are deleted with their attempts and receipts
    dead letters   are deleted
    receipts       of messages that nobody knows are deleted

It goes by itself, a small batch between two readings of the spool, so that events hardly wait. A batch takes the same
locks as the recording of events, in the same order: an event comes before the purge and goes with the call, or after
it and is dropped.
"""

import logging
from collections.abc import Callable
from typing import Final, NamedTuple

import psycopg2
from psycopg2.extensions import connection, cursor

from kemi.domain.redaction import redacted
from kemi.ledger.store import BUCKETS, ROOM, lock_calls
from sql.named import queries
from sql.said import said

MOST: Final = 100  # calls, or notifications, of one transaction
_SQL: Final = queries("retention")
_PURGER: Final = BUCKETS  # our lock in the room; the calls' are below
_log = logging.getLogger("ledger")


class Purged(NamedTuple):
    """How much was purged."""

    calls: int = 0
    legs: int = 0
    events: int = 0
    notifications: int = 0
    attempts: int = 0
    dead_letters: int = 0
    receipts: int = 0


class Purge:
    """Purges what is due, batch by batch, each time it is begun."""

    def __init__(self, conn: connection, unowned_days: int, most: int = MOST) -> None:
        """`unowned_days`: how long what belongs to no tenant is kept; `most`: of one batch."""
        self._conn = conn
        self._params = {"unowned_days": unowned_days, "most": most}
        self._most = most
        self._left: list[Callable[[cursor], Purged]] = []
        self._sum = Purged()

    def begin(self) -> None:
        """Look for what is due, from the next `step` on."""
        self._left = [self._calls, self._notifications, self._dead_letters, self._receipts]
        self._sum = Purged()

    def step(self) -> bool:
        """Purge one batch; say whether there may be more. Raises `psycopg2.Error` only for a lost connection."""
        if not self._left:
            return False
        try:
            self._batch()
        except psycopg2.Error as error:
            if self._conn.closed:
                raise
            self._left = []
            _log.warning("alarm=purge_failed it is tried again within the hour: %s", redacted(said(error)))
        return bool(self._left)

    def _batch(self) -> None:
        with self._conn, self._conn.cursor() as cur:
            cur.execute(_SQL["patience"])
            cur.execute(_SQL["alone"], {"room": ROOM, "key": _PURGER})
            if cur.fetchone() != (True,):  # another writer is at it
                self._left = []
                return
            done = self._left[0](cur)
        self._sum = Purged(*(sum(pair) for pair in zip(self._sum, done, strict=True)))
        if max(done.calls, done.notifications, done.dead_letters, done.receipts) < self._most:
            self._left.pop(0)
        if not self._left and any(self._sum):
            _log.info("purged %s", " ".join(f"{name}={count}" for name, count in self._sum._asdict().items()))

    def _calls(self, cur: cursor) -> Purged:
        cur.execute(_SQL["calls_to_purge"], self._params)
        locked = lock_calls(cur, (call for (call,) in cur.fetchall()))
        # Asked again: another writer may have got there while we waited for the locks.
        return Purged(*self._counts(cur, "purge_calls", calls=locked)) if locked else Purged()

    def _notifications(self, cur: cursor) -> Purged:
        notifications, attempts = self._counts(cur, "purge_notifications")
        return Purged(notifications=notifications, attempts=attempts)

    def _dead_letters(self, cur: cursor) -> Purged:
        return Purged(dead_letters=self._counts(cur, "purge_dead_letters")[0])

    def _receipts(self, cur: cursor) -> Purged:
        return Purged(receipts=self._counts(cur, "purge_receipts")[0])

    def _counts(self, cur: cursor, name: str, **params: list[str]) -> tuple[int, ...]:
        cur.execute(_SQL[name], {**self._params, **params})
        return cur.fetchone() or (0, 0, 0)
