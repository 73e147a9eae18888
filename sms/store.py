"""The notifications as the sender uses them: PostgreSQL is the queue, and says who sends what.

claim     queued → sending, with a lease and an attempt number; one transaction, SKIP LOCKED: two senders never hold the
          same row. What lost its sender is queued again before. The text is written at the first claim and stays.
record    sending → accepted, failed, suppressed, unknown or queued again, perhaps for another provider; only for the
          attempt that was claimed
reroute   queued: to the provider that its tenant has now

Each provider's pace and circuit are rows that all senders heed: a claim asks for its turn, a record says what was seen.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from psycopg2.extensions import connection, cursor
from psycopg2.extras import RealDictCursor

from sms import gate, retry
from sms.following import Next, following
from sms.messages import national, words, written
from sms.providers.kinds import Accepted, Message, Provider, Result, Unknown, storable
from sms.redaction import redacted
from sms.rows import hindrance, provider, request_id, told
from sql.named import queries

_SQL: Final = queries("sms")
_MOST_ERROR: Final = 500  # characters of last_error


class Claimed(NamedTuple):
    """A notification that is ours to send. `hindrance`: why it cannot be sent at all (then `provider` is None)."""

    id: int
    attempt: int
    attempt_id: int
    tries: int
    message: Message
    provider: Provider | None
    hindrance: str | None


class Recorded(NamedTuple):
    """What followed for the notification (None: another sender has taken it over meanwhile), and what was seen."""

    then: Next | None
    seen: gate.Seen | None


def expire(conn: connection, give_up_seconds: float) -> int:
    """Give up what is older than `give_up_seconds` since its call; return how many."""
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["expire"], {"give_up_seconds": give_up_seconds})
        return cur.rowcount


def hold_abandoned(conn: connection) -> int:
    """Leave what lost its sender, and may have been sent, to a person where the provider's row says so; how many."""
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["hold_abandoned"])
        return cur.rowcount


def reroute(conn: connection) -> int:
    """Have what is queued follow its tenant's row to another provider; return how many."""
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["reroute"])
        return cur.rowcount


def release_merged(conn: connection) -> int:
    """Let go what has waited for further calls of its caller long enough, as one SMS each; return how many."""
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["release_merged"])
        return cur.rowcount


class Rooms(NamedTuple):
    """What a sender may take: `most_of_one` of one provider where there are several, of which `busy` are under way.

    Nothing that is older than `give_up_seconds` or its tenant says: it is about to expire.
    """

    most_of_one: int = 1_000_000
    busy: Mapping[int | None, int] = {}
    give_up_seconds: float = retry.GIVE_UP_SECONDS


_ALL: Final = Rooms()


def claim(
    conn: connection, most: int, lease_seconds: float, rooms: Rooms = _ALL, *, take_over: bool = True
) -> list[Claimed]:
    """Claim up to `most` notifications, each for its provider's timeout plus `lease_seconds`.

    `take_over`: also those whose sender was lost.
    """
    with conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        if take_over:
            cur.execute(_SQL["take_back"], {"most": most})
        busy = json.dumps({str(provider): count for provider, count in rooms.busy.items()})
        cur.execute(
            _SQL["claim_queued"], {**rooms._asdict(), "busy": busy, "most": most, "lease_seconds": lease_seconds}
        )
        found: list[Any] = cur.fetchall()
        ids = [row["id"] for row in found]
        if not ids:
            return []
        cur.execute(_SQL["claim"], {"ids": ids, "lease_seconds": lease_seconds})
        rows = sorted(map(dict, cur.fetchall()), key=lambda row: ids.index(row["id"]))  # oldest first
        _many(cur, "keep_texts", [_write(row) for row in rows if row["text"] is None and row["brand"] is not None])
        begun = [
            {"notification_id": row["id"], "provider_id": row["provider_id"], "request_id": request_id(row)}
            for row in rows
        ]
        _many(cur, "begin_attempts", begun)
        attempts = {row["notification_id"]: row["id"] for row in cur.fetchall()}
    return [_claimed(row, attempts[row["id"]]) for row in rows]


def renew(conn: connection, held: Sequence[Claimed], lease_seconds: float) -> None:
    """Keep what is still being asked from being taken over."""
    rows = json.dumps([{"id": one.id, "attempt": one.attempt} for one in held])
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["renew"], {"rows": rows, "lease_seconds": lease_seconds})


