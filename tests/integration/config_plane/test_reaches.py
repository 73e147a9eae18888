"""The config plane alive: a COMMIT reaches a reader in another process, whatever happens to its NOTIFY.

A change counts as arrived when the reader, opened before the change, sees it. No Kamailio is needed here.
"""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Final

import psycopg2
import pytest
from psycopg2.extensions import connection

from deploy.wait import until
from kemi.domain.schedule import Schedule, Slot, SpecialDay
from kemi.table.store import TableReader
from tests.integration.config_plane.room import (
    NUMBER,
    PATIENT,
    Compiler,
    has_max_members,
    rings,
    sql,
    tenant_is_enabled,
    the,
    the_group,
)

CHANGES: Final[dict[str, Callable[[TableReader], bool]]] = {
    "update external_group set ring_seconds = 9": lambda t: rings(t, 9),
    "update external_group set min_talk_seconds = 7": lambda t: the_group(t).min_talk_seconds == 7,
    "update group_member set enabled = false where position = 1": lambda t: len(the_group(t).skipped) == 1,
    "delete from group_member": lambda t: the_group(t).refusal == "the group has no enabled member",
    "update hotline set enabled = false": lambda t: "the hotline is disabled" in str(the(t).refusal),
    "update hotline set number = '0901234567'": lambda t: (
        t.hotline(NUMBER) is None and t.hotline("+84901234567") is not None
    ),
    "delete from gateway_number": lambda t: "no gateway accepts" in str(the_group(t).refusal),
    "update gateway set host = '127.0.0.21'": lambda t: t.gateway(1).host == "127.0.0.21",  # type: ignore[union-attr]
    "update tenant set enabled = false": lambda t: not tenant_is_enabled(t),
    "update tenant set withheld_sms = 'without_number'": lambda t: t.tenant(1).withheld_sms == "without_number",  # type: ignore[union-attr]
    "update plan set max_members = 2": lambda t: has_max_members(t, 2),
    "update trunk_address set address = '127.0.0.128/30'": lambda t: (
        t.trunk_address("127.0.0.10") is None and t.trunk_address("127.0.0.131") is not None
    ),
    "update trunk set enabled = false": lambda t: t.trunk_address("127.0.0.10") is None,
    "insert into hotline_slot (hotline_id, weekday, from_time, until_time) values (1, 7, '12:00', '24:00')": lambda t: (
        the(t).schedule == Schedule((Slot(6 * 86400 + 43200, 7 * 86400, None),))
    ),
    "insert into hotline_special_day (hotline_id, day, external_group_id) values (1, '2027-02-06', 1)": lambda t: (
        the(t).schedule == Schedule((), (SpecialDay(date(2027, 2, 6).toordinal(), 0, 86400, 1),))
    ),
    "insert into member_hours select id, 1, '08:00', '09:00' from group_member where position = 1": lambda t: (
        the_group(t).members[0].hours == ((28800, 32400),)
    ),
    "insert into gateway_prefix values (1, '098')": lambda t: t.gateway(1).prefixes == ("+8498",),  # type: ignore[union-attr]
    "insert into plan_destination values (1, '098')": lambda t: t.plan(1).destinations == ("+8498",),  # type: ignore[union-attr]
    "insert into tenant_destination values (1, '+1')": lambda t: t.tenant(1).destinations == ("+1",),  # type: ignore[union-attr]
    "update trunk set max_calls_per_second = 9": lambda t: (
        t.trunk_address("127.0.0.10").max_calls_per_second == 9  # type: ignore[union-attr]
    ),
    "truncate group_member cascade": lambda t: the_group(t).refusal == "the group has no enabled member",
}


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("statement", CHANGES)
def test_a_commit_reaches_a_reader_in_another_process(conn: connection, table: TableReader, statement: str) -> None:
    assert the(table).refusal is None
    assert not CHANGES[statement](table)
    sql(conn, statement)
    assert until(lambda: CHANGES[statement](table), PATIENT), f"not within {PATIENT} s"


@pytest.mark.usefixtures("compiler")
def test_what_is_deleted_is_gone_from_the_table(conn: connection, table: TableReader) -> None:
    assert the(table)
    sql(conn, "update hotline set external_group_id = null; delete from external_group; delete from hotline")
    sql(conn, "delete from gateway; delete from trunk; delete from tenant; delete from plan")
    assert until(lambda: table.plan(1) is None, PATIENT)  # with it, in one transaction, all the rest
    gone = table.hotline(NUMBER), table.gateway(1), table.trunk_address("127.0.0.10"), table.tenant(1)
    assert gone == (None, None, None, None)


def test_a_missed_notify_is_caught_by_polling(conn: connection, stopped: Compiler, table: TableReader) -> None:
    """The line is there, as always, but nobody was told."""
    stopped.start(poll_seconds=0.5)
    assert stopped.says("table ready: 1 hotlines")
    sql(conn, "alter table tenant disable trigger note_update")
    sql(conn, "update tenant set enabled = false")
    sql(conn, "insert into routing_change (kind, key) values ('tenant', 1)")
    assert until(lambda: not tenant_is_enabled(table), PATIENT)


@pytest.mark.usefixtures("compiler")
def test_a_change_inside_a_long_transaction_is_not_lost(url: str, conn: connection, table: TableReader) -> None:
    """It is older by id and by time than changes that were compiled long before it was committed."""
    slow = psycopg2.connect(url)
    sql(slow, "update external_group set ring_seconds = 99")
    for most in range(2, 6):
        sql(conn, "update plan set max_members = %s", most)
        assert until(partial(has_max_members, table, most), PATIENT)
    assert rings(table, 6)
    slow.commit()
    slow.close()
    assert until(lambda: rings(table, 99), PATIENT)


@pytest.mark.usefixtures("compiler")
def test_what_is_rolled_back_never_arrives(url: str, conn: connection, table: TableReader) -> None:
    undone = psycopg2.connect(url)
    sql(undone, "update external_group set ring_seconds = 99")
    undone.rollback()
    undone.close()
    sql(conn, "update plan set max_members = 2")
    assert until(lambda: has_max_members(table, 2), PATIENT)
    assert rings(table, 6)
