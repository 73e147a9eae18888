"""Asking providers what became of an SMS: a thread of the sender, with a connection of its own.

    accepted, and no receipt came   sms_provider.ask_after_seconds: what became of it?
    unknown                         on_unknown = query: do you have it? If not, after a minute, it is sent again.

What the provider says is handed in like a receipt. One question after the other: nothing waits for an answer.
"""

import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor

from sms.providers.kinds import Provider
from sms.receipts.questions import ASK, Answer, Found, NotThere, Question
from sms.receipts.store import hand_in
from sms.redaction import redacted
from sms.storable import UNWRITABLE, storable_name
from sql.named import queries
from sql.said import said

_SQL: Final = queries("asking")
_MOST: Final = 20
_POLLS: Final = 5  # of the sender, for each look; but not more seldom than
_LONGEST_PAUSE: Final = 30.0  # seconds
_SURE_SECONDS: Final = 60.0  # a provider may have a message and not show it yet
_QUESTION: Final = {"open", "attempt_id", "message_id", "request_id", "started_at", "notification_id", "state", "text",
                    "member_number"}  # fmt: skip
_log = logging.getLogger("sms")


def ask_due(conn: connection, env: Mapping[str, str]) -> int:
    """Ask what is to be asked now, and write down the answers; return how many. Raises `psycopg2.Error`."""
    with conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(_SQL["due"], {"most": _MOST})
        due: list[Any] = cur.fetchall()
    for row in due:
        if row["open"] and row["driver"] in ASK:
            answer = _ask(row, _known(conn, row), env)
            try:
                _record(conn, row, answer)
            except UNWRITABLE as error:  # not its text, which shows what was to be written
                words = "provider=%d notification=%d its answer cannot be written down error=%s"
                _log.error(words, row["id"], row["notification_id"], type(error).__name__)
    return len(due)


def _known(conn: connection, row: Mapping[str, Any]) -> frozenset[str]:
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["known"], {"attempt_id": row["attempt_id"]})
        return frozenset(name for (name,) in cur.fetchall())


def _ask(row: Mapping[str, Any], known: frozenset[str], env: Mapping[str, str]) -> Answer:
    provider = Provider(**{name: value for name, value in row.items() if name not in _QUESTION})
    question = Question(row["message_id"], row["member_number"], row["text"] or "", row["started_at"], known)
    try:
        return ASK[provider.driver](provider, question, env)
    except Exception as error:  # a bug there must not keep all other questions from being asked
        _log.error("asking failed provider=%d error=%s", provider.id, type(error).__name__)
        return None


def _record(conn: connection, row: Mapping[str, Any], answer: Answer) -> None:
    head = f"notification={row['notification_id']} provider={row['id']}"
    if isinstance(answer, Found):
        reading = answer.reading
        name = storable_name(reading.reference)
        values = {"attempt_id": row["attempt_id"], "message_id": name, "provider_id": row["id"]}
        values["notification_id"] = row["notification_id"]
        with conn, conn.cursor() as cur:
            cur.execute(_SQL["name_first"], values)
            cur.execute(_SQL["found"], values)
            if cur.rowcount == 0:
                _log.info("%s asked: what is there is another notification's", head)
                return
            taken = hand_in(conn, row["id"], reading.reference, reading.status, answer.raw, reason=reading.reason)
        _log.info("%s asked receipt=%d effect=%s state=%s", head, taken.id, taken.effect, taken.state)
    elif isinstance(answer, NotThere):
        if row["state"] != "unknown" or (datetime.now(UTC) - row["started_at"]).total_seconds() < _SURE_SECONDS:
            return
        with conn, conn.cursor() as cur:
            cur.execute(_SQL["not_taken"], {"attempt_id": row["attempt_id"]})
            _log.warning("%s asked: it was not taken, it is sent again", head)
    else:
        _log.warning("%s asked, and not answered", head)


def keep_asking(url: str, env: Mapping[str, str], poll_seconds: float) -> None:
    """Ask for ever, in a thread of its own that ends with the process."""

    pause = min(_POLLS * poll_seconds, _LONGEST_PAUSE)

    def work() -> None:
        while True:
            try:
                conn = psycopg2.connect(url, connect_timeout=5, application_name="sms asking")
                try:
                    while True:
                        if not ask_due(conn, env):
                            time.sleep(pause)
                finally:
                    conn.close()
            except psycopg2.Error as error:
                _log.warning("nobody is asked, trying again: %s", redacted(said(error)))
                time.sleep(pause)

    threading.Thread(target=work, name="sms-asking", daemon=True).start()
