"""`extgroup check` and `explain` as an operator runs them: the database, the workers' table, the exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection

from kemi.table.follower import Follower
from kemi.table.store import TableWriter
from kemi.table.sync import connect
from tests.database import fresh_database, load_vcontact
from tests.integration.config_plane.room import sql

NIGHT = """
    insert into external_group (id, tenant_id, name, outbound_hotline_id) values (2, 1, 'Night', 1);
    insert into group_member (group_id, number) values (2, '0901234567');
    insert into hotline_special_day (hotline_id, day, from_time, external_group_id)
    values (1, '2026-09-02', '18:00', 2);
"""


@pytest.fixture(autouse=True)
def log_since() -> None:
    """Stand in for the fixture of this name next door, which starts a whole edge."""


class Desk:
    """An operator at the database, and the compiler when it is let."""

    def __init__(self, url: str, var: Path) -> None:
        self.url, self.var, self.tcp = url, var, "no"
        self.conn: connection = psycopg2.connect(url)
        load_vcontact(self.conn)
        self.conn.autocommit = True

    def sql(self, statement: str) -> None:
        sql(self.conn, statement)

    def compile(self) -> None:
        conn = connect(self.url)
        with TableWriter(self.var / "table") as writer:
            Follower(conn, writer, tcp=self.tcp == "yes").compile_all()
        conn.close()

    def asks(self, *arguments: str, **more: str) -> tuple[int, str]:
        env = {**os.environ, "DATABASE_URL": self.url, "VAR_DIR": str(self.var), "SIP_TCP": self.tcp, **more}
        command = [sys.executable, "-m", "kemi.check", *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def checks(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        status, out = self.asks("check", "--json", *arguments)
        return status, json.loads(out)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with fresh_database() as url:
        desk = Desk(url, tmp_path)
        desk.compile()
        yield desk
        desk.conn.close()


def test_a_configuration_that_rings_is_good(desk: Desk) -> None:
    status, out = desk.asks("check")
    assert status == 0, out
    assert "The workers' routing table says the same." in out
    assert "a landline: no SMS reaches it" in out


def test_where_nothing_is_configured_yet_the_way_on_is_told(desk: Desk) -> None:
    """Four empty tables would say that all is well."""
    desk.sql("update hotline set external_group_id = null; delete from external_group; delete from hotline")
    desk.sql("delete from gateway; delete from trunk")
    desk.compile()
    status, out = desk.asks("check")
    assert (status, "README.md" in out, "Hotlines" in out) == (0, True, False), out


def test_what_cannot_ring_is_told_and_fails(desk: Desk) -> None:
    desk.sql("insert into group_member (group_id, number, name, position) values (1, '+841900123456', 'Vay', 9)")
    desk.compile()
    status, found = desk.checks()
    assert status == 1
    (group,) = found["groups"]
    assert [(one["name"], one["state"]) for one in group["members"]] == [
        ("Anh", "yes"), ("Bình", "yes"), ("Chi", "yes"), ("Văn phòng", "yes"), ("Vay", "no"),
    ]  # fmt: skip
    assert group["members"][-1]["reason"] == "the member's number is a premium or service number"
    status, found = desk.checks("--problems")
    assert status == 1
    assert (found["hotlines"], [one["name"] for one in found["groups"][0]["members"]]) == ([], ["Vay"])


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("update hotline set outbound_allowed = false", "may not call out"),
        ("update hotline set expires_at = now() - interval '1 day'", "has expired"),
        ("update tenant set plan_expires_at = now() - interval '1 day'", "the tenant's plan has expired"),
        ("update plan set verified_members_only = true", "the plan rings verified members only"),
        ("update plan set max_members = 1", "only 1 members may ring"),
        ("insert into plan_destination values (1, '0984')", "the plan does not allow this destination"),
        ("insert into tenant_destination values (1, '+65')", "the tenant does not allow this destination"),
        ("insert into gateway_prefix values (1, '098')", "no gateway takes the member's number"),
        ("update gateway set enabled = false", "no enabled gateway accepts the outbound number"),
        ("delete from gateway_number", "no gateway accepts outbound number"),
        ("delete from gateway_number", "the gateway lets out no number"),
        ("update gateway_number set number = '02727777788'", "a hotline: +842727777788 (gateway_number)"),
        ("delete from trunk_address", "the trunk has no address"),
        ("delete from trunk", "there is no trunk, so that no call is taken from anybody"),
        ("update hotline set external_group_id = null", "no hotline, schedule or fallback leads to it"),
        ("insert into hotline (tenant_id, number) values (1, '0844441909')", "one of our own hotlines"),
        ("update external_group set fallback_number = '+6581234567'", "the fallback number is not rung"),
    ],
)
def test_each_reason_is_found(desk: Desk, statement: str, words: str) -> None:
    desk.sql(statement)
    status, out = desk.asks("check")
    assert status == 1, out
    assert words in out


@pytest.mark.parametrize(
    "statement",
    [
        "update external_group set fallback_group_id = 2 where id = 1",
        "insert into hotline_slot (hotline_id, weekday, from_time, until_time, external_group_id)"
        " values (1, 1, '08:00', '09:00', 2)",
        "insert into hotline_special_day (hotline_id, day, external_group_id) values (1, '2020-02-02', 2)",
        "update external_group set enabled = false where id = 2",
    ],
)
def test_a_group_that_calls_come_to_by_any_way_is_good(desk: Desk, statement: str) -> None:
    """Or one that is switched off."""
    desk.sql(NIGHT.partition("insert into hotline_special_day")[0])
    status, found = desk.checks("--problems")
    assert (status, [(one["id"], one["unreached"] is not None) for one in found["groups"]]) == (1, [(2, True)])
    desk.sql(statement)
    desk.compile()
    assert desk.checks("--problems")[0] == 0


def test_groups_that_only_fall_back_to_each_other_are_reached_by_nobody(desk: Desk) -> None:
    desk.sql(NIGHT.partition("insert into hotline_special_day")[0])
    desk.sql(
        "insert into external_group (id, tenant_id, name, outbound_hotline_id, enabled) values (3, 1, 'B', 1, false)"
    )
    desk.sql("update external_group set fallback_group_id = 5 - id where id > 1")
    _, found = desk.checks("--problems")
    assert {one["id"]: one["unreached"] is not None for one in found["groups"]}[2]


def test_trunks_and_gateways_are_shown_with_what_they_are(desk: Desk) -> None:
    """Those that are switched off are as somebody wanted them."""
    desk.sql("insert into trunk (id, name, enabled) values (2, 'spare', false)")
    desk.sql("insert into gateway (id, name, host, enabled) values (2, 'spare', '::1', false)")
    desk.compile()
    status, found = desk.checks()
    assert status == 0
    assert [(one["name"], one["addresses"], one["state"]) for one in found["trunks"]] == [
        ("customers", ["127.0.0.10/32"], "yes"),
        ("spare", [], "off"),
    ]
    assert [(one["address"], one["state"]) for one in found["gateways"]] == [
        ("127.0.0.20:5060", "yes"),
        ("[::1]:5060", "off"),
    ]
    status, found = desk.checks("--problems")
    assert (found["trunks"], found["gateways"]) == ([], [])


def test_what_the_settings_cut_off_is_told_and_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No table knows where the edge listens."""
    monkeypatch.setenv("SIP_LISTEN", "udp:[2001:db8::1]:5060")
    status, out = desk.asks("check")
    assert status == 1
    assert "127.0.0.10/32: the edge has no IPv4 address (SIP_LISTEN)" in out


