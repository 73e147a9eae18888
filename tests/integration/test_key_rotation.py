"""A new key seals, the old one still opens: rotation cuts no call; only when the old key goes do its calls get 481."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.wait import until
from tests import bare_edge
from tests.edge import BOB, CAROL, CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST, HOTLINE, free_port
from tests.leaks import Sides
from tests.sip import Call, Carrier, Customer, Member, Recording
from tests.sip.message import Address, user_of

OLD, NEW = "1:" + "17" * 32, "2:" + "2b" * 32


@pytest.fixture(scope="module")
def address() -> Address:
    """Where the edge listens, whichever keys it has."""
    return EDGE_HOST, free_port(EDGE_HOST)


@pytest.fixture
def sides(address: Address) -> Sides:
    return bare_edge.sides(address)


@pytest.fixture
def carrier(recording: Recording) -> Iterator[Carrier]:
    with Carrier(GATEWAY_HOST, free_port(GATEWAY_HOST), recording) as carrier:
        yield carrier


@pytest.fixture
def customer(address: Address, recording: Recording) -> Iterator[Customer]:
    with Customer(address, host=CUSTOMER_HOST, recording=recording) as customer:
        yield customer


def answered(customer: Customer, member: Member) -> Call:
    """A call that this member has answered, the ACK included."""
    had = len(member.legs)
    call = customer.calls(HOTLINE)
    member.carrier.must(lambda: len(member.legs) > had, "an INVITE")
    member.answers()
    assert call.is_answered
    assert member.carrier.soon(lambda: member.leg.tx.acked)
    return call


def key_of(uri: str) -> int:
    """The id of the key that sealed a Contact: the first byte of its token."""
    return base64.urlsafe_b64decode(user_of(uri)[:4])[0]


def test_rotation_cuts_no_call_until_the_old_key_is_gone(
    tmp_path: Path, address: Address, carrier: Carrier, customer: Customer
) -> None:
    """Three starts of one edge: key 1; key 2 with 1 behind it; key 2 alone. Calls of each, from both sides."""
    bare_edge.write_table(tmp_path / "table", carrier.address[1])
    bob, carol = carrier.member(BOB), carrier.member(CAROL)
    with bare_edge.running(tmp_path, address, OLD):
        first, second = answered(customer, bob), answered(customer, carol)
        assert key_of(first.target) == key_of(bob.invite.target) == 1
        lasting = answered(customer, bob)
    with bare_edge.running(tmp_path, address, f"{NEW},{OLD}"):
        assert first.reinvites().status == 200
        assert key_of(bob.legs[0].target) == 1  # the dialog's Call-IDs and tags are of the old key
        assert bob.legs[0].reinvites().status == 200
        assert first.hangs_up() == 200
        assert bob.legs[0].was_hung_up
        assert carol.legs[1].reinvites().status == 200
        assert carol.legs[1].hangs_up() == 200
        assert second.was_hung_up
        fresh = answered(customer, carol)
        assert key_of(fresh.target) == key_of(carol.invite.target) == 2
    with bare_edge.running(tmp_path, address, NEW) as stack:
        for side in (lasting, bob.legs[2]):
            assert side.sends("INFO").outcome().status == 481
        log = stack.log("kamailio")
        assert until(lambda: log.read_text().count("error=TokenRefused") == 2, 5.0)
        assert "reason=not_a_token_of_ours" in log.read_text()
        assert "INFO" not in lasting.got + bob.legs[2].got
        assert fresh.hangs_up() == 200
