"""The views and the edge's own code say the same of the same worlds, made up by dice."""

import random
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection

from kemi.check.__main__ import judged
from kemi.check.report import Checked
from kemi.table.sync import connect
from tests.database import fresh_database

WORLD = """
    insert into plan (id, name, max_members, verified_members_only) values (1, 'p', %(most)s, %(strict)s);
    insert into tenant (id, name, brand, plan_id) values (1, 'a', 'a', 1);
    insert into gateway (id, name, host, enabled) select n, 'g' || n, '127.0.0.1', n <> %(id)s
    from generate_series(1, 3) n;
    insert into hotline (id, tenant_id, number, enabled) select n, 1, '+8428111111' || n, n <> %(id2)s
    from generate_series(10, 15) n;
    insert into gateway_number select g, number from hotline, generate_series(1, 3) g where (hotline.id + g) %% 3 <> 1;
    insert into external_group (id, tenant_id, name, outbound_hotline_id, enabled)
    select n, 1, 'e' || n, n, n <> 9 + %(id)s
    from generate_series(10, 14) n;
    update hotline set external_group_id = 10 + id %% 5 where id <> 12;
"""
MEMBER = """
    insert into group_member (group_id, number, enabled, position, verified_at)
    values (%(group)s, %(number)s, %(yes)s, %(id)s, case when %(yes2)s then now() end)
"""
RULES = (
    "insert into plan_destination values (1, '+849'), (1, '+8428')",
    "insert into tenant_destination values (1, '+84'), (1, '+65')",
    "insert into gateway_prefix values (1, '+849'), (2, '+8428')",
    "insert into member_hours select id, extract(isodow from now() at time zone 'Asia/Ho_Chi_Minh'), '00:00', '24:00'"
    " from group_member where id %% 3 = %(id)s",
    "insert into member_hours select id, extract(isodow from now() at time zone 'Asia/Ho_Chi_Minh')::int %% 7 + 1,"
    " '00:00', '24:00' from group_member where id %% 5 = %(id)s",
    "insert into hotline_special_day (hotline_id, day, external_group_id)"
    " select 11, (now() at time zone 'Asia/Ho_Chi_Minh')::date, nullif(%(group)s, 14)",
    "insert into hotline_slot (hotline_id, weekday, from_time, until_time, external_group_id)"
    " select 12, day, '00:00', '24:00', nullif(%(group)s, 13) from generate_series(1, 7) day",
    "update hotline set expires_at = now() - interval '1 s' where id = %(group)s",
    "update hotline set outbound_allowed = false where id = %(group)s",
    "update hotline set inbound_allowed = false where id = %(group)s + 1",
    "update tenant set plan_expires_at = now()",
)
NUMBERS = (
    "+84901234567", "+84971234567", "+8490123456", "+849012345678",
    "+842838123456", "+842811111112", "+842811111114", "+841900123456", "+6581234567",
    "+12025550123",
)  # fmt: skip


@pytest.fixture(autouse=True)
def log_since() -> None:
    """Stand in for the fixture of this name next door, which starts a whole edge."""


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as url:
        yield url


def made_up(conn: connection, dice: random.Random) -> None:
    """A world of six hotlines, five groups and thirty members, with some of the rules."""

    def values() -> dict[str, Any]:
        return {
            "id": dice.randint(0, 3), "id2": dice.randint(10, 20), "group": dice.randint(10, 14),
            "number": dice.choice(NUMBERS),
            "yes": dice.random() < 0.8, "yes2": dice.random() < 0.7, "most": dice.choice([None, 1, 2, 40]),
            "strict": dice.random() < 0.3,
        }  # fmt: skip

    with conn, conn.cursor() as cur:
        cur.execute(WORLD, values())
        for _ in range(30):
            cur.execute(MEMBER, values())
        for rule in RULES:
            if dice.random() < 0.3:
                cur.execute(rule, values())


def viewed(conn: connection, view: str, key: str) -> dict[Any, str | None]:
    with conn, conn.cursor() as cur:
        cur.execute(f"select {key}, reason from {view}")  # noqa: S608
        return dict(cur.fetchall())


def found_in(url: str) -> Checked:
    conn = connect(url)
    try:
        return judged(conn)
    finally:
        conn.close()


@pytest.mark.parametrize("seed", range(10))
def test_the_views_and_the_code_of_the_call_agree(url: str, seed: int) -> None:
    conn = psycopg2.connect(url, options="-c jit=off")  # compiling takes longer than running
    made_up(conn, random.Random(seed))
    found = found_in(url)
    members = {one.id: one.reason for group in found.groups for one in group.members}
    assert viewed(conn, "member_check", "member_id") == members
    groups = viewed(conn, "group_check", "group_id")
    assert {key for key, reason in groups.items() if reason is None} == {
        group.id for group in found.groups if group.state == "yes"
    }
    with conn, conn.cursor() as cur:
        cur.execute(
            "select number, h.reason is null and g.reason is null"
            " from hotline_check h left join group_check g using (group_id)"
        )
        lines = dict(cur.fetchall())
    assert lines == {one.number: one.state == "yes" for one in found.hotlines}
    conn.close()
