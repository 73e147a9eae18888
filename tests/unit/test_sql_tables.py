"""The tables are the user's interface: they explain themselves and refuse nonsense in words."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import connection

from sql.migrate import migrations
from sql.schema import dump
from tests.database import ask, fresh_database, load_vcontact, seeded_database


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with seeded_database() as url:
        conn = psycopg2.connect(url)
        load_vcontact(conn)  # again: that changes nothing
        conn.close()
        yield url


def test_every_table_column_and_function_is_explained(conn: connection) -> None:
    silent = ask(
        conn,
        """
        select c.relname || coalesce('.' || a.attname, '')
        from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
          and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)
        union all
        select proname from pg_proc
        where pronamespace = 'public'::regnamespace and obj_description(oid, 'pg_proc') is null
        """,
    )
    assert silent == []


def test_every_rule_has_a_name_of_its_own(conn: connection) -> None:
    """`hotline_check1` in an error tells nobody anything; the names PostgreSQL makes up end like this."""
    made_up = r"_(check\d*|fkey\d*|key\d*|excl\d*)$"
    rules = "select conname from pg_constraint where contype <> 'p' and connamespace = 'public'::regnamespace"
    assert [name for (name,) in ask(conn, rules) if re.search(made_up, name)] == []


def test_no_function_keeps_a_table_from_being_changed(conn: connection) -> None:
    """PostgreSQL 15.20 takes no new column where a function with a parsed body has the table's row as an argument."""
    takes_a_row = """
        select p.proname, t.typname from pg_proc p, unnest(p.proargtypes) as argument join pg_type t on t.oid = argument
        where t.typtype = 'c' and p.prosqlbody is not null and p.pronamespace = 'public'::regnamespace"""
    assert ask(conn, takes_a_row) == []


def test_each_index_names_the_query_it_is_for() -> None:
    for one in migrations():
        lines = one.statements.splitlines()
        for before, line in pairwise(lines):
            if re.match(r"create (unique )?index", line):
                assert before.startswith("-- "), f"{one.name}: {line}"


