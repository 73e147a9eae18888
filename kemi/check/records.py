"""The routing table as two see it: PostgreSQL, compiled here and now, and the file that the workers read.

Both hold the same bytes under the same keys, so whether they differ is a comparison of bytes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import lmdb
import msgspec
from psycopg2.extensions import connection

from kemi.domain.model import Gateway, Group, Hotline, Plan, Tenant, TrunkAddress
from kemi.domain.schedule import Schedule
from kemi.errors import TableUnavailable
from kemi.table.keys import address_key, hotline_key, id_key
from kemi.table.rows import Records, Rows
from kemi.table.store import FORMAT, MAP_SIZE, MAX_READERS

_Record = TypeVar("_Record", Hotline, Group, Tenant, Plan, Gateway, TrunkAddress)
SMALL: Final = (b"p:", b"t:", b"g:", b"a:")  # prefixes of what there is little of


class Table:
    """`kemi.ports.RoutingTable` over whatever `raw` finds."""

    def raw(self, key: bytes) -> bytes | None:
        """Return the record under `key` as it is stored. Raises `TableUnavailable`."""
        raise NotImplementedError

    def look(self) -> None:
        """There is one state to see."""

    def hotline(self, number: str) -> Hotline | None:
        """Return the hotline of an E.164 number."""
        return self._decoded(hotline_key(number), Hotline)

    def group(self, group_id: int) -> Group | None:
        """Return the group with this id."""
        return self._decoded(id_key("G", group_id), Group)

    def tenant(self, tenant_id: int) -> Tenant | None:
        """Return the tenant with this id."""
        return self._decoded(id_key("t", tenant_id), Tenant)

    def plan(self, plan_id: int) -> Plan | None:
        """Return the plan with this id."""
        return self._decoded(id_key("p", plan_id), Plan)

    def gateway(self, gateway_id: int) -> Gateway | None:
        """Return the gateway with this id."""
        return self._decoded(id_key("g", gateway_id), Gateway)

    def trunk_address(self, ip: str) -> TrunkAddress | None:
        """Return the trunk that calls from `ip` belong to."""
        return self._decoded(address_key(ip), TrunkAddress)

    def _decoded(self, key: bytes, kind: type[_Record]) -> _Record | None:
        raw = self.raw(key)
        try:
            return None if raw is None else msgspec.msgpack.decode(raw, type=kind)
        except msgspec.DecodeError as error:
            raise TableUnavailable(f"a record of the routing table cannot be read: {error}") from error


class SqlTable(Table):
    """What the compiler would write, from one snapshot of the database. Raises `psycopg2.Error`."""

    def __init__(self, conn: connection, *, tcp: bool = False) -> None:
        """`conn`: in a REPEATABLE READ transaction, or about to begin one. `tcp`: whether the edge speaks it."""
        self._rows = Rows(conn, tcp=tcp)
        self.small: Records = {
            **self._rows.plans(), **self._rows.tenants(), **self._rows.gateways(), **self._rows.trunk_addresses(),
        }  # fmt: skip
        self._page: Records = {}
        self.problems: list[str] = []  # of the groups of the page, as the compiler words them

    def number_pages(self) -> Iterator[list[str]]:
        """Yield the numbers of all hotlines, a page at a time; the page's records are at hand meanwhile."""
        after = ""
        while numbers := self._rows.number_page(after):
            self._page, _ = self._rows.hotlines(numbers)
            groups = {group for number in numbers for group in _led_to(self.hotline(number))}
            self._page.update(self._rows.groups(list(groups))[0] if groups else {})
            yield numbers
            after = numbers[-1]

    def group_pages(self) -> Iterator[list[int]]:
        """Yield the ids of all groups, likewise."""
        after = -(1 << 63)
        while groups := self._rows.group_page(after):
            self._page, self.problems = self._rows.groups(groups)
            yield groups
            after = groups[-1]

    def raw(self, key: bytes) -> bytes | None:
        """Return a record; one that is not at hand is compiled."""
        if key.startswith(SMALL):
            return self.small.get(key)
        if key not in self._page:
            if key.startswith(b"h:"):
                self._page.update(self._rows.hotlines([key[2:].decode()])[0])
            else:
                self._page.update(self._rows.groups([int(key[2:])])[0])
        return self._page[key]


class LiveTable(Table):
    """The file that the workers read, in one state. Closed by `close()`."""

    def __init__(self, directory: Path) -> None:
        """Open it. Raises `TableUnavailable` where there is none, or one of another format."""
        try:
            self._env: Any = lmdb.open(
                str(directory), map_size=MAP_SIZE, max_readers=MAX_READERS, readonly=True, create=False
            )
            self._txn: Any = self._env.begin()
        except lmdb.Error as error:
            raise TableUnavailable(f"the routing table cannot be read: {error}") from error
        if self.raw(b"v") != FORMAT:
            self.close()
            raise TableUnavailable("the routing table is not built yet, or of another format")

    def raw(self, key: bytes) -> bytes | None:
        """Return a record."""
        found: bytes | None = self._txn.get(key)
        return found

    def keys(self, prefix: bytes) -> Iterator[bytes]:
        """Yield the keys that begin with `prefix`."""
        with self._txn.cursor() as cursor:
            if cursor.set_range(prefix):
                for key in cursor.iternext(values=False):
                    if not key.startswith(prefix):
                        return
                    yield key

    def close(self) -> None:
        """Give the reader slot back."""
        self._txn.abort()
        self._env.close()


def _led_to(hotline: Hotline | None) -> Iterator[int]:
    if hotline is not None:
        schedule = hotline.schedule or Schedule()
        groups = [hotline.group, *(slot.group for slot in schedule.slots), *(day.group for day in schedule.special)]
        yield from (group for group in groups if group is not None)


def differences(tables: SqlTable, live: LiveTable) -> Iterator[str]:
    """Yield the key of each record that is not the same in both, as text ("h:+842727777787", "G:1" …)."""
    for prefix in SMALL:
        keys = {key for key in tables.small if key.startswith(prefix)} | set(live.keys(prefix))
        yield from _unlike(sorted(keys), tables, live)
    known: set[bytes] = set()
    for numbers in tables.number_pages():
        keys = {hotline_key(number) for number in numbers}
        known |= keys
        yield from _unlike(sorted(keys), tables, live)
    for groups in tables.group_pages():
        keys = {id_key("G", group) for group in groups}
        known |= keys
        yield from _unlike(sorted(keys), tables, live)
    for prefix in (b"h:", b"G:"):
        yield from (key.decode() for key in live.keys(prefix) if key not in known)


def _unlike(keys: list[bytes], tables: SqlTable, live: LiveTable) -> Iterator[str]:
    return (key.decode() for key in keys if tables.raw(key) != live.raw(key))
