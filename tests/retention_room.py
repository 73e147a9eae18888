"""A ledger whose calls grow old: what the tests of retention have."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from kemi.ledger.retention import Purge
from tests.ledger_room import LedgerRoom, ledger_room
from tests.told import of_call

TENANTS: Final = """
    insert into plan (id, name) values (1, 'p');
    insert into tenant (id, name, brand, plan_id, keep_calls_days, keep_sms_days) values
        (2, 'short', 'v', 1, 30, 10), (3, 'long', 'v', 1, 300, 400);
"""
_AGE: Final = """
    update call set arrived_at = arrived_at - make_interval(secs => %(days)s) where id like %(call)s;
    update notification set created_at = created_at - make_interval(secs => %(days)s),
        called_at = called_at - make_interval(secs => %(days)s) where call_id like %(call)s
"""
NUMBERED: Final = (
    "call", "call_leg", "call_event", "notification", "notification_attempt", "sms_receipt", "dead_letter"
)  # fmt: skip


@contextmanager
def retention_room() -> Iterator[LedgerRoom]:
    """A ledger with two tenants: one keeps calls the longer, one SMS."""
    with ledger_room() as room:
        sql(room, TENANTS)
        yield room


def sql(room: LedgerRoom, statement: str, **values: object) -> None:
    with room.conn, room.conn.cursor() as cur:
        cur.execute(statement, values or None)


def told(room: LedgerRoom, call: str, *events: Any) -> None:
    """Have a call in the ledger."""
    room.put(*of_call(call, *events))
    room.write_all()


def age(room: LedgerRoom, days: float, call: str = "%") -> None:
    """Let the days pass for the calls with this id, and for their notifications, all of which were sent."""
    sql(room, _AGE, days=days * 86_400, call=call)


def sent(room: LedgerRoom) -> None:
    """Let the sender have sent everything, and been answered with the number, at once and by a receipt."""
    sql(room, "update notification set state = 'sending', text = 'so 0909789846' where state = 'queued'")
    sql(room, "update notification set state = 'accepted' where state = 'sending'")
    sql(room, "insert into notification_attempt (notification_id, reply) select id, 'to 0844441909' from notification")
    sql(room, "insert into sms_receipt (notification_id, provider_id, reference, status, raw)"
        " select id, 1, 'm', 'delivered', 'to 0844441909' from notification")  # fmt: skip


def purge(room: LedgerRoom, most: int = 100, **options: int) -> Purge:
    """Let a purge do all there is to do."""
    made = Purge(room.conn, options.get("unowned_days", 365), most)
    made.begin()
    while made.step():
        pass
    return made


def counts(room: LedgerRoom) -> dict[str, int]:
    return {table: len(rows_of(room, table)) for table in NUMBERED}


def rows_of(room: LedgerRoom, table: str) -> list[Any]:
    return room.rows(f"select t::text from {table} t")  # noqa: S608 -- one of NUMBERED


def everything(room: LedgerRoom) -> str:
    """All that the ledger holds, as text."""
    return "\n".join(str(row) for table in NUMBERED for row in rows_of(room, table))
