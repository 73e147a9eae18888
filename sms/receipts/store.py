"""Receipts as they are handed in, by the HTTP endpoint or by a driver that gets them on its own line (SMPP).

    with connection: hand_in(connection, provider_id, "the provider's id", "delivered", raw)

What a receipt may do is decided in the database (`settle_receipts`), in one place for all who bring or await one.
"""

from typing import Final

from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor

from sms.receipts.kinds import Meaning, Reporter, Status, Taken
from sms.redaction import redacted
from sms.storable import storable_name, storable_text
from sql.named import queries

_SQL: Final = queries("receipts")
_MOST_RAW: Final = 4096  # characters
_MOST_REASON: Final = 500


def hand_in(
    conn: connection,
    provider_id: int,
    reference: str | None,
    status: Status,
    raw: str,
    *,
    request_id: str | None = None,
    reason: str | None = None,
) -> Taken:
    """Keep a receipt and apply it; the caller commits, and answers the provider only then. Raises `psycopg2.Error`.

    `reference`: the provider's id of the message (`Accepted.message_id`); `request_id`: ours (`Message.request_id`).
    At least one is needed. `raw`: what came, without secrets; telephone numbers are shortened here. A receipt of an
    unknown message is kept: it may be about one that is not recorded yet.
    """
    values = {
        "provider": provider_id,
        "reference": storable_name(reference),
        "request_id": storable_name(request_id),
        "status": status,
        "reason": _clean(reason, _MOST_REASON) if reason else None,
        "raw": _clean(raw, _MOST_RAW),
    }
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(_SQL["take"], values)
        row = cur.fetchone()
    assert row is not None  # noqa: S101 -- a function without a set returns one row
    return Taken(row["receipt"], row["effect"], row["notification"], row["state"])


def reporter(conn: connection, token: str) -> Reporter | None:
    """Return the provider whose receipts come to the address with `token`, None: nobody's."""
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(_SQL["provider"], {"token": token})
        row = cur.fetchone()
    if row is None:
        return None
    rules = {value: Meaning(means, reason) for value, means, reason in row["rules"]}
    return Reporter(**{**row, "rules": rules})


def is_alive(conn: connection) -> None:
    """Return if the database answers. Raises `psycopg2.Error`."""
    with conn.cursor() as cur:
        cur.execute(_SQL["alive"])


def _clean(text: str, most: int) -> str:
    """Return `text` as it may be kept."""
    return redacted(storable_text(text))[:most]
