"""The configuration as rows, read from PostgreSQL in one snapshot, and the records made of them.

Records are returned as the table stores them: key and msgpack, None where the key must not be there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import Any, NamedTuple, TypeVar

import msgspec
from psycopg2.extensions import connection

from kemi.domain.model import Gateway, Plan, Tenant, TrunkAddress
from kemi.domain.schedule import Slot, SpecialDay
from kemi.domain.sounds import RINGBACK
from kemi.table.compiler import GroupRow, HotlineRow, MemberRow, compile_group, compile_hotline
from kemi.table.keys import address_key, hotline_key, id_key
from kemi.table.sounds import SoundFiles
from sql.named import queries

PAGE = 1000  # hotlines, groups or tenants compiled at a time; other changes wait for the end of one
MOST_CHANGES = 100 * PAGE  # more at once, and every row is looked at

Records = dict[bytes, bytes | None]
_Thing = TypeVar("_Thing", int, str)
_pack = msgspec.msgpack.Encoder().encode


class Change(NamedTuple):
    """What one or more lines of `routing_change` say."""

    kind: str
    key: int


class Rows:
    """One snapshot of the configuration: a connection in a REPEATABLE READ transaction."""

    def __init__(self, conn: connection, sounds: SoundFiles | None = None, *, tcp: bool = False) -> None:
        """`sounds`: where the groups' sounds are kept as files; None: nowhere. `tcp`: whether the edge speaks it."""
        self._conn = conn
        self._tcp = tcp
        self._sounds = sounds

    def snapshot(self) -> str:
        """Return this snapshot in PostgreSQL's words, for whoever asks later what it could not see."""
        return str(self._ask("snapshot")[0][0])

    def changes(self, seen: str) -> list[Change]:
        """Return what has changed since the snapshot `seen`, each thing once; at most MOST_CHANGES and one."""
        return [Change(*row) for row in self._ask("changes", seen=seen, most=MOST_CHANGES + 1)]

    def plans(self, ids: list[int] | None = None) -> Records:
        """Return the plans with these ids, or all."""
        return _by_id("p", ids, [Plan(*_fixed(row)) for row in self._ask("plans", ids=ids)])

    def tenants(self, ids: list[int] | None = None) -> Records:
        """Return the tenants with these ids, or all."""
        return _by_id("t", ids, [Tenant(*_fixed(row)) for row in self._ask("tenants", ids=ids)])

    def gateways(self, ids: list[int] | None = None) -> Records:
        """Return the gateways with these ids, or all."""
        found = [Gateway(*_fixed(row)) for row in self._ask("gateways", ids=ids)]
        return _by_id("g", ids, found if self._tcp else map(_without_tcp, found))

    def trunk_addresses(self, ids: list[int] | None = None) -> Records:
        """Return the addresses of the enabled trunks with these ids, or of all."""
        return {
            address_key(str(ip)): _encode(TrunkAddress(*trunk))
            for *trunk, network in self._ask("trunk_addresses", ids=ids)
            for ip in ip_network(network)
        }

    def affected_numbers(self, numbers: list[str], hotlines: list[int]) -> list[str]:
        """Return the numbers of the hotline records that depend on these numbers and (schedules of) hotlines."""
        return [number for (number,) in self._ask("affected_numbers", numbers=numbers, hotlines=hotlines)]

    def affected_groups(self, groups: list[int], numbers: list[str], members: list[int]) -> list[int]:
        """Return the groups whose records depend on these groups, numbers and (hours of) members."""
        found = self._ask("affected_groups", groups=groups, numbers=numbers, members=members)
        return [group for (group,) in found]

    def number_page(self, after: str) -> list[str]:
        """Return the next page of the numbers of all hotlines, those after `after`."""
        return [number for (number,) in self._ask("number_page", after=after, size=PAGE)]

    def group_page(self, after: int) -> list[int]:
        """Return the next page of the ids of all groups, those after `after`."""
        return [group for (group,) in self._ask("group_page", after=after, size=PAGE)]

    def tenant_page(self, after: int) -> list[int]:
        """Return the next page of the ids of all tenants, those after `after`."""
        return [tenant for (tenant,) in self._ask("tenant_page", after=after, size=PAGE)]

    def gone_numbers(self, numbers: list[str]) -> list[str]:
        """Return those of the numbers that no hotline has."""
        return [number for (number,) in self._ask("gone_numbers", numbers=numbers)]

    def gone_groups(self, groups: list[int]) -> list[int]:
        """Return those of the ids that no group has."""
        return [group for (group,) in self._ask("gone_groups", groups=groups)]

    def gone_tenants(self, tenants: list[int]) -> list[int]:
        """Return those of the ids that no tenant has."""
        return [tenant for (tenant,) in self._ask("gone_tenants", tenants=tenants)]

    def hotlines(self, numbers: list[str]) -> tuple[Records, list[str]]:
        """Compile the hotlines with these numbers; return records (None: no such hotline) and problems."""
        records: Records = {hotline_key(number): None for number in numbers}
        problems: list[str] = []
        rows = [HotlineRow(*row) for row in self._ask("hotlines", numbers=numbers)] if numbers else []
        slots: dict[int, list[Slot]] = defaultdict(list)
        special: dict[int, list[SpecialDay]] = defaultdict(list)
        ids = [row.id for row in rows]
        for hotline, *slot in self._ask("slots", hotlines=ids) if ids else ():
            slots[hotline].append(Slot(*slot))
        for hotline, *day in self._ask("special_days", hotlines=ids) if ids else ():
            special[hotline].append(SpecialDay(*day))
        for row in rows:
            compiled = compile_hotline(row, slots[row.id], special[row.id])
            records[hotline_key(row.number)] = _encode(compiled.hotline)
            problems += compiled.problems
        return records, problems

    def groups(self, groups: list[int]) -> tuple[Records, list[str]]:
        """Compile the groups with these ids; return records (None: no such group) and problems."""
        records: Records = {id_key("G", group): None for group in groups}
        problems: list[str] = []
        rows = [GroupRow(*row) for row in self._ask("groups", groups=groups)] if groups else []
        members: dict[int, list[MemberRow]] = defaultdict(list)
        for group, *member in self._ask("members", groups=groups) if rows else ():
            members[group].append(MemberRow(*member))
        circles = self._circles([row.id for row in rows if row.fallback_group is not None])
        for row in rows:
            compiled = compile_group(row, members[row.id], is_in_a_circle=row.id in circles)
            records[id_key("G", row.id)] = _encode(compiled.group)
            heard = {one for one in (compiled.group.waiting_sound, compiled.group.announcement) if one}
            for sound in {*heard, RINGBACK} if heard else ():  # what is heard where it falls back to one without
                if self._sounds is not None:
                    self._sounds.bring(self._conn, sound)
            problems += compiled.problems
        return records, problems

    def _circles(self, groups: list[int]) -> set[int]:
        return {group for (group,) in self._ask("fallback_circles", groups=groups)} if groups else set()

    def _ask(self, name: str, **params: object) -> list[tuple[Any, ...]]:
        with self._conn.cursor() as cur:
            cur.execute(queries("compiler")[name], params)
            return cur.fetchall()


