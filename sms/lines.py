"""Lines to SMSCs that the sender keeps open, and the receipts that come in on them: written down, then confirmed."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor

from sms import receipts
from sms.inbox import INBOX, Report
from sms.providers import smpp
from sms.providers.kinds import Provider
from sms.storable import UNWRITABLE, storable_name
from sql.named import queries

_SQL: Final = queries("sms")
_TEND_SECONDS: Final = 10.0  # a new or changed row, and a line that has ended, are seen within
_log = logging.getLogger("sms")


class Lines:
    """Used by the sender's main thread alone."""

    def __init__(self, env: Mapping[str, str], wake: Callable[[], object]) -> None:
        """`wake` is called by other threads when a receipt has come."""
        self._env = env
        self._tend_at = 0.0
        self._unrecorded: list[Report] = []
        INBOX.wake = wake

    def step(self, conn: connection) -> None:
        """Write down what has come, and now and then look whether the lines stand. Raises `psycopg2.Error`."""
        self._unrecorded += INBOX.take()
        while self._unrecorded:
            report = self._unrecorded[0]
            try:
                with conn:
                    taken = _take(conn, report)
            except UNWRITABLE as error:  # not its text, which shows what was to be written
                report.refuse()
                words = "a receipt cannot be written down provider=%d error=%s"
                _log.error(words, report.provider_id, type(error).__name__)
            else:
                report.confirm()
                _log.info("receipt=%d provider=%d effect=%s", taken.id, report.provider_id, taken.effect)
            self._unrecorded.pop(0)
        if self._tend_at < time.monotonic():
            self._tend_at = time.monotonic() + _TEND_SECONDS
            smpp.listen(_lines(conn), self._env)


def _take(conn: connection, report: Report) -> receipts.Taken:
    if report.reference and report.request_id:  # an answer that came late: a receipt to come knows it by this name
        with conn.cursor() as cur:
            names = {"reference": storable_name(report.reference), "request_id": report.request_id}
            cur.execute(_SQL["name_attempt"], {"provider_id": report.provider_id, **names})
    return receipts.hand_in(
        conn,
        report.provider_id,
        report.reference,
        report.status,
        report.raw,
        request_id=report.request_id,
        reason=report.reason,
    )


def _lines(conn: connection) -> list[Provider]:
    with conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(_SQL["lines"])
        return [Provider(**row) for row in cur.fetchall()]
