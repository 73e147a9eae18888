"""One changed row: how long until a worker sees it, and what the compiler did for it."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Final

from psycopg2.extensions import connection

from kemi.table.follower import Follower
from kemi.table.store import TableReader, TableWriter
from kemi.table.sync import connect
from tests.scale.compiler import Compiler
from tests.scale.figures import Recompiled, Spread, spread
from tests.scale.world import GATEWAYS, HOTLINES_A_TENANT, MEMBERS, PLANS, number

_PATIENCE: Final = 30.0  # seconds that a change may take
_PACE: Final = 0.0005  # seconds between two looks of the waiting worker: one at 2000 calls a second
_KINDS: Final = {"h": "hotline", "G": "group", "t": "tenant", "p": "plan", "g": "gateway", "a": "trunk address"}
# Each with %(value)s, never twice the same, and the row of one hotline (gateway, plan, tenant: of several).
_CHANGES: Final = {
    "member": "update group_member set number = '+8499' || 1000000 + %(value)s where id = %(member)s",
    "group": "update external_group set name = 'renamed ' || %(value)s where id = %(hotline)s",
    "hotline": "update hotline set max_calls = %(value)s where id = %(hotline)s",
    "gateway": "update gateway set name = 'renamed ' || %(value)s where id = %(gateway)s",
    "plan": "update plan set name = 'renamed ' || %(value)s where id = %(plan)s",
    "tenant": "update tenant set name = 'renamed ' || %(value)s where id = %(tenant)s",
    "number of a gateway": "delete from gateway_number where number = %(number)s and gateway_id = %(gateway)s",
    "special day": "insert into hotline_special_day (hotline_id, day) values (%(hotline)s, '2027-02-06')",
    "hours of a member": "insert into member_hours values (%(member)s, 1, '08:00', '17:00')",
}
_SEEN: Final[Mapping[str, Callable[[TableReader, int], object]]] = {
    "member": lambda table, hotline: (group := table.group_of(number(hotline))) and group.members[0].number,
    "group": lambda table, hotline: (group := table.group_of(number(hotline))) and group.name,
    "hotline": lambda table, hotline: (found := table.hotline(number(hotline))) and found.max_calls,
}
_LONG: Final = "update external_group set notify_members = not notify_members where id < %s"
_MOST_LONG: Final = 20_000  # rows of one statement
_values: Final = count(1)


def change(conn: connection, kind: str, hotline: int) -> None:
    """Change a row of this kind that belongs to the hotline; not committed yet."""
    tenant = hotline // HOTLINES_A_TENANT
    rows = {
        "value": next(_values), "hotline": hotline, "member": hotline * MEMBERS, "number": number(hotline),
        "tenant": tenant, "plan": 1 + tenant % PLANS, "gateway": 1 + hotline % GATEWAYS,
    }  # fmt: skip
    with conn.cursor() as cur:
        cur.execute(_CHANGES[kind], rows)


def arrivals(
    conn: connection, table: Path, compiler: Compiler, hotlines: int, changes: int, look: Callable[[int, int], None]
) -> dict[str, Spread]:
    """Return the ms from the COMMIT of one row to a worker that looks; `changes` of each kind, hotlines of chance."""
    dice, took = random.Random(2), {kind: list[float]() for kind in _SEEN}
    with closing(TableReader(table)) as reader:
        for done in range(changes):
            for kind, seen in _SEEN.items():
                took[kind].append(_arrival_ms(conn, reader, compiler, kind, dice.randrange(hotlines), seen))
            look(done + 1, changes)
    return {kind: spread(each) for kind, each in took.items()}


def behind_long_ms(conn: connection, table: Path, compiler: Compiler, hotlines: int) -> float:
    """Change half of the groups by one statement, then some hotlines, each alone; return how long the slowest took."""
    dice = random.Random(4)
    with closing(TableReader(table)) as reader:
        with conn.cursor() as cur:
            cur.execute(_LONG, (min(_MOST_LONG, hotlines // 2),))
        conn.commit()
        seen = _SEEN["hotline"]
        return max(_arrival_ms(conn, reader, compiler, "hotline", dice.randrange(hotlines), seen) for _ in range(5))


def _arrival_ms(
    conn: connection, reader: TableReader, compiler: Compiler, kind: str, hotline: int,
    seen: Callable[[TableReader, int], object],
) -> float:  # fmt: skip
    reader.look()
    before = seen(reader, hotline)
    change(conn, kind, hotline)
    began = time.perf_counter()
    conn.commit()
    compiler.until(lambda: seen(reader, hotline) != before, reader.look, _PACE, _PATIENCE)
    return (time.perf_counter() - began) * 1000


def recompiled(conn: connection, url: str, table: Path, hotlines: int) -> dict[str, Recompiled]:
    """Change one row of each kind and compile it here, where it is seen what is looked at. No compiler is running."""
    found = {}
    with closing(_Counting(table)) as writer, closing(connect(url)) as following:
        follower = Follower(following, writer)
        follower.compile_changes()  # what is old
        for place, kind in enumerate(_CHANGES):
            change(conn, kind, hotlines // 2 + place)
            conn.commit()
            writer.records.clear()
            writer.written = 0
            began = time.perf_counter()
            follower.compile_changes()
            ms = (time.perf_counter() - began) * 1000
            found[kind] = Recompiled(dict(writer.records), writer.written, ms)
    return found


class _Counting(TableWriter):
    """Counts what it is given; not the compiler's own notes."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.records: Counter[str] = Counter()
        self.written = 0

    def apply(self, changes: Mapping[bytes, bytes | None]) -> int:
        kinds = [_KINDS.get(key.decode()[:1]) for key in changes]
        self.records.update(kind for kind in kinds if kind is not None)
        written = super().apply(changes)
        self.written += written if any(kinds) else 0
        return written
