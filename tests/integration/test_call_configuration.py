"""A COMMIT reaches the workers without a restart; without the database, calls go on by the last table."""

import secrets
from collections.abc import Iterator

import pytest

from kemi.table.store import TableReader
from tests.edge import BOB, CALLER, CAROL, HOTLINE, Edge, Ledger, Texts
from tests.sip import Carrier, Customer, Member

NEW_HOTLINE, NEW_MEMBER = "02866668888", "0355555555"


@pytest.fixture
def member_off(edge: Edge) -> Iterator[None]:
    """Carol is switched off, without a restart of anything."""
    edge.sql("update group_member set enabled = false where number = e164(%(number)s)", number=CAROL)
    assert edge.table_says(lambda table: len(members(table)) == 3)
    yield
    edge.sql("update group_member set enabled = true where number = e164(%(number)s)", number=CAROL)
    assert edge.table_says(lambda table: len(members(table)) == 4)


@pytest.mark.usefixtures("member_off")
def test_a_member_switched_off_no_longer_rings(customer: Customer, carrier: Carrier, bob: Member, edge: Edge) -> None:
    pid = edge.stack.pid("kamailio")
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    assert len(carrier.invites) == 3
    assert not carrier.member(CAROL).legs
    assert edge.stack.pid("kamailio") == pid


@pytest.fixture
def new_hotline(edge: Edge) -> Iterator[str]:
    """A hotline of its own group, whose outbound number is the old hotline; not notified."""
    edge.sql(
        """
        insert into hotline (tenant_id, number) select id, %(number)s from tenant where name = 'vContact';
        insert into external_group (tenant_id, name, outbound_hotline_id, ring_seconds)
        select tenant_id, 'Ho tro', id, 5 from hotline where number = e164('02727777787');
        insert into group_member (group_id, number) select id, %(member)s from external_group where name = 'Ho tro';
        update hotline set external_group_id = (select id from external_group where name = 'Ho tro')
        where number = e164(%(number)s);
        """,
        number=NEW_HOTLINE, member=NEW_MEMBER,
    )  # fmt: skip
    assert edge.table_says(lambda table: table.hotline("+842866668888"))
    yield NEW_HOTLINE
    edge.sql(
        "delete from hotline where number = e164(%(number)s); delete from external_group where name = 'Ho tro'",
        number=NEW_HOTLINE,
    )
    assert edge.table_says(lambda table: table.hotline("+842866668888") is None)


def test_a_new_hotline_rings_under_its_groups_outbound_number(
    customer: Customer, carrier: Carrier, new_hotline: str, sms: Texts
) -> None:
    """The outbound number is the group's own field, not the dialled number; the switch is off unless set."""
    call = customer.calls(new_hotline)
    member = carrier.member(NEW_MEMBER)
    member.answers()
    assert call.is_answered
    assert f"sip:{HOTLINE}@" in member.invite.get("from")
    assert call.hangs_up() == 200
    assert sms.of(call.call_id) == {}


