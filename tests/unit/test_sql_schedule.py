"""A hotline's schedule in SQL: overlaps are refused in words, also between transactions that cannot see each other."""

from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import connection

from sql.migrate import migrate, migrations
from tests.database import ask, fresh_database, seeded_database

SLOT = "insert into hotline_slot (id, hotline_id, weekday, from_time, until_time) values (%s, 1, %s, %s, %s)"
DAY = "insert into hotline_special_day (id, hotline_id, day, from_time, until_time) values (%s, 1, %s, %s, %s)"


@pytest.fixture
def url() -> Iterator[str]:
    """One for each test: they commit."""
    with seeded_database() as url:
        yield url


@pytest.mark.parametrize(
    ("begin", "end"),
    [("08:00", "09:00"), ("07:00", "08:01"), ("11:59", "24:00"), ("00:00", "24:00"), ("09:00", "10:00")],
)
def test_two_slots_that_overlap_are_refused_and_both_named(conn: connection, begin: str, end: str) -> None:
    ask(conn, SLOT, 5, 1, "08:00", "12:00")
    words = f"hotline_slot 6 (weekday 1, {begin} to {end}) overlaps hotline_slot 5 (08:00 to 12:00)"
    with pytest.raises(psycopg2.errors.ExclusionViolation) as refused:
        ask(conn, SLOT, 6, 1, begin, end)
    assert words in str(refused.value)
    assert refused.value.diag.constraint_name == "hotline_slot_overlaps_no_other"


def test_two_special_days_that_overlap_are_refused_and_both_named(conn: connection) -> None:
    ask(conn, DAY, 5, "2027-02-06", "00:00", "12:00")
    with pytest.raises(psycopg2.errors.ExclusionViolation) as refused:
        ask(conn, DAY, 6, "2027-02-06", "11:00", "24:00")
    words = "hotline_special_day 6 (2027-02-06, 11:00 to 24:00) overlaps hotline_special_day 5 (00:00 to 12:00)"
    assert words in str(refused.value)


def test_what_only_touches_or_is_of_another_day_does_not_overlap(conn: connection) -> None:
    ask(conn, SLOT, 5, 1, "08:00", "12:00")
    ask(conn, SLOT, 6, 1, "12:00", "24:00")
    ask(conn, SLOT, 7, 2, "00:00", "24:00")
    ask(conn, DAY, 5, "2027-02-06", "00:00", "24:00")
    ask(conn, DAY, 6, "2027-02-07", "00:00", "24:00")
    conn.commit()
    assert ask(conn, "select count(*) from hotline_slot") == [(3,)]


def test_slots_may_move_past_each_other_in_one_statement(conn: connection) -> None:
    """What counts is how they are after it."""
    ask(conn, SLOT, 5, 1, "08:00", "12:00")
    ask(conn, SLOT, 6, 1, "12:00", "16:00")
    ask(conn, "update hotline_slot set from_time = from_time + '4 hours', until_time = until_time + '4 hours'")
    conn.commit()


def test_two_people_who_cannot_see_each_other_cannot_overlap_either(url: str, conn: connection) -> None:
    other = psycopg2.connect(url)
    ask(conn, SLOT, 5, 1, "08:00", "12:00")
    ask(other, SLOT, 6, 1, "11:00", "13:00")
    conn.commit()
    with pytest.raises(psycopg2.errors.ExclusionViolation, match="hotline_slot_overlaps_no_other"):
        other.commit()
    other.close()


def test_a_slots_group_is_of_the_hotlines_tenant(conn: connection) -> None:
    ask(conn, "insert into tenant (id, name, brand, plan_id) select 2, 'other', 'other', min(id) from plan")
    ask(conn, "insert into hotline (id, tenant_id, number) values (2, 2, '0901234567')")
    ask(conn, "insert into external_group (id, tenant_id, name, outbound_hotline_id) values (2, 2, 'other', 2)")
    ask(conn, SLOT, 5, 1, "08:00", "12:00")
    with pytest.raises(psycopg2.errors.ForeignKeyViolation, match="hotline_slot_group_is_of_the_same_tenant"):
        ask(conn, "update hotline_slot set external_group_id = 2")


def test_a_schedule_goes_with_its_hotline(conn: connection) -> None:
    ask(conn, "insert into hotline (id, tenant_id, number) values (2, 1, '0901234567')")
    ask(conn, "insert into hotline_special_day (hotline_id, day) values (2, '2027-02-06')")
    ask(conn, "delete from hotline where id = 2")
    assert ask(conn, "select count(*) from hotline_special_day") == [(0,)]


@pytest.mark.parametrize(
    ("spelling", "prefix"),
    [
        ("098", "+8498"),
        ("+8498", "+8498"),
        ("8498", "+8498"),
        ("0084 98", "+8498"),
        ("0", "+84"),
        ("+", "+"),
        ("1", "+1"),
    ],
)
def test_a_prefix_is_written_in_any_spelling(conn: connection, spelling: str, prefix: str) -> None:
    assert ask(conn, "select e164_prefix(%s)", spelling) == [(prefix,)]


def test_identity_is_what_asserted_identity_was() -> None:
    """A gateway that was sent none is sent none."""
    with fresh_database(migrated=False) as url:
        conn = psycopg2.connect(url)
        before = [one for one in migrations() if one.name < "0011"]
        migrate(conn, before, lambda _: None)
        rows = "('a', '192.0.2.1', true), ('b', '192.0.2.2', false)"
        ask(conn, f"insert into gateway (name, host, asserted_identity) values {rows}")  # noqa: S608
        migrate(conn, migrations(), lambda _: None)
        assert ask(conn, "select name, identity from gateway order by name") == [("a", "p_asserted"), ("b", "none")]
        conn.close()