def test_schema_sql_is_what_the_migrations_make() -> None:
    """If this fails: `python -m sql.schema > sql/schema.sql` against a migrated database."""
    with fresh_database() as url:
        assert dump(url) == Path("sql/schema.sql").read_text()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("insert into hotline (tenant_id, number) values (1, '0272 7777 787')", "number_has_one_enabled_hotline"),
        ("insert into hotline (tenant_id, number) values (1, '113')", '"113" is not a telephone number'),
        ("insert into hotline (tenant_id, number) values (9, '0901234567')", "hotline_has_a_tenant_that_exists"),
        ("update hotline set expires_at = 'infinity'", "hotline_expires_at_a_date_or_never"),
        ("update group_member set number = 'Anh'", '"Anh" is not a telephone number'),
        ("update external_group set ring_seconds = 2", "external_group_rings_3_to_170_seconds"),
        ("update external_group set ring_seconds = 171", "external_group_rings_3_to_170_seconds"),
        ("update external_group set min_talk_seconds = -1", "external_group_min_talk_is_0_to_60_seconds"),
        ("update external_group set min_talk_seconds = 61", "external_group_min_talk_is_0_to_60_seconds"),
        ("update external_group set strategy = 'loud'", "external_group_strategy_is_known"),
        ("update external_group set name = ' '", "external_group_name_is_not_blank"),
        ("update tenant set time_zone = 'Mars/Olympus'", '"Mars/Olympus" is not a time zone'),
        ("update tenant set withheld_sms = 'the number'", "tenant_withheld_sms_is_none_or_without_number"),
        ("update tenant set keep_calls_days = 0", "tenant_keeps_calls_1_to_3650_days"),
        ("update tenant set keep_sms_days = 3651", "tenant_keeps_sms_1_to_3650_days"),
        ("update tenant set brand = repeat('x', 31)", "tenant_brand_is_1_to_30_printable_characters"),
        ("update tenant set brand = E'a\\nb'", "tenant_brand_is_1_to_30_printable_characters"),
        ("update trunk_address set address = '127.0.0.0/23'", "trunk_address_is_a_small_network"),
        ("update trunk_address set address = '2001:db8::/64'", "trunk_address_is_a_small_network"),
        ("insert into trunk_address (trunk_id, address) values (1, '127.0.0.0/28')", "trunk_address_overlaps_no_other"),
        ("update gateway set host = 'carrier.example'", "invalid input syntax for type inet"),
        ("update gateway set host = '127.0.0.0/24'", "gateway_host_is_one_address"),
        ("update gateway set host = '0.0.0.0'", "gateway_host_is_one_address"),
        ("update gateway set port = 0", "gateway_port_is_1_to_65535"),
        ("update gateway set from_host = E'x>\\r\\nP-Leak: 1'", "gateway_from_host_is_a_host"),
        ("update external_group set fallback_code = 200", "external_group_fallback_code_is_400_to_699"),
        ("update external_group set all_refused_code = 486", "external_group_all_refused_code_is_603_or_480"),
        ("update external_group set early_media = 'all'", "external_group_early_media_is_ringback_or_first"),
        ("update external_group set fallback_group_id = id", "external_group_is_not_its_own_fallback"),
        ("update external_group set fallback_number = 'Anh'", '"Anh" is not a telephone number'),
        (
            "update external_group set fallback_number = '0909789846', fallback_code = 480",
            "external_group_has_one_fallback_at_most",
        ),
        ("update group_member set ring_seconds = 2", "group_member_rings_3_to_170_seconds"),
        ("update group_member set delay_seconds = 121", "group_member_delay_is_0_to_120_seconds"),
        ("insert into member_hours values (1, 0, '08:00', '09:00')", "member_hours_weekday_is_1_to_7"),
        ("insert into member_hours values (1, 1, '22:00', '06:00')", "member_hours_end_after_they_begin"),
        ("update gateway set weight = 0", "gateway_weight_is_1_to_1000"),
        ("update gateway set outbound_proxy = 'proxy.example'", "gateway_outbound_proxy_is_an_address"),
        ("update gateway set outbound_proxy = '192.0.2.1:65536'", "gateway_outbound_proxy_is_an_address"),
        ("update gateway set outbound_proxy = '[2001:db8::1]:65536'", "gateway_outbound_proxy_is_an_address"),
        ("update gateway set outbound_proxy = '2001:db8::1'", "gateway_outbound_proxy_is_an_address"),
        ("update gateway set outbound_proxy = '[192.0.2.1]'", "gateway_outbound_proxy_is_an_address"),
        ("update gateway set outbound_proxy = '192.0.2.1.5'", "invalid input syntax for type inet"),
        ("update gateway set first_response_ms = 499", "gateway_first_response_is_500_to_30000_ms"),
        ("update gateway set probe_seconds = 1", "gateway_probe_is_off_or_5_to_3600_seconds"),
        ("update gateway set identity = 'diversion'", "gateway_identity_is_known"),
        ("insert into gateway_prefix values (1, 'Viettel')", '"Viettel" is not the beginning of a telephone number'),
        ("update hotline set closed_code = 200", "hotline_closed_code_is_400_to_699"),
        ("update hotline set max_calls = 0", "hotline_takes_one_call_at_least"),
        (
            "insert into hotline_slot (hotline_id, weekday, from_time, until_time) values (1, 1, '22:00', '06:00')",
            "hotline_slot_ends_after_it_begins",
        ),
        (
            "insert into hotline_special_day (hotline_id, day) values (1, 'infinity')",
            "hotline_special_day_is_of_these_centuries",
        ),
        ("insert into hotline_special_day (hotline_id, day) values (9, '2027-01-01')", "tenant_id"),
        ("update tenant set plan_expires_at = 'infinity'", "tenant_plan_expires_at_a_date_or_never"),
        ("update plan set max_call_seconds = 9", "plan_max_call_is_10_to_604800_seconds"),
        ("update plan set over_limit_code = 480", "plan_over_limit_code_is_486_or_503"),
        ("update trunk set max_calls_per_second = 0", "trunk_brings_one_call_a_second_at_least"),
        ("update plan set max_members = 0", "plan_lets_at_least_one_member_ring"),
        ("delete from tenant", "hotline_has_a_tenant_that_exists"),
        ("delete from external_group", "external_group_is_of_the_same_tenant"),
        ("update hotline set external_group_id = null; delete from hotline", "outbound_hotline_is_of_the_same_tenant"),
        ("delete from plan", "tenant_has_a_plan_that_exists"),
    ],
)
def test_nonsense_is_refused_in_words(conn: connection, statement: str, words: str) -> None:
    with pytest.raises(psycopg2.Error, match=re.escape(words)):
        ask(conn, statement)


