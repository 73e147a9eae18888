"""Connections that are refused, never taken, lost; and whose Contact is no way to him."""

import socket
from collections.abc import Callable, Iterator

import pytest

from deploy.wait import until
from kemi.watch.rpc import Rpc
from tests.edge import BOB, CUSTOMER_HOST, GATEWAY_HOST, HOTLINE, Edge, Ledger, free_port
from tests.integration.tcp.conftest import Ways
from tests.sip import Carrier, Customer, Member, Recording
from tests.sip.message import parse

SECOND_HOST = "127.0.0.22"
BOTH = pytest.mark.parametrize("ways", [Ways("tcp", "tcp")], indirect=True, ids="-".join)


@pytest.fixture
def second(edge: Edge, recording: Recording) -> Iterator[Carrier]:
    """Another gateway by TCP, worse than the first, which has a second to say something."""
    port = free_port(SECOND_HOST)
    edge.sql(
        "insert into gateway (name, host, port, transport, priority) values ('second', %(host)s, %(port)s, 'tcp', 2);"
        "insert into gateway_number (gateway_id, number) select id, '02727777787' from gateway where name = 'second';"
        "update gateway set first_response_ms = 1000",
        host=SECOND_HOST, port=port,
    )  # fmt: skip
    assert edge.table_says(lambda table: len(table.group_of("+842727777787").gateways) == 2)  # type: ignore[union-attr]
    with Carrier(SECOND_HOST, port, recording, "tcp") as carrier:
        yield carrier
    edge.sql("delete from gateway where name = 'second'; update gateway set first_response_ms = 5000")
    assert edge.table_says(lambda table: len(table.group_of("+842727777787").gateways) == 1)  # type: ignore[union-attr]


def rings_elsewhere(customer: Customer, second: Carrier, ledger: Ledger) -> None:
    """A call rings through the second gateway, and is answered there."""
    call = customer.calls(HOTLINE)
    bob = second.member(BOB).rings().answers()
    assert call.is_answered
    assert bob.was_acked
    assert call.hangs_up() == 200
    assert bob.was_hung_up
    ledger.call(call.call_id, "answered", ended=True)
    assert ledger.attempts(call.call_id)[:2] == [(BOB, 0, "unreachable"), (BOB, 1, "answered")]


@BOTH
def test_a_gateway_that_refuses_the_connection_is_followed_by_the_next(
    customer: Customer, second: Carrier, ledger: Ledger
) -> None:
    """Nobody listens at the first (gateway.first_response_ms)."""
    rings_elsewhere(customer, second, ledger)


@BOTH
def test_a_gateway_that_never_takes_the_connection_holds_up_nobody(
    customer: Customer, second: Carrier, ledger: Ledger, edge: Edge
) -> None:
    """Its queue is full, so the kernel drops what comes: no worker waits, for this call or another."""
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as more:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deaf.bind((GATEWAY_HOST, edge.gateway_port))
        deaf.listen(0)
        for one in (first, more):
            one.setblocking(False)
            one.connect_ex((GATEWAY_HOST, edge.gateway_port))
        call = customer.calls(HOTLINE)
        assert call.heard(100)
        assert all(customer.asks("OPTIONS").outcome(0.9).status == 200 for _ in range(8))
        assert call.cancels() == 200
        assert call.final() == 487
        rings_elsewhere(customer, second, ledger)


@BOTH
@pytest.mark.may_log("watch", "alarm=gateway_down")
def test_a_gateway_that_probes_find_dead_gets_no_legs(
    customer: Customer, second: Carrier, ledger: Ledger, edge: Edge, recording: Recording
) -> None:
    """Asked over TCP: refused is known within a second; then it is back."""
    watch = edge.stack.log("watch")
    since = watch.stat().st_size
    edge.sql("update gateway set probe_seconds = 5 where name <> 'second'")
    try:
        assert second.soon(lambda: "alarm=gateway_down gateway=1" in watch.read_text()[since:], 10)
        call = customer.calls(HOTLINE)
        bob = second.member(BOB).answers()
        assert call.is_answered
        assert call.hangs_up() == 200
        assert bob.was_hung_up
        ledger.call(call.call_id, "answered", ended=True)
        assert ledger.attempts(call.call_id)[0] == (BOB, 0, "answered")
        with Carrier(GATEWAY_HOST, edge.gateway_port, recording, "tcp") as first:
            assert first.soon(lambda: "gateway_up gateway=1" in watch.read_text()[since:], 15)
    finally:
        edge.sql("update gateway set probe_seconds = 0")
        assert edge.table_says(lambda table: {one.probe_seconds for one in table.gateways()} == {0})