def pages(things: list[_Thing]) -> Iterator[list[_Thing]]:
    """Cut numbers or ids into pages to compile."""
    return (things[i : i + PAGE] for i in range(0, len(things), PAGE))


def _by_id(kind: str, ids: Iterable[int] | None, found: Iterable[Plan | Tenant | Gateway]) -> Records:
    records: Records = {id_key(kind, row_id): None for row_id in ids or ()}
    records.update((id_key(kind, record.id), _encode(record)) for record in found)
    return records


def _without_tcp(gateway: Gateway) -> Gateway:
    """Return a gateway as an edge has it that does not speak TCP."""
    if gateway.transport != "tcp" or not gateway.enabled:
        return gateway
    return msgspec.structs.replace(gateway, enabled=False, unspoken=True)


def _fixed(row: Iterable[Any]) -> Iterator[Any]:
    return (tuple(value) if isinstance(value, list) else value for value in row)


def _encode(record: msgspec.Struct) -> bytes:
    """Return a record as the table stores it: without what is as its default, which msgspec knows only by identity."""
    defaults = record.__struct_defaults__
    names = record.__struct_fields__[len(record.__struct_fields__) - len(defaults) :]
    plain = {name: default for name, default in zip(names, defaults, strict=True) if getattr(record, name) == default}
    return _pack(msgspec.structs.replace(record, **plain) if plain else record)
