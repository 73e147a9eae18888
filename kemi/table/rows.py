"""The configuration as rows, read from PostgreSQL in one snapshot, and the records made of them.

Records are returned as the table stores them: key and msgpack, None where the key must not be there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import Any, NamedTuple

import msgspec
from psycopg2.extensions import connection

from kemi.domain.model import Gateway, Plan, Tenant, TrunkAddress
from kemi.table.compiler import Compiled, GroupRow, HotlineRow, MemberRow, compile_hotline
from kemi.table.store import address_key, hotline_key, id_key
from sql.named import queries

PAGE = 2000  # hotlines compiled at a time

Records = dict[bytes, bytes | None]
_encode = msgspec.msgpack.Encoder().encode


class Change(NamedTuple):
    """A line of `routing_change`."""

    id: int
    kind: str
    key: int


class Rows:
    """One snapshot of the configuration: a connection in a REPEATABLE READ transaction."""

    def __init__(self, conn: connection) -> None:
        self._conn = conn

    def horizon(self) -> str:
        """Return the oldest transaction that this snapshot may not see."""
        return str(self._ask("horizon")[0][0])

    def changes(self, horizon: str) -> list[Change]:
        """Return the changes by transactions from `horizon` on."""
        return [Change(*row) for row in self._ask("changes", horizon=horizon)]

    def plans(self, ids: list[int] | None = None) -> Records:
        """Return the plans with these ids, or all."""
        return _by_id("p", ids, [Plan(*row) for row in self._ask("plans", ids=ids)])

    def tenants(self, ids: list[int] | None = None) -> Records:
        """Return the tenants with these ids, or all."""
        return _by_id("t", ids, [Tenant(*row) for row in self._ask("tenants", ids=ids)])

    def gateways(self, ids: list[int] | None = None) -> Records:
        """Return the gateways with these ids, or all."""
        return _by_id("g", ids, [Gateway(*row) for row in self._ask("gateways", ids=ids)])

    def trunk_addresses(self, ids: list[int] | None = None) -> Records:
        """Return the addresses of the enabled trunks with these ids, or of all."""
        return {
            address_key(str(ip)): _encode(TrunkAddress(trunk_id, name))
            for trunk_id, name, network in self._ask("trunk_addresses", ids=ids)
            for ip in ip_network(network)
        }

    def priorities(self) -> dict[int, int]:
        """Return the gateways' ids and priorities."""
        return dict(self._ask("gateway_priorities"))

    def affected(self, numbers: list[str], groups: list[int], gateways: list[int]) -> list[str]:
        """Return the numbers whose records depend on these numbers, groups and gateways (their order)."""
        found = self._ask("affected_numbers", numbers=numbers, groups=groups, gateways=gateways)
        return [number for (number,) in found]

    def number_page(self, after: str) -> list[str]:
        """Return the next page of the numbers of all hotlines, those after `after`."""
        return [number for (number,) in self._ask("number_page", after=after, size=PAGE)]

    def hotlines(self, numbers: list[str]) -> tuple[Records, list[str]]:
        """Compile the hotlines with these numbers; return records (None: no such hotline) and problems."""
        records: Records = {hotline_key(number): None for number in numbers}
        problems: list[str] = []
        for compiled in self._compiled(numbers):
            records[hotline_key(compiled.hotline.number)] = _encode(compiled.hotline)
            problems += compiled.problems
        return records, problems

    def _compiled(self, numbers: list[str]) -> Iterator[Compiled]:
        rows = [_hotline_row(row) for row in self._ask("hotlines", numbers=numbers)]
        members: dict[int, list[MemberRow]] = defaultdict(list)
        groups = list({row.group.id for row in rows if row.group is not None})
        for group_id, *member in self._ask("members", groups=groups) if groups else ():
            members[group_id].append(MemberRow(*member))
        return (compile_hotline(row, members[row.group.id] if row.group else ()) for row in rows)

    def _ask(self, name: str, **params: object) -> list[tuple[Any, ...]]:
        with self._conn.cursor() as cur:
            cur.execute(queries("compiler")[name], params)
            return cur.fetchall()


def pages(numbers: list[str]) -> Iterator[list[str]]:
    """Cut `numbers` into pages to compile."""
    return (numbers[i : i + PAGE] for i in range(0, len(numbers), PAGE))


def _hotline_row(row: tuple[Any, ...]) -> HotlineRow:
    number, row_id, tenant_id, enabled, inbound_allowed, expires_at, *group = row
    found = None if group[0] is None else GroupRow(*group)
    return HotlineRow(number, row_id, tenant_id, enabled, inbound_allowed, expires_at, found)


def _by_id(kind: str, ids: Iterable[int] | None, found: Iterable[Plan | Tenant | Gateway]) -> Records:
    records: Records = {id_key(kind, row_id): None for row_id in ids or ()}
    records.update((id_key(kind, record.id), _encode(record)) for record in found)
    return records
