"""Follows the database: brings each change of the configuration into the routing table, and at first all of it.

A change is found by its transaction, not by its id or time: each look's snapshot is kept, and the next look asks for
what that one could not see. The table has it, too: whoever was away begins with what he missed, and then looks at
every row all the same.

Nothing here grows with the configuration: rows and records come and go by the page, and between two pages what has
just changed is compiled, so that nobody waits for the end of a million (kemi/decisions/0019).
"""

import select
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import msgspec
from psycopg2.extensions import connection

from kemi.domain.model import TrunkAddress
from kemi.table.affected import Affected, affected
from kemi.table.keys import key_id, key_number
from kemi.table.problems import Problems
from kemi.table.rows import MOST_CHANGES, PAGE, Records, Rows, pages
from kemi.table.sounds import SoundFiles
from kemi.table.store import TableWriter
from sql.named import queries

_BEFORE_ALL: Final = -(1 << 63)  # bigint's least
_Key = TypeVar("_Key", int, str)


class Follower:
    """Brings what is in the database into the table. One connection, one writer, no thread."""

    def __init__(
        self, conn: connection, writer: TableWriter, sounds: SoundFiles | None = None, *, tcp: bool = False
    ) -> None:
        """`sounds`, `tcp`: see `Rows`."""
        self._conn, self._tcp = conn, tcp
        self._writer = writer
        self._sounds = sounds
        self._seen = _as_snapshot(writer.horizon())  # the snapshot of the last look; "": there was none
        self._later: deque[Affected] = deque()  # what is compiled by the page, and other changes in between
        self._all_wanted = False

    def compile_all(self) -> int:
        """Make the table equal to the database, writing only what differs; return the number of hotlines.

        It begins with what changed since the table was last kept.
        """
        while True:
            self._all_wanted = False
            hotlines = self._compile_every_row()
            self._compile_later()
            if not self._all_wanted:
                self._writer.keep_horizon(self._seen)
                self._writer.finish()
                return hotlines

    def compile_changes(self) -> int:
        """Compile what has changed since the last look; return how many things have."""
        new = self._compile_new()
        self._compile_later()
        if self._all_wanted:
            self.compile_all()
        elif new:
            self._writer.keep_horizon(self._seen)  # an older one would do, and cost only work
        return new

    def _compile_new(self) -> int:
        with self._snapshot() as rows:
            seen = rows.snapshot()
            changes = rows.changes(self._seen or seen)
            if len(changes) > MOST_CHANGES or any(change.kind == "everything" for change in changes):
                self._all_wanted = True
            elif changes:
                self._compile(rows, affected(rows, changes))
        self._seen = seen
        return len(changes)

    def _compile_every_row(self) -> int:
        self._compile_new()
        with self._snapshot() as rows:
            for prefix, records in (
                (b"p:", rows.plans()),
                (b"g:", rows.gateways()),
                (b"a:", rows.trunk_addresses()),
            ):
                gone = (key for key, _ in self._writer.items(prefix) if key not in records)
                self._writer.apply({**dict.fromkeys(gone), **records})
        problems, hotlines = Problems(), 0
        for tenants in self._every(Rows.tenant_page, _BEFORE_ALL):
            self._compile_tenants(tenants)
        for groups in self._every(Rows.group_page, _BEFORE_ALL):
            problems.add(self._compile_groups(groups))
        for numbers in self._every(Rows.number_page, ""):
            problems.add(self._compile_numbers(numbers))
            hotlines += len(numbers)
        # Hotlines first, so that none leads to a group or a tenant that is gone.
        for numbers in self._gone(b"h:", key_number, Rows.gone_numbers):
            self._compile_numbers(numbers)
        for groups in self._gone(b"G:", key_id, Rows.gone_groups):
            self._compile_groups(groups)
        for tenants in self._gone(b"t:", key_id, Rows.gone_tenants):
            self._compile_tenants(tenants)
        problems.tell()
        return hotlines

    def _every(self, page: Callable[[Rows, _Key], list[_Key]], after: _Key) -> Iterator[list[_Key]]:
        """Yield the keys of all rows by the page, and compile what has changed meanwhile."""
        while True:
            with self._snapshot() as rows:
                found = page(rows, after)
            if not found:
                return
            yield found
            after = found[-1]
            self._compile_new()

    def _gone(
        self, prefix: bytes, key_of: Callable[[bytes], _Key], gone: Callable[[Rows, list[_Key]], list[_Key]]
    ) -> Iterator[list[_Key]]:
        """Yield what is in the table and not, or no longer, in the database, likewise."""
        after = prefix
        while keys := self._writer.keys(prefix, after, PAGE):
            with self._snapshot() as rows:
                found = gone(rows, [key_of(key) for key in keys])
            if found:
                yield found
            after = keys[-1]
            self._compile_new()

    def _compile_tenants(self, tenants: list[int]) -> None:
        with self._snapshot() as rows:
            self._writer.apply(rows.tenants(tenants))

    def _compile_numbers(self, numbers: list[str]) -> list[str]:
        with self._snapshot() as rows:
            records, problems = rows.hotlines(numbers)
            self._writer.apply(records)
        return problems

    def _compile_groups(self, groups: list[int]) -> list[str]:
        with self._snapshot() as rows:
            records, problems = rows.groups(groups)
            self._writer.apply(records)
        return problems

    def forget_changes(self) -> None:
        """Delete the lines of `routing_change` and the sounds that nobody needs any more."""
        with self._conn, self._conn.cursor() as cur:
            cur.execute("set transaction isolation level read committed, read write")
            cur.execute(queries("compiler")["forget_changes"])
        if self._sounds is not None:
            self._sounds.forget(self._conn)
            self._conn.rollback()

    def listen(self) -> None:
        """Ask to be woken by a change."""
        with self._conn, self._conn.cursor() as cur:
            cur.execute("listen routing_change")

    def wait(self, seconds: float) -> None:
        """Return when a change is announced, or after `seconds`."""
        if not self._conn.notifies:
            select.select([self._conn], [], [], seconds)
        self._conn.poll()
        self._conn.notifies.clear()

    def _compile(self, rows: Rows, found: Affected) -> None:
        """Compile what changes affect, in one transaction, so that readers see it at once; what is long, later."""
        if found.is_long:
            self._later.append(found)
            found = found._replace(tenants=[], groups=[], numbers=[])
        problems = Problems()
        records: Records = {}
        for ids, read in ((found.plans, rows.plans), (found.tenants, rows.tenants), (found.gateways, rows.gateways)):
            records.update(read(ids) if ids else {})
        records.update(self._trunk_addresses(rows, found.trunks) if found.trunks else {})
        groups, said = rows.groups(found.groups)
        problems.add(said)
        hotlines, said = rows.hotlines(found.numbers)
        problems.add(said)
        self._writer.apply({**records, **groups, **hotlines})
        problems.tell()

    def _compile_later(self) -> None:
        """Compile what is long, by the page: what changes meanwhile need not wait."""
        problems = Problems()
        while self._later:
            found, gone = self._later.popleft(), list[int]()
            for ids in pages(found.tenants):
                self._compile_tenants(ids)
                self._compile_new()
            # Groups before hotlines, those that are gone after them: no hotline leads to a group that is not there.
            for ids in pages(found.groups):
                with self._snapshot() as rows:
                    records, said = rows.groups(ids)
                self._writer.apply({key: value for key, value in records.items() if value is not None})
                gone += [key_id(key) for key, value in records.items() if value is None]
                problems.add(said)
                self._compile_new()
            for numbers in pages(found.numbers):
                problems.add(self._compile_numbers(numbers))
                self._compile_new()
            for ids in pages(gone):
                self._compile_groups(ids)
        problems.tell()

    def _trunk_addresses(self, rows: Rows, ids: list[int]) -> Records:
        owner = msgspec.msgpack.Decoder(TrunkAddress)
        records: Records = {
            key: None for key, value in self._writer.items(b"a:") if owner.decode(value).trunk_id in ids
        }
        records.update(rows.trunk_addresses(ids))
        return records

    @contextmanager
    def _snapshot(self) -> Iterator[Rows]:
        try:
            yield Rows(self._conn, self._sounds, tcp=self._tcp)
        finally:
            if not self._conn.closed:
                self._conn.rollback()


def _as_snapshot(noted: str) -> str:
    """Return a snapshot that saw all before the transaction that was noted, as earlier versions did."""
    return f"{noted}:{noted}:" if noted and ":" not in noted else noted
