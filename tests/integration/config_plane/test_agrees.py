"""Whatever changes in whatever order: compiled change by change, the table is what compiling everything makes it."""

import random
from itertools import count
from pathlib import Path
from typing import Final

import msgspec
import psycopg2
import pytest
from psycopg2.extensions import connection

from kemi.domain.model import Group
from kemi.table.follower import Follower
from kemi.table.rows import Rows
from kemi.table.store import TableWriter
from kemi.table.sync import connect

NUMBERS: Final = [f"+849000000{n:02}" for n in range(16)]
# Each takes random ids and numbers from a small world, so that rows collide, depend on each other and vanish.
STATEMENTS: Final = (
    "insert into hotline (id, tenant_id, number, enabled) values (%(id)s, %(tenant)s, %(number)s, %(yes)s)",
    "update hotline set number = %(number)s where id = %(id)s",
    "update hotline set enabled = %(yes)s, outbound_allowed = %(yes2)s where id = %(id)s",
    "update hotline set external_group_id = (select id from external_group g where g.tenant_id = hotline.tenant_id"
    " order by g.id %% %(id)s limit 1) where id = %(id)s or number = %(number)s",
    "delete from hotline where id = %(id)s",
    "update hotline set max_calls = %(id2)s, closed_code = 400 + %(id)s where id = %(id)s",
    "update hotline set expires_at = now() where id = %(id)s and %(yes)s",
    "insert into external_group (id, tenant_id, name, outbound_hotline_id)"
    " select %(id2)s, tenant_id, %(word)s, id from hotline where id = %(id)s",
    "update external_group set enabled = %(yes)s, ring_seconds = 3 + %(id)s where id = %(id2)s",
    "delete from external_group where id = %(id)s",
    "insert into group_member (group_id, number, enabled) select id, %(number)s, %(yes)s from external_group"
    " where id = %(id)s or id = %(id2)s",
    "update group_member set number = %(number)s, position = %(id)s where id = %(id2)s",
    "delete from group_member where id %% 5 = %(id)s",
    "insert into gateway (id, name, host, priority) values (%(id2)s, %(word)s, '127.0.0.1', %(id)s)",
    "update gateway set priority = %(id)s, enabled = %(yes)s where id = %(id2)s",
    "delete from gateway where id = %(id)s",
    "insert into gateway_number (gateway_id, number) select id, %(number)s from gateway where id = %(id)s",
    "insert into gateway_number (gateway_id, number) select id, %(number)s from gateway on conflict do nothing",
    "delete from gateway_number where number = %(number)s",
    "insert into trunk (id, name, enabled) values (%(id)s, %(word)s, %(yes)s)",
    "insert into trunk_address (trunk_id, address) values (%(id)s, ('192.0.2.' || 4 * %(id2)s || '/30')::cidr)",
    "update trunk set enabled = %(yes)s where id = %(id)s",
    "delete from trunk where id = %(id)s",
    "update tenant set enabled = %(yes)s where id = %(tenant)s",
    "update plan set max_members = %(id)s",
    "update external_group set fallback_number = null, fallback_group_id = (select id from external_group g"
    " where g.id <> external_group.id and g.tenant_id = external_group.tenant_id order by g.id %% %(id)s limit 1)"
    " where id = %(id2)s",
    "update external_group set fallback_number = %(number)s, fallback_group_id = null where id = %(id2)s",
    "update external_group set outbound_hotline_id = (select id from hotline h where h.tenant_id ="
    " external_group.tenant_id order by h.id %% %(id)s limit 1), strategy = 'random' where id = %(id2)s",
    "update group_member set ring_seconds = 3 + %(id)s, verified_at = now() where id = %(id2)s",
    "update group_member set group_id = g.id from external_group g where g.id = %(id)s and group_member.id = %(id2)s",
    "insert into member_hours select id, %(id)s %% 7 + 1, '08:00', '12:00' from group_member where id %% 9 = %(id2)s"
    " on conflict do nothing",
    "update member_hours set until_time = '13:00' where member_id = %(id2)s",
    "delete from member_hours where member_id %% 9 = %(id2)s",
    "insert into hotline_slot (hotline_id, weekday, from_time, until_time, external_group_id)"
    " select id, 1 + %(id)s %% 7, '08:00', '12:00', external_group_id from hotline where id = %(id2)s"
    " and not exists (select from hotline_slot where hotline_id = hotline.id)",
    "update hotline_slot set until_time = '13:00', external_group_id = null where hotline_id = %(id)s",
    "delete from hotline_slot where hotline_id = %(id)s",
    "insert into hotline_special_day (hotline_id, day) select id, date '2027-02-06' + %(id)s from hotline"
    " where id = %(id2)s and not exists (select from hotline_special_day where hotline_id = hotline.id)",
    "delete from hotline_special_day where hotline_id = %(id)s",
    "insert into gateway_prefix select id, '+849' || %(id)s from gateway where id = %(id2)s on conflict do nothing",
    "delete from gateway_prefix where gateway_id = %(id)s",
    "insert into plan_destination values (1, '+849' || %(id)s) on conflict do nothing",
    "delete from plan_destination where prefix = '+849' || %(id)s",
    "insert into tenant_destination values (%(tenant)s, '+' || %(id)s) on conflict do nothing",
    "delete from tenant_destination where prefix = '+' || %(id)s",
)