def test_a_group_cannot_use_another_tenants_hotline_nor_be_rung_by_one(conn: connection) -> None:
    ask(conn, "insert into tenant (id, name, brand, plan_id) select 2, 'other', 'other', min(id) from plan")
    ask(conn, "insert into hotline (id, tenant_id, number) values (2, 2, '0901234567')")
    ask(conn, "savepoint before")
    with pytest.raises(psycopg2.errors.ForeignKeyViolation, match="outbound_hotline_is_of_the_same_tenant"):
        ask(conn, "update external_group set outbound_hotline_id = 2")
    ask(conn, "rollback to before")
    with pytest.raises(psycopg2.errors.ForeignKeyViolation, match="external_group_is_of_the_same_tenant"):
        ask(conn, "update hotline set external_group_id = (select id from external_group) where id = 2")


def test_a_number_may_have_many_disabled_hotlines_beside_its_enabled_one(conn: connection) -> None:
    for _ in range(2):
        ask(conn, "insert into hotline (tenant_id, number, enabled) values (1, '02727777787', false)")
    assert ask(conn, "select count(*) from hotline where number = '+842727777787'") == [(3,)]


def test_the_same_number_twice_in_a_group_is_accepted(conn: connection) -> None:
    ask(conn, "insert into group_member (group_id, number) select id, '84844441909' from external_group")
    assert ask(conn, "select count(*) from group_member where number = '+84844441909'") == [(2,)]


def test_the_seed_is_there_once_and_in_e164(conn: connection) -> None:
    assert ask(conn, "select number from group_member order by position") == [
        ("+84844441909",),
        ("+84844441910",),
        ("+84987654321",),
        ("+842838123456",),
    ]
    assert ask(conn, "select number, external_group_id from hotline") == [("+842727777787", 1)]
    assert ask(conn, "select address from trunk_address") == [("127.0.0.10/32",)]


@pytest.mark.parametrize(
    ("statement", "lines"),
    [
        ("update plan set name = 'new'", {("plan", 1)}),
        ("update tenant set brand = 'new'", {("tenant", 1)}),
        ("delete from trunk_address", {("trunk", 1)}),
        ("delete from trunk", {("trunk", 1)}),
        ("update gateway set priority = 2", {("gateway", 1)}),
        ("delete from gateway", {("gateway", 1), ("number", 842727777787)}),
        ("update gateway_number set number = '0901234567'", {("number", 842727777787), ("number", 84901234567)}),
        ("update hotline set number = '0901234567'", {("number", 842727777787), ("number", 84901234567)}),
        ("update hotline set enabled = false", {("number", 842727777787)}),
        ("update hotline set max_calls = 3, external_group_id = null", {("hotline", 1)}),
        ("update external_group set ring_seconds = 9", {("external_group", 1)}),
        ("delete from group_member", {("external_group", 1)}),
        ("insert into member_hours select min(id), 1, '08:00', '09:00' from group_member", {("member", 5)}),
        ("insert into hotline_special_day (hotline_id, day) values (1, '2027-02-06')", {("hotline", 1)}),
        (
            "insert into hotline_slot (hotline_id, weekday, from_time, until_time) values (1, 1, '08:00', '12:00')",
            {("hotline", 1)},
        ),
        ("insert into gateway_prefix values (1, '098')", {("gateway", 1)}),
        ("insert into plan_destination values (1, '098')", {("plan", 1)}),
        ("insert into tenant_destination values (1, '+1')", {("tenant", 1)}),
        ("truncate group_member cascade", {("everything", 0)}),
        ("update plan set name = 'new' where false", set()),
        ("update sms_provider set url = 'http://127.0.0.1/'", set()),
    ],
)
def test_a_change_of_configuration_leaves_its_lines(
    conn: connection, statement: str, lines: set[tuple[str, int]]
) -> None:
    ask(conn, statement)
    found = ask(conn, "select kind, key from routing_change where xid = pg_current_xact_id_if_assigned()")
    assert set(found) == lines


def test_a_statement_on_many_rows_leaves_one_line_for_each_parent(conn: connection) -> None:
    ask(
        conn,
        "insert into group_member (group_id, number) select 1, '09' || n from generate_series(10000000, 10000999) n",
    )
    assert ask(conn, "select kind, key from routing_change where xid = pg_current_xact_id()") == [("external_group", 1)]