def test_a_table_that_is_not_what_the_database_says_is_told_and_fails(desk: Desk) -> None:
    desk.sql("update external_group set ring_seconds = 9; update trunk_address set address = '127.0.0.11'")
    status, found = desk.checks()
    assert status == 1
    assert found["differences"] == ["a:127.0.0.10", "a:127.0.0.11", "G:1"]
    desk.compile()
    assert desk.checks()[0] == 0


def test_what_the_workers_would_do_can_be_asked_too(desk: Desk) -> None:
    desk.sql("update hotline set enabled = false; update external_group set name = 'Sales'")
    status, out = desk.asks("explain", "02727777787")
    assert status == 1
    assert "The workers' routing table says something else" in out
    status, out = desk.asks("explain", "02727777787", "--live")
    assert status == 0
    assert "Kinh doanh" in out
    assert desk.checks("--live")[1]["hotlines"][0]["state"] == "yes"


def test_without_a_table_of_workers_that_is_said(desk: Desk) -> None:
    desk.var = desk.var / "nowhere"
    status, out = desk.asks("check")
    assert status == 0
    assert "Not compared with the workers' routing table" in out
    assert desk.asks("explain", "02727777787", "--live")[0] == 2


def test_a_call_at_another_time_is_explained_by_the_tenants_clock(desk: Desk) -> None:
    desk.sql(NIGHT)
    desk.compile()
    status, out = desk.asks("explain", "0272 7777 787", "--at", "2026-09-02 19:00", "--caller", "0909789846")
    assert status == 0, out
    assert "special day 2026-09-02, 18:00 to 24:00: group 2" in out
    assert "1 telephone of group Night will ring" in out
    assert "The workers' routing table says the same." in out
    assert "group Kinh doanh will ring" in desk.asks("explain", "02727777787", "--at", "2026-09-02 17:59")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("explain", "02727777787", "--at", "tomorrow"), "write it like 2026-09-02 19:00"),
        (("explain", "02727777787", "--caller", "Anh"), "not a telephone number"),
    ],
)
def test_a_question_that_cannot_be_answered_is_2(desk: Desk, arguments: tuple[str, ...], words: str) -> None:
    status, out = desk.asks(*arguments)
    assert status == 2
    assert words in out