SWITCHES = {
    "hotline off": ("hotline set enabled = false", "hotline set enabled = true"),
    "hotline expired": ("hotline set expires_at = now() - interval '1 s'", "hotline set expires_at = null"),
    "no calls in": ("hotline set inbound_allowed = false", "hotline set inbound_allowed = true"),
    "no calls out": ("hotline set outbound_allowed = false", "hotline set outbound_allowed = true"),
    "group off": ("external_group set enabled = false", "external_group set enabled = true"),
    "tenant off": ("tenant set enabled = false", "tenant set enabled = true"),
    "gateway off": ("gateway set enabled = false", "gateway set enabled = true"),
    "nobody on duty": ("group_member set enabled = false", "group_member set enabled = true"),
    "no gateway for the number": (
        "gateway_number set number = '+842838000000'", "gateway_number set number = '+842727777787'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SWITCHES)
def test_what_is_switched_off_cannot_ring_and_says_why(
    customer: Customer, carrier: Carrier, bob: Member, edge: Edge, ledger: Ledger, name: str
) -> None:
    """The very next call after the table has it; and it rings again when it is switched on."""
    before = records(edge.table)
    off, on = SWITCHES[name]
    edge.sql(f"update {off}")
    try:
        assert edge.table_says(lambda table: records(table) != before)
        call = customer.calls(HOTLINE)
        assert call.final() in {404, 480, 503}
        assert ledger.call(call.call_id, "refused")["reason"]
        assert ledger.notifications(call.call_id) == []
        assert carrier.invites == []
    finally:
        edge.sql(f"update {on}")
        assert edge.table_says(lambda table: records(table) == before)
    again = customer.calls(HOTLINE)
    bob.answers()
    assert again.is_answered
    assert again.hangs_up() == 200


def members(table: TableReader) -> tuple[str, ...]:
    """The numbers that the seed's hotline rings."""
    group = table.group_of("+842727777787")
    return tuple(member.number for member in group.members) if group else ()


def records(table: TableReader) -> tuple[object, ...]:
    """All that a call to the seed's hotline reads."""
    number = "+842727777787"
    switches = table.tenant(1), table.gateway(1), table.trunk_address("127.0.0.10")
    return table.hotline(number), table.group_of(number), *switches


def test_a_trunk_address_that_is_taken_away_is_a_strangers(stranger: Customer, edge: Edge) -> None:
    """And one that is added is a trunk's."""
    assert stranger.calls("02799999999").final() == 403
    edge.sql("insert into trunk_address (trunk_id, address) select id, '127.0.0.66/32' from trunk")
    assert edge.table_says(lambda table: table.trunk_address("127.0.0.66"))
    assert stranger.calls("02799999999").final() == 404
    edge.sql("delete from trunk_address where address = '127.0.0.66/32'")
    assert edge.table_says(lambda table: table.trunk_address("127.0.0.66") is None)
    assert stranger.calls("02799999999").final() == 403


@pytest.mark.parametrize(
    ("form", "user"),
    [("national", "0844441909"), ("e164", "+84844441909"), ("e164_no_plus", "84844441909"),
     ("international", "0084844441909")],
)  # fmt: skip
def test_each_gateway_gets_numbers_as_it_wants_them(
    customer: Customer, bob: Member, edge: Edge, form: str, user: str
) -> None:
    edge.sql("update gateway set number_format = %(form)s", form=form)
    assert edge.table_says(lambda table: table.gateway(1) and table.gateway(1).number_format == form)  # type: ignore[union-attr]
    try:
        call = customer.calls(HOTLINE)
        assert bob.invite.uri.startswith(f"sip:{user}@")
        assert f"sip:{user[:-10] if form == 'national' else user[:-9]}" in bob.invite.get("from")
        assert call.cancels() == 200
        assert call.final() == 487
    finally:
        edge.sql("update gateway set number_format = 'national'")
        assert edge.table_says(lambda table: table.gateway(1).number_format == "national")  # type: ignore[union-attr]


def test_without_the_database_calls_go_on_and_nothing_is_lost(
    customer: Customer, bob: Member, edge: Edge, ledger: Ledger, sms: Texts
) -> None:
    """PostgreSQL is killed; calls ring by the last table, also after a restart of Kamailio; then all is told."""
    edge.stack.kill("postgres")
    try:
        answered = customer.calls(HOTLINE)
        bob.answers()
        assert answered.is_answered
        assert answered.hangs_up() == 200
        edge.stack.kill("kamailio")
        edge.stack.restart("kamailio")
        missed = customer.calls(HOTLINE)
        bob.carrier.must(lambda: len(bob.legs) == 2, "the second call at Bob's")
        assert missed.cancels() == 200
        assert missed.final() == 487
    finally:
        edge.stack.restart("postgres")
    assert ledger.call(answered.call_id, "answered", ended=True, within=30)
    assert ledger.call(missed.call_id, "missed", within=30)
    assert sms.of(answered.call_id, within=30) == {BOB: f"(vContact) Ban vua nhan cuoc goi tu so {CALLER}."}
    assert len(sms.of(missed.call_id, within=30)) == 3
    name = f"after the outage {secrets.token_hex(3)}"
    edge.sql("update external_group set name = %(name)s where name = 'Kinh doanh'", name=name)
    assert edge.table_says(lambda table: table.group_of("+842727777787").name == name, within=30)  # type: ignore[union-attr]
    edge.sql("update external_group set name = 'Kinh doanh' where name = %(name)s", name=name)
    assert edge.table_says(lambda table: table.group_of("+842727777787").name == "Kinh doanh")  # type: ignore[union-attr]