def record(conn: connection, claimed: Claimed, result: Result, dice: float) -> Recorded:
    """Write down what became of the request, and do what follows; `dice`, in [0, 1), spreads waits."""
    result = storable(result)
    error = None if isinstance(result, Accepted) else result.why[:_MOST_ERROR]
    mine = {"id": claimed.id, "attempt": claimed.attempt, "error": error}
    message_id = result.message_id if isinstance(result, Accepted) else None
    with conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(_SQL["notification_first"], {"notification_id": claimed.id})
        done = {"status": result.status, "error": error, "fate": _fate(result), "attempt_id": claimed.attempt_id}
        reply = result.reply and redacted(result.reply)
        cur.execute(_SQL["finish_attempt"], {**done, "reply": reply, "message_id": message_id})
        seen = gate.see(cur, claimed.provider.id, claimed.id, result) if claimed.provider else None
        is_open = seen is not None and seen.circuit.state != "closed"
        then = following(result, claimed.provider, claimed.tries, dice, is_open=is_open)
        if then.over:
            cur.execute(_SQL["fail_over"], {**mine, "is_final": then.state == "failed"})
            if cur.rowcount == 1:
                return Recorded(_became(cur, then._replace(state="queued", delay_seconds=0.0)), seen)
        pace = {"delay_seconds": then.delay_seconds, "counts": int(then.counts)}
        name = "again" if then.state == "queued" else then.state
        cur.execute(_SQL[name], {**mine, **pace, "message_id": message_id, "attempt_id": claimed.attempt_id})
        return Recorded(_became(cur, then._replace(over=False)), seen)


def _became(cur: cursor, then: Next) -> Next | None:
    """Return what followed: `then`, or accepted, for an earlier request was taken; None: it was not ours any more."""
    row: Any = cur.fetchone()
    if row is None:
        return None
    return then if row["state"] == then.state else Next("accepted")


def record_accepted(conn: connection, done: Sequence[tuple[Claimed, Accepted]]) -> dict[int, bool]:
    """Record requests that were taken, in one transaction; return by attempt whether it was still ours.

    Not those of providers whose circuit is in doubt: what such a one answers is looked at one by one (`record`).
    """
    with conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(_SQL["in_doubt"], {"providers": [one.provider.id for one, _ in done if one.provider]})
        found: list[Any] = cur.fetchall()
        doubted = {row["provider_id"] for row in found}
        rows = [_taken(*one) for one in done if one[0].provider and one[0].provider.id not in doubted]
        if not rows:
            return {}
        _many(cur, "notifications_first", rows)
        _many(cur, "finish_accepted", rows)
        _many(cur, "accepted_many", rows)
        found = cur.fetchall()
        mine = {row["id"] for row in found}
    return {row["attempt_id"]: row["id"] in mine for row in rows}


def _taken(claimed: Claimed, result: Accepted) -> dict[str, Any]:
    kept = storable(result)
    return {
        "id": claimed.id, "attempt": claimed.attempt, "attempt_id": claimed.attempt_id, "status": kept.status,
        "reply": kept.reply and redacted(kept.reply),
        "message_id": kept.message_id if isinstance(kept, Accepted) else None,
    }  # fmt: skip


def listen(conn: connection) -> None:
    """Have PostgreSQL wake this connection when a notification is queued, or a tenant's providers have changed."""
    with conn, conn.cursor() as cur:
        cur.execute("listen notification_queued; listen sms_route")


def _many(cur: cursor, name: str, rows: list[dict[str, Any]]) -> None:
    cur.execute(_SQL[name], {"rows": json.dumps(rows)})


def _write(row: dict[str, Any]) -> dict[str, Any]:
    """Write the row's text; return it as it is kept."""
    done = written(told(row), row["template"])
    row["text"] = done.text
    return {"id": row["id"], **done._asdict()}


def _fate(result: Result) -> str:
    if isinstance(result, Accepted):
        return "accepted"
    return "unknown" if isinstance(result, Unknown) else "refused"


def _claimed(row: dict[str, Any], attempt_id: int) -> Claimed:
    to = row["member_number"]
    text_, sender = row["text"] or "", row["sender"] or ""
    message = Message(row["id"], national(to), to, text_, sender, request_id(row), words(told(row)))
    why = hindrance(row)
    return Claimed(row["id"], row["attempts"], attempt_id, row["tries"], message, None if why else provider(row), why)
