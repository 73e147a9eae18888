"""An answer counts when it has stood for the group's `min_talk_seconds`: only then is anybody told of the call.

    look      before the spool is read: what time it is, how far each file goes
    confirm   once it is read up to there: whoever's time has passed, and is still not over, has answered

What waits stands in the ledger (`call.confirm_at`), so a writer that was killed goes on where it was: what happened
meanwhile is read first. That an answer stood is an event of the call like any other, and survives each later fold.
"""

import time
from collections.abc import Callable, Iterable
from typing import Final

from psycopg2.extensions import connection

from kemi.ledger import store
from kemi.ledger.room import Room
from kemi.ledger.store import FileKey, Now
from kemi.spool.instance import boot_id

_MOST: Final = 1000  # calls of one transaction


class Confirm:
    """Tells members of answers that stand."""

    def __init__(self, conn: connection, room: Room, now: Callable[[], Now] | None = None) -> None:
        """`now`: what time it is on this machine."""
        self._conn = conn
        self._room = room
        self._now = now or clock()
        self._looked = self._now()
        self._ends: dict[FileKey, int] = {}
        self.waiting = True  # whether there may be answers that are still to stand

    def look(self) -> None:
        """Note the time, and what is in the spool by then."""
        self._looked = self._now()  # first: what comes between the two is read too
        self._ends = self._room.ends()

    def confirm(self, nodes: Iterable[str]) -> int:
        """Confirm the answers of `nodes` that stood when we looked; return how many. Raises `psycopg2.Error`."""
        if not self.waiting or not self._room.has_read(self._ends):
            return 0
        stood, to_come = store.answers_that_stood(self._conn, nodes, self._looked)
        if stood:
            store.confirm(self._conn, stood[:_MOST])
        self.waiting = to_come > 0 or len(stood) > _MOST
        return len(stood[:_MOST])


def clock() -> Callable[[], Now]:
    """Return this machine's clock, as events are stamped by it."""
    boot = boot_id()
    return lambda: Now(boot, time.time_ns() // 1000, time.monotonic_ns())
