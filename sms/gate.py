"""What the senders know of the providers together, in `sms_provider_state`: who is left alone, who may be asked when.

see          a result: failures are counted, a circuit opens or closes (sms/circuit.py), a provider is paused
leave_open   what waits for a provider that is left alone goes to the tenant's second one
next_turn    when there is something to claim again
"""

from typing import Any, Final, NamedTuple

from psycopg2.extensions import connection, cursor

from sms.circuit import Circuit, Event, moved, sight
from sms.providers.kinds import Accepted, Result
from sms.redaction import redacted
from sql.named import queries

_SQL: Final = queries("sms")
_MOST_ERROR: Final = 500  # characters of last_error


class Seen(NamedTuple):
    """What a result told of its provider. `seconds`: how long it had been left alone."""

    circuit: Circuit
    event: Event | None
    name: str
    seconds: float
    pause_seconds: float


def see(cur: cursor, provider_id: int, notification_id: int, result: Result) -> Seen | None:
    """Note what `result` tells of its provider, in the transaction of `cur`; None: nothing new.

    Where all is well nothing is written and nothing locked: senders would queue for the line of their provider.
    """
    if sight(result) in {"takes", "answers", "nothing"}:
        cur.execute(_SQL["is_in_doubt"], {"provider_id": provider_id})
        if cur.fetchone() is None:
            return None
    cur.execute(_SQL["notification_first"], {"notification_id": notification_id})
    cur.execute(_SQL["circuit"], {"provider_id": provider_id, "notification_id": notification_id})
    row: Any = cur.fetchone()
    if row is None:
        return None  # the provider was deleted meanwhile
    before = Circuit(row["state"], row["why"], row["failures"], row["openings"])
    after = moved(before, result, is_probe=row["is_probe"], breaker_failures=row["breaker_failures"])
    if after.circuit != before or after.pause_seconds:
        values = {**after.circuit._asdict(), "probe_seconds": after.probe_seconds, "pause_seconds": after.pause_seconds}
        is_ill = not isinstance(result, Accepted) and sight(result) in {"down", "balance", "busy"}
        error = redacted(result.why[:_MOST_ERROR]) if is_ill else None  # type: ignore[union-attr]
        cur.execute(_SQL["set_circuit"], {**values, "error": error, "provider_id": provider_id})
    if after.event == "up":
        cur.execute(_SQL["wake_senders"])
    return Seen(after.circuit, after.event, row["name"], row["seconds"] or 0.0, after.pause_seconds)


def leave_open(conn: connection) -> int:
    """Give what is due for providers that are left alone to their tenants' second ones, some at a time; how many."""
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["leave_open"])
        return cur.rowcount


def next_turn(conn: connection) -> float | None:
    """Return the seconds until a provider may be given what waits for it; None: nothing waits for its provider."""
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["next_turn"])
        found: Any = cur.fetchone()
    return None if found is None else found[0]
