"""The ledger's rows of one call, as SELECTed (sql/queries/show.sql)."""

from typing import Any, Final

from psycopg2.extensions import connection
from rich.table import Table

from sql.named import queries

SHOWN: Final = ("call", "call_leg", "notification")
Row = dict[str, Any]


def select(conn: connection, name: str, **params: str | int | None) -> list[Row]:
    """Return the rows of one query of sql/queries/show.sql, each by column name."""
    with conn, conn.cursor() as cur:
        cur.execute(queries("show")[name], params)
        columns = [column.name for column in cur.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cur.fetchall()]


def table(name: str, found: list[Row]) -> Table:
    """Return the rows of one query as a table, a single one downwards; columns empty throughout are left out."""
    columns = [column for column in (found[0] if found else {}) if any(row[column] is not None for row in found)]
    single = len(found) == 1
    shown = Table(title=f"{name}, as SELECTed", title_justify="left", title_style="bold", show_header=not single)
    for column in ("column", "value") if single else columns:
        shown.add_column(column)
    for row in [(column, found[0][column]) for column in columns] if single else _cells(found, columns):
        shown.add_row(*("" if cell is None else str(cell) for cell in row))
    return shown


def _cells(found: list[Row], columns: list[str]) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in found]


def call_of(conn: connection, sip_call_id: str) -> str | None:
    """Return the ledger's id of the call with the customer's Call-ID, None while it is not there."""
    found = select(conn, "call_of_customer", sip_call_id=sip_call_id)
    return str(found[0]["id"]) if found else None


def is_settled(conn: connection, sip_call_id: str) -> bool:
    """Say whether the call is over in the ledger and every SMS of it has met its fate."""
    call = call_of(conn, sip_call_id)
    return call is not None and select(conn, "is_settled", call=call)[0].popitem()[1] is True