@pytest.fixture
def lose(edge: Edge, customer: Customer, carrier: Carrier) -> Iterator[Callable[[], None]]:
    """Both sides close what they have open by TCP; over when Kamailio has heard of it."""
    rpc = Rpc(edge.stack.settings.var_dir / "run" / "kamailio.rpc", "lose")

    def held() -> set[object]:
        found = rpc.ask("core.tcp_list") or []  # a single one is no list
        listed = found if isinstance(found, list) else [found]
        return {((one["src_ip"], one["src_port"]), (one["dst_ip"], one["dst_port"])) for one in listed}

    def loses() -> None:
        closed = {*customer.connections, *carrier.connections}
        for agent in (customer, carrier):
            if agent.transport == "tcp":
                agent.loses_connections()
        assert until(lambda: not held() & closed, 10.0)

    yield loses
    rpc.close()


def test_connections_that_are_lost_are_opened_anew(customer: Customer, bob: Member, lose: Callable[[], None]) -> None:
    """While it rings, before the ACK, in the call: replies go to the Via, requests to the Contact (RFC 3261 §18)."""
    call = customer.calls(HOTLINE, acks=False)
    bob.rings()
    assert call.is_ringing
    lose()
    bob.answers()
    assert call.is_answered
    lose()
    call.acks()
    assert bob.was_acked
    for side in (call, bob):
        lose()
        assert side.reinvites().status == 200
    lose()
    assert bob.hangs_up() == 200
    assert call.was_hung_up


def test_a_caller_whose_contact_is_another_address_is_reached_by_his_connection(
    customer: Customer, bob: Member
) -> None:
    """As behind NAT: a Contact is free text, so requests go where he spoke from (kemi/decisions/0011)."""
    said = customer.contact.replace(CUSTOMER_HOST, "10.9.9.9")
    invite = customer.invite(HOTLINE)
    tx = customer.transact(parse(invite.raw.replace(customer.contact.encode(), said.encode())), customer.edge)
    bob.answers()
    answer = tx.outcome()
    came = len(customer.recording.packets)
    bob.hangs_up()
    bye = next(p for p in customer.recording.packets[came:] if p.raw.startswith(b"BYE") and p.dst[0] == CUSTOMER_HOST)
    assert parse(bye.raw).uri == said.strip("<>")
    assert parse(bye.raw).call_id == answer.call_id


@BOTH
def test_a_stray_answer_is_acknowledged_and_hung_up(
    customer: Customer, carrier: Carrier, bob: Member, carol: Member
) -> None:
    """Two pick up within a millisecond: one has the call, the other's telephone is freed, by TCP."""
    call = customer.calls(HOTLINE)
    legs = [bob.leg, carol.leg]
    with carrier.changed:
        for leg in legs:
            leg.replies(200, None, (), leg.describes())
    assert call.is_answered
    carrier.must(lambda: "BYE" in bob.got + carol.got, "a BYE for the second")
    assert call.hangs_up() == 200
    assert bob.was_acked
    assert carol.was_acked
    assert bob.was_hung_up
    assert carol.was_hung_up


def test_only_who_speaks_tcp_is_spoken_to_by_tcp(customer: Customer, bob: Member, ways: Ways) -> None:
    """Each Via of ours says what it goes by; the member's Contact has the parameter or has it not."""
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    for side, shown in ((ways.trunk, call.replies[-1].target), (ways.gateway, bob.invite.target)):
        assert (";transport=tcp" in shown) == (side == "tcp")
    assert bob.invite.all("via")[0].startswith(f"SIP/2.0/{ways.gateway.upper()} ")
    assert call.hangs_up() == 200
