"""A configuration of any size, written by PostgreSQL itself: a hotline with its group of five, ten to a tenant.

The tables' own triggers are off meanwhile: the numbers are spelled as they are kept, and nobody is told of a
million changes, because the compiler is not there yet. The references between the tables are checked as always.
"""

from collections.abc import Callable
from typing import Final

from psycopg2.extensions import connection

MEMBERS: Final = 5
HOTLINES_A_TENANT: Final = 10
PLANS: Final = 10
GATEWAYS: Final = 10
_BATCH: Final = 20_000  # hotlines a statement
_TABLES: Final = ("tenant", "hotline", "external_group", "group_member", "gateway_number")
_FIRST: Final = """
insert into plan (id, name, max_members) select n, 'plan ' || n, 20 from generate_series(1, %(plans)s) n;
insert into gateway (id, name, host)
select n, 'gateway ' || n, ('192.0.2.' || n)::inet from generate_series(1, %(gateways)s) n;
"""
# One statement: a hotline and its group refer to each other, and references are checked at a statement's end.
_HOTLINES: Final = """
with tenants as (
    insert into tenant (id, name, brand, plan_id)
    select n / %(a_tenant)s, 'tenant ' || n / %(a_tenant)s, 'Brand', 1 + n / %(a_tenant)s %% %(plans)s
    from generate_series(%(first)s, %(last)s) n where n %% %(a_tenant)s = 0
), hotlines as (
    insert into hotline (id, tenant_id, number, external_group_id)
    select n, n / %(a_tenant)s, '+8424' || 30000000 + n, n from generate_series(%(first)s, %(last)s) n
), groups as (
    insert into external_group (id, tenant_id, name, outbound_hotline_id, notify_members)
    select n, n / %(a_tenant)s, 'group ' || n, n, true from generate_series(%(first)s, %(last)s) n
), accepted as (
    insert into gateway_number (gateway_id, number)
    select 1 + (n + g) %% %(gateways)s, '+8424' || 30000000 + n
    from generate_series(%(first)s, %(last)s) n, generate_series(0, 1) g
)
insert into group_member (id, group_id, number, position)
select n * %(members)s + m, n, '+8490' || 1000000 + n * %(members)s + m, m
from generate_series(%(first)s, %(last)s) n, generate_series(0, %(members)s - 1) m
"""


def number(hotline: int) -> str:
    """Return the number of the hotline with this id."""
    return f"+8424{30000000 + hotline}"


def write(conn: connection, hotlines: int, look: Callable[[int], None]) -> None:
    """Write hotlines 0 … `hotlines` - 1 and all that belongs to them; `look` hears how many are written.

    `conn` commits each statement. Raises `psycopg2.Error`.
    """
    params = {"plans": PLANS, "gateways": GATEWAYS, "members": MEMBERS, "a_tenant": HOTLINES_A_TENANT}
    with conn.cursor() as cur:
        cur.execute(_FIRST, params)
        for table in _TABLES:
            cur.execute(f"alter table {table} disable trigger user")
        for first in range(0, hotlines, _BATCH):
            last = min(first + _BATCH, hotlines) - 1
            cur.execute(_HOTLINES, {**params, "first": first, "last": last})
            look(last + 1)
        for table in _TABLES:
            cur.execute(f"alter table {table} enable trigger user")
        cur.execute("vacuum analyze")  # as autovacuum would have left it


def entries(hotlines: int) -> int:
    """Return how many records the routing table of that many hotlines has, but for its own two notes."""
    return 2 * hotlines + -(-hotlines // HOTLINES_A_TENANT) + PLANS + GATEWAYS
