"""A leg goes on through the next gateway where the first one fails, while the other legs ring (kemi/decisions/0020)."""

from collections.abc import Iterator

import pytest

from tests.edge import BOB, CALLER, CAROL, GATEWAY_HOST, HOTLINE, Edge, Ledger, Texts, free_port
from tests.sip import Carrier, Customer, Member, Recording

RECEIVED = f"(vContact) Ban vua nhan cuoc goi tu so {CALLER}."


@pytest.fixture
def second(edge: Edge, recording: Recording) -> Iterator[Carrier]:
    """Another gateway that takes the outbound number, worse than the first."""
    port = free_port(GATEWAY_HOST)
    edge.sql(
        "insert into gateway (name, host, port, priority) values ('second', %(host)s, %(port)s, 2);"
        "insert into gateway_number (gateway_id, number) select id, '02727777787' from gateway where name = 'second';"
        "update gateway set first_response_ms = 1000",
        host=GATEWAY_HOST, port=port,
    )  # fmt: skip
    assert edge.table_says(lambda table: len(table.group_of("+842727777787").gateways) == 2)  # type: ignore[union-attr]
    with Carrier(GATEWAY_HOST, port, recording) as carrier:
        yield carrier
    edge.sql(
        "delete from gateway_number where gateway_id = (select id from gateway where name = 'second');"
        "delete from gateway where name = 'second'; update gateway set first_response_ms = 5000"
    )
    assert edge.table_says(lambda table: len(table.group_of("+842727777787").gateways) == 1)  # type: ignore[union-attr]


def test_a_leg_fails_over_while_the_others_ring(
    customer: Customer, bob: Member, carol: Member, second: Carrier, ledger: Ledger, sms: Texts
) -> None:
    """The first gateway has no channel for Bob; Carol rings on through it."""
    call = customer.calls(HOTLINE)
    carol.rings()
    bob.refuses(503)
    elsewhere = second.member(BOB)
    elsewhere.rings().answers()
    assert call.is_answered
    assert elsewhere.was_acked
    assert carol.was_cancelled
    assert call.hangs_up() == 200
    assert elsewhere.was_hung_up
    ledger.call(call.call_id, "answered", ended=True)
    assert ledger.attempts(call.call_id)[:3] == [
        (BOB, 0, "unreachable"),
        (BOB, 1, "answered"),
        (CAROL, 0, "cancelled"),
    ]
    assert sms.of(call.call_id) == {BOB: RECEIVED}
    assert elsewhere.invite.call_id != bob.invite.call_id


def test_a_silent_gateway_and_its_answer_that_comes_too_late(
    customer: Customer, bob: Member, carol: Member, second: Carrier, ledger: Ledger
) -> None:
    """Nothing in a second: the other gateway; what the first says afterwards ends there."""
    bob.stays_silent()
    call = customer.calls(HOTLINE)
    carol.rings()
    elsewhere = second.member(BOB)
    elsewhere.rings()
    bob.answers()
    assert bob.was_acked
    assert bob.was_hung_up
    carol.answers()
    assert call.is_answered
    assert elsewhere.was_cancelled
    assert call.hangs_up() == 200
    assert carol.was_hung_up
    ledger.call(call.call_id, "answered", ended=True)
    assert ledger.attempts(call.call_id)[:3] == [
        (BOB, 0, "unreachable"),
        (BOB, 1, "cancelled"),
        (CAROL, 0, "answered"),
    ]


def test_what_a_person_said_is_not_asked_again_elsewhere(
    customer: Customer, bob: Member, carol: Member, second: Carrier
) -> None:
    """Busy is busy through any gateway."""
    call = customer.calls(HOTLINE)
    bob.refuses(486)
    carol.rings().answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    assert "INVITE" not in second.member(BOB).got


def test_legs_go_by_way_of_the_outbound_proxy(
    edge: Edge, customer: Customer, bob: Member, carol: Member, recording: Recording, ledger: Ledger
) -> None:
    """R-URI and From are the gateway's, every packet goes to its proxy; so does the CANCEL of who lost."""
    port = free_port(GATEWAY_HOST)
    edge.sql("update gateway set outbound_proxy = %(at)s", at=f"{GATEWAY_HOST}:{port}")
    try:
        assert edge.table_says(
            lambda table: any(one is not None and one.proxy for one in map(table.gateway, range(1, 9)))
        )
        with Carrier(GATEWAY_HOST, port, recording, bob.carrier.transport) as proxy:
            call = customer.calls(HOTLINE)
            behind, other = proxy.member(BOB), proxy.member(CAROL)
            other.rings()
            behind.rings().answers()
            assert call.is_answered
            assert other.was_cancelled
            assert behind.invite.uri.partition(";")[0].endswith(f"@{GATEWAY_HOST}:{edge.gateway_port}")
            assert behind.hangs_up() == 200
            assert call.was_hung_up
            ledger.call(call.call_id, "answered", ended=True)
        assert bob.got == carol.got == []
    finally:
        edge.sql("update gateway set outbound_proxy = null")
        assert edge.table_says(
            lambda table: not any(one is not None and one.proxy for one in map(table.gateway, range(1, 9)))
        )
