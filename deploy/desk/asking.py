"""How the operator's questions reach the database, and what stands in their way."""

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo

import psycopg2
import typer
from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor
from rich.console import Console

from kemi.domain.e164 import e164
from kemi.errors import EdgeError, NotANumber
from sql.named import queries
from sql.said import said

Row = dict[str, Any]
HOME: Final = ZoneInfo("Asia/Ho_Chi_Minh")  # as the tables have it: tenant.time_zone
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO: Final = re.compile(r"(\d{1,5})\s*([mhdw])", re.ASCII)


class BadQuestion(EdgeError):
    """The question cannot be answered; the text says why."""


class Nothing(EdgeError):
    """It can be answered, and the answer is no."""


@contextlib.contextmanager
def answering() -> Iterator[connection]:
    """Give the database; end the command with 1 where the answer is no, with 2 where there is none."""
    try:
        with contextlib.closing(_connect()) as conn:
            yield conn
    except Nothing as error:
        _end(str(error), 1, error)
    except psycopg2.errors.CheckViolation as error:  # a move that the tables do not allow
        _end(said(error), 1, error)
    except (EdgeError, psycopg2.Error) as error:
        _end(said(error), 2, error)


def rows(conn: connection, query: str, /, **params: object) -> list[Row]:
    """Return the rows of one query of sql/queries/desk.sql."""
    with conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(queries("desk")[query], params)
        found: list[Any] = cur.fetchall()
        return [dict(row) for row in found]


def change(conn: connection, query: str, /, **params: object) -> int:
    """Execute one statement of sql/queries/desk.sql in a transaction; return how many rows it changed."""
    with conn, conn.cursor() as cur:
        cur.execute(queries("desk")[query], params)
        return cur.rowcount


def moment(text: str) -> datetime:
    """Return when it was that `text` says: "90m", "2h", "3d", "1w" ago, or a time. Raises `BadQuestion`."""
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadQuestion(f"--since {text}: write it like 90m, 2h, 3d, 1w or 2026-09-02 19:00") from error
    return when if when.tzinfo else when.replace(tzinfo=HOME)


def day(option: str, text: str) -> date:
    """Return the day that `text` says: "today", "yesterday", or a date. Raises `BadQuestion`."""
    today = datetime.now(HOME).date()
    known = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        return known.get(text) or date.fromisoformat(text)
    except ValueError as error:
        raise BadQuestion(f"{option} {text}: write it like 2026-09-02, today or yesterday") from error


def number(option: str, text: str) -> str:
    """Return `text` as E.164. Raises `BadQuestion`."""
    try:
        return e164(text)
    except NotANumber as error:
        why = "not a telephone number; write it like 02727777787, or with its country, like +842727777787"
        raise BadQuestion(f"{option} {text}: {why}") from error


def _connect() -> connection:
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise BadQuestion("no stack runs here, and DATABASE_URL is not set: start one with `make run`")
    return psycopg2.connect(url, connect_timeout=5, application_name="extgroup")


def _end(words: str, status: int, error: Exception) -> NoReturn:
    Console(stderr=True, highlight=False).print(words, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(status) from error
