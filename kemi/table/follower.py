"""Follows the database: brings each change of the configuration into the routing table, and at first all of it.

A change is found by its transaction, not by its id or time: what was under way at the last look, and so could
not be seen, has an xid at or above that look's horizon. Compiling a change twice does no harm, so the horizon is
kept in the table: whoever was away begins with what he missed, and then looks at every row all the same.
"""

import logging
import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from psycopg2.extensions import connection

from kemi.domain.model import TrunkAddress
from kemi.table.keys import hotline_key, id_key, key_id, key_number
from kemi.table.rows import PAGE, Change, Records, Rows, pages
from kemi.table.store import TableWriter
from sql.named import queries

_PROBLEMS_SHOWN: Final = 20

log = logging.getLogger("table")


class Follower:
    """Brings what is in the database into the table. One connection, one writer, no thread."""

    def __init__(self, conn: connection, writer: TableWriter) -> None:
        self._conn = conn
        self._writer = writer
        self._horizon = writer.horizon()
        self._done: set[int] = set()  # changes at or above the horizon that are compiled
        self._all_wanted = False

    def compile_all(self) -> int:
        """Make the table equal to the database, writing only what differs; return the number of hotlines.

        It begins with what changed since the table was last kept, and between two pages of hotlines it compiles
        what has just changed: nobody waits for the end of a long compilation.
        """
        while True:
            self._all_wanted = False
            hotlines = self._compile_every_row()
            if not self._all_wanted:
                self._writer.keep_horizon(self._horizon)
                self._writer.finish()
                return hotlines

    def compile_changes(self) -> int:
        """Compile what has changed since the last look; return how many lines of `routing_change` were new."""
        new = self._compile_new()
        if self._all_wanted:
            self.compile_all()
        return new

    def _compile_new(self) -> int:
        with self._snapshot() as rows:
            horizon = rows.horizon()
            changes = rows.changes(self._horizon or horizon)
            new = [change for change in changes if change.id not in self._done]
            self._compile(rows, new)
        self._all_wanted |= any(change.kind == "everything" for change in new)
        self._horizon, self._done = horizon, {change.id for change in changes}
        if new:
            self._writer.keep_horizon(horizon)  # an older one would do, and cost only work
        return len(new)

    def _compile_every_row(self) -> int:
        self._compile_new()
        problems: list[str] = []
        with self._snapshot() as rows:
            for prefix, records in (
                (b"p:", rows.plans()),
                (b"t:", rows.tenants()),
                (b"g:", rows.gateways()),
                (b"a:", rows.trunk_addresses()),
            ):
                gone = (key for key, _ in self._writer.items(prefix) if key not in records)
                self._writer.apply({**dict.fromkeys(gone), **records})
        groups: set[bytes] = set()
        for ids in self._group_pages():
            groups.update(id_key("G", one) for one in ids)
            problems += self._compile_groups(ids)
        hotlines: set[bytes] = set()
        for numbers in self._number_pages():
            hotlines.update(map(hotline_key, numbers))
            problems += self._compile_numbers(numbers)
        # What is in the table and was on no page is gone, or came in between; a look at each tells. Hotlines first,
        # so that none leads to a group that is gone.
        for numbers in pages([key_number(key) for key, _ in self._writer.items(b"h:") if key not in hotlines]):
            problems += self._compile_numbers(numbers)
        for ids in pages([key_id(key) for key, _ in self._writer.items(b"G:") if key not in groups]):
            problems += self._compile_groups(ids)
        _tell(problems)
        return len(hotlines)

    def _number_pages(self) -> Iterator[list[str]]:
        after = ""
        while True:
            with self._snapshot() as rows:
                numbers = rows.number_page(after)
            if not numbers:
                return
            yield numbers
            after = numbers[-1]
            self._compile_new()

    def _group_pages(self) -> Iterator[list[int]]:
        after = -(1 << 63)
        while True:
            with self._snapshot() as rows:
                groups = rows.group_page(after)
            if not groups:
                return
            yield groups
            after = groups[-1]
            self._compile_new()

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
        """Delete the lines of `routing_change` that nobody needs any more."""
        with self._conn, self._conn.cursor() as cur:
            cur.execute("set transaction isolation level read committed, read write")
            cur.execute(queries("compiler")["forget_changes"])

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

    def _compile(self, rows: Rows, changes: list[Change]) -> None:
        """Compile `changes`; a page of records at most is written in one transaction, so seen at once by readers."""
        keys: dict[str, list[int]] = {}
        for change in changes:
            keys.setdefault(change.kind, []).append(change.key)
        records: Records = {}
        for kind, read in (("plan", rows.plans), ("tenant", rows.tenants), ("gateway", rows.gateways)):
            if kind in keys:
                records.update(read(keys[kind]))
        if "trunk" in keys:
            records.update(self._trunk_addresses(rows, keys["trunk"]))
        problems: list[str] = []
        numbers = [f"+{digits}" for digits in keys.get("number", ())]
        # Groups before hotlines, those that are gone after them: no hotline leads to a group that is not there.
        gone: Records = {}
        for ids in pages(_affected_groups(rows, numbers, keys)):
            records = self._with_room(records)
            found, said = rows.groups(ids)
            records.update({key: value for key, value in found.items() if value is not None})
            gone.update({key: value for key, value in found.items() if value is None})
            problems += said
        for page in pages(_affected_numbers(rows, numbers, keys)):
            records = self._with_room(records)
            found, said = rows.hotlines(page)
            records.update(found)
            problems += said
        self._writer.apply({**records, **gone})
        _tell(problems)

    def _with_room(self, records: Records) -> Records:
        if len(records) < PAGE:
            return records
        self._writer.apply(records)
        return {}

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
            yield Rows(self._conn)
        finally:
            if not self._conn.closed:
                self._conn.rollback()


def _affected_groups(rows: Rows, numbers: list[str], keys: dict[str, list[int]]) -> list[int]:
    groups, members = keys.get("external_group", []), keys.get("member", [])
    return rows.affected_groups(groups, numbers, members) if groups or numbers or members else []


def _affected_numbers(rows: Rows, numbers: list[str], keys: dict[str, list[int]]) -> list[str]:
    hotlines = keys.get("hotline", [])
    return rows.affected_numbers(numbers, hotlines) if numbers or hotlines else []


def _tell(problems: list[str]) -> None:
    for problem in problems[:_PROBLEMS_SHOWN]:
        log.warning("%s", problem)
    if len(problems) > _PROBLEMS_SHOWN:
        log.warning("and %d problems more", len(problems) - _PROBLEMS_SHOWN)