WORLD: Final = """
insert into plan (id, name) values (1, 'p');
insert into tenant (id, name, brand, plan_id) values (1, 'a', 'a', 1), (2, 'b', 'b', 1);
insert into gateway (id, name, host, priority) select n, 'g' || n, '127.0.0.1', 10 - n from generate_series(1, 4) n;
insert into gateway_number (gateway_id, number) select g, '+8490000000' || n from generate_series(1, 3) g, generate_series(0, 5) n;
insert into hotline (id, tenant_id, number) select n, 1 + n % 2, '+8490000000' || n from generate_series(1, 6) n;
insert into external_group (id, tenant_id, name, outbound_hotline_id) select n, 1 + n % 2, 'e' || n, n from generate_series(1, 4) n;
insert into group_member (id, group_id, number) select n, 1 + n % 4, '+8490000000' || n % 8 from generate_series(1, 9) n;
update hotline set external_group_id = 1 + (id + 3) % 4 where id < 5;
"""  # noqa: E501


class Operators:
    """Three people who change the configuration at once, each in transactions of several statements."""

    def __init__(self, url: str, dice: random.Random) -> None:
        self._dice, self._words = dice, count()
        self._conns = [psycopg2.connect(url, options="-c lock_timeout=5ms") for _ in range(3)]
        with self._conns[0] as conn, conn.cursor() as cur:
            cur.execute(WORLD)

    def act(self) -> None:
        """One of them does something: a statement, refused or not, or the end of his transaction."""
        conn = self._dice.choice(self._conns)
        if self._dice.random() < 0.4:
            self._dice.choice([conn.commit, conn.commit, conn.commit, conn.rollback])()
            return
        with conn.cursor() as cur:
            try:
                cur.execute(self._dice.choice(STATEMENTS), self._parameters())
            except psycopg2.Error:
                conn.rollback()

    def finish(self) -> None:
        for conn in self._conns:
            conn.commit()

    def close(self) -> None:
        for conn in self._conns:
            conn.close()

    def _parameters(self) -> dict[str, object]:
        dice = self._dice
        return {
            "id": dice.randint(1, 9),
            "id2": dice.randint(1, 9),
            "tenant": dice.randint(1, 2),
            "number": dice.choice(NUMBERS),
            "word": f"w{next(self._words)}",
            "yes": dice.random() < 0.7,
            "yes2": dice.random() < 0.8,
        }


def records(writer: TableWriter) -> dict[bytes, bytes]:
    """All but the compiler's own note of how far it has come."""
    return {key: value for key, value in writer.items(b"") if key != b"s"}


def compiled_anew(conn: connection, directory: Path) -> dict[bytes, bytes]:
    with TableWriter(directory) as writer:
        Follower(conn, writer).compile_all()
        return records(writer)


def can_ring(value: bytes) -> bool:
    return msgspec.msgpack.decode(value, type=Group).refusal is None


@pytest.mark.parametrize("seed", range(8))
def test_change_by_change_agrees_with_compiling_everything(url: str, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    operators = Operators(url, dice)
    conn, other = connect(url), connect(url)
    seen: set[bytes] = set()
    with TableWriter(tmp_path / "live") as writer:
        follower = Follower(conn, writer)
        follower.compile_all()
        for round_ in range(12):
            for _ in range(60):
                operators.act()
                if dice.random() < 0.3:
                    follower.compile_changes()
            if round_ % 3 == 2:
                operators.finish()
            follower.compile_changes()
            live = records(writer)
            assert live == compiled_anew(other, tmp_path / "anew")
            seen |= {value for key, value in live.items() if key.startswith((b"G:", b"h:"))}
    rang = [value for value in seen if b"members" in value and can_ring(value)]
    assert len(seen) >= 30, "the dice made no world worth comparing"
    assert rang
    for each in (operators, conn, other):
        each.close()


@pytest.mark.parametrize("seed", range(4))
def test_changes_while_everything_is_compiled_are_not_lost(
    url: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operators go on between two pages, of one number each here; and while the compiler is away."""
    operators = Operators(url, random.Random(seed))
    conn, other = connect(url), connect(url)
    number_page, group_page = Rows.number_page, Rows.group_page

    def numbers_after_changes(rows: Rows, after: str) -> list[str]:
        for _ in range(3):
            operators.act()
        return number_page(rows, after)

    def groups_after_changes(rows: Rows, after: int) -> list[int]:
        for _ in range(3):
            operators.act()
        return group_page(rows, after)

    for _ in range(6):
        with monkeypatch.context() as patched, TableWriter(tmp_path / "live") as writer:
            patched.setattr("kemi.table.rows.PAGE", 1)
            patched.setattr(Rows, "number_page", numbers_after_changes)
            patched.setattr(Rows, "group_page", groups_after_changes)
            follower = Follower(conn, writer)
            follower.compile_all()
            operators.finish()
            follower.compile_changes()
            live = records(writer)
        assert live == compiled_anew(other, tmp_path / "anew")
        for _ in range(20):
            operators.act()
        operators.finish()
    for each in (operators, conn, other):
        each.close()


def test_what_was_missed_while_away_is_compiled_before_the_rest(url: str, tmp_path: Path) -> None:
    """Looking at every row takes its time; nobody waits for it with a change made while the compiler was away."""
    operators = Operators(url, random.Random(1))
    conn, other = connect(url), psycopg2.connect(url)
    with TableWriter(tmp_path) as writer:
        Follower(conn, writer).compile_all()
    with other, other.cursor() as cur:
        cur.execute("update tenant set enabled = false where id = 2")
    with TableWriter(tmp_path) as writer:
        follower = Follower(conn, writer)
        before = records(writer)[b"t:2"]
        assert follower.compile_changes() >= 1
        assert records(writer)[b"t:2"] != before
    for each in (operators, conn, other):
        each.close()
