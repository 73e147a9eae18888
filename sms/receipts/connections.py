"""A connection to PostgreSQL for each thread, made when it is needed, thrown away when it fails."""

import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

import psycopg2
from psycopg2.extensions import connection

T = TypeVar("T")


class Connections:
    """The connections of this process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = threading.local()

    def use(self, work: Callable[[connection], T]) -> T:
        """Return what `work` does in one transaction, once it is committed. Raises `psycopg2.Error`.

        A connection that was good for an earlier request may be dead by now; so `work` may be begun twice.
        """
        conn = getattr(self._local, "conn", None)
        if conn is not None:
            try:
                return self._once(conn, work)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                if not conn.closed:
                    raise
        return self._once(self._connect(), work)

    def _once(self, conn: connection, work: Callable[[connection], T]) -> T:
        try:
            with conn:
                return work(conn)
        except psycopg2.Error:
            if conn.closed:
                self._local.conn = None
            raise

    def _connect(self) -> connection:
        with contextlib.suppress(AttributeError, psycopg2.Error):
            self._local.conn.close()
        self._local.conn = psycopg2.connect(
            self._url,
            connect_timeout=3,
            application_name="receipts",
            options="-c statement_timeout=5s -c lock_timeout=4s",  # the provider waits, and comes again
            keepalives_idle=10,
            tcp_user_timeout=5_000,
        )
        made: connection = self._local.conn
        return made
