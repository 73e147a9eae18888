"""A call that lasts as long as its plan allows is hung up by the edge, on both sides, whatever was restarted before."""

import secrets
import socket
from collections.abc import Iterator

import msgspec
import pytest

from deploy.stack import edge_key
from deploy.wait import until
from kemi.curfew import Bye, byes
from kemi.domain.events import Timed
from kemi.table.store import TableReader
from kemi.tokens import Keyring
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST, HOTLINE, STRANGER_HOST, Edge, Ledger
from tests.sip import Customer, Member

SECONDS = 10  # the shortest that a plan may say
REASON = "the longest call was over (max_call_seconds)"


@pytest.fixture(scope="module", autouse=True)
def short(edge: Edge) -> Iterator[None]:
    """The plan of the seed's tenant allows short calls only."""
    edge.sql("update plan set max_call_seconds = %(seconds)s", seconds=SECONDS)
    assert edge.table_says(lambda table: _seconds(table) == SECONDS)
    yield
    edge.sql("update plan set max_call_seconds = null")
    assert edge.table_says(lambda table: _seconds(table) is None)


def _seconds(table: TableReader) -> int | None:
    hotline = table.hotline("+842727777787")
    tenant = table.tenant(hotline.tenant_id) if hotline else None
    plan = table.plan(tenant.plan_id) if tenant else None
    return None if plan is None else plan.max_call_seconds


@pytest.mark.parametrize("restarted", [(), ("watch",), ("kamailio", "watch")], ids=lambda names: "+".join(names) or "-")
def test_both_sides_are_hung_up_when_the_time_is_over(
    customer: Customer, bob: Member, edge: Edge, ledger: Ledger, restarted: tuple[str, ...]
) -> None:
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    for part in restarted:
        edge.stack.kill(part)
        edge.stack.restart(part)
    assert call.received("BYE", within=SECONDS + 10)
    assert bob.leg.received("BYE", within=5)
    row = ledger.call(call.call_id, "answered", ended=True, within=20)
    assert (row["ended_by"], row["reason"]) == ("edge", REASON)
    assert SECONDS * 1000 <= row["talk_ms"] <= (SECONDS + 5) * 1000, customer.recording.ladder()
    assert until(lambda: call.got.count("BYE") == bob.got.count("BYE") == 1, 1.0)


def test_who_hangs_up_before_is_not_hung_up(customer: Customer, bob: Member, ledger: Ledger) -> None:
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    assert bob.hangs_up() == 200
    assert call.was_hung_up
    row = ledger.call(call.call_id, "answered", ended=True)
    assert (row["ended_by"], row["reason"]) == ("member", None)


@pytest.mark.parametrize("host", ["127.0.0.1", STRANGER_HOST, CUSTOMER_HOST, GATEWAY_HOST])
def test_nobody_else_may_hang_up_in_a_sides_place(
    customer: Customer, bob: Member, edge: Edge, ledger: Ledger, host: str
) -> None:
    """The very BYEs of the watch, from another port of this machine and from others: only the token's holder may."""
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    timed = timed_event(ledger, call.call_id)
    host_port = f"{edge.address[0]}:{edge.address[1]}"
    to_caller, to_member = byes(timed, Keyring.parse(edge_key(edge.stack.settings), host_port), host_port, 0)
    assert sent(edge, host, to_caller) == (200 if host == GATEWAY_HOST else 481)
    assert sent(edge, host, to_member) == (200 if host == CUSTOMER_HOST else 481)
    if host not in {GATEWAY_HOST, CUSTOMER_HOST}:
        assert (call.got, bob.got) == ([], ["INVITE", "ACK"])
        assert call.hangs_up() == 200
    assert ledger.call(call.call_id, "answered", ended=True)["ended_by"] in {"caller", "member"}


def timed_event(ledger: Ledger, call_id: str) -> Timed:
    """What hanging up takes, as the ledger keeps it."""
    query = """select e.body from call_event e join call c on c.id = e.call_id
               where c.sip_call_id = %(id)s and e.kind = 'timed'"""
    assert until(lambda: bool(ledger.rows(query, id=call_id)), 5.0)
    [row] = ledger.rows(query, id=call_id)
    return msgspec.convert(row["body"], Timed)


def sent(edge: Edge, host: str, bye: Bye) -> int:
    """Send a BYE from a port of `host` and return the status code it got."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((host, 0))
        sender.settimeout(5)
        via = f"SIP/2.0/UDP {host}:{sender.getsockname()[1]};branch=z9hG4bK{secrets.token_hex(8)}"
        sender.sendto(bye.text(via).encode(), edge.address)
        return int(sender.recv(65_535).split()[1])
