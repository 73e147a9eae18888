"""Tells the watch which of the calls that it takes for open have ended at another edge (kemi/spool/elsewhere.py)."""

import logging
from pathlib import Path
from typing import Final

from psycopg2.extensions import connection

from kemi.spool import elsewhere
from sql.named import queries

_SQL: Final = queries("ledger")
_log: Final = logging.getLogger("ledger")


class Elsewhere:
    """Answers the watch of this machine, each question once."""

    def __init__(self, conn: connection, run: Path) -> None:
        """`run`: where the two files lie."""
        self._conn = conn
        self._asked, self._answered = run / elsewhere.ASKED, run / elsewhere.ANSWERED
        self._seen_ns = 0

    def step(self) -> None:
        """Answer what is new. Raises `psycopg2.Error`."""
        try:
            now_ns = self._asked.stat().st_mtime_ns
        except FileNotFoundError:  # nobody has ever asked
            return
        if now_ns == self._seen_ns:
            return
        calls = elsewhere.read(self._asked)[: elsewhere.MOST]
        ended: list[str] = []
        if calls:
            with self._conn, self._conn.cursor() as cur:
                cur.execute(_SQL["ended_calls"], {"calls": calls})
                ended = [call for (call,) in cur.fetchall()]
        try:
            elsewhere.write(self._answered, ended)
        except OSError as error:  # the watch asks again
            _log.warning("the watch gets no answer: %s", error.strerror)
        self._seen_ns = now_ns
