"""The endpoints themselves, talking to each other: what they promise to the tests that are built on them."""

import socket
from collections.abc import Iterator

import pytest

from tests.sip import Carrier, Customer, NothingHappened, Recording
from tests.sip.message import build, parse
from tests.sip.wire import Transport

BOB, CAROL = "0844441909", "0844441910"


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture(params=["udp", "tcp"])
def transport(request: pytest.FixtureRequest) -> Transport:
    return "tcp" if request.param == "tcp" else "udp"


@pytest.fixture
def carrier(recording: Recording, transport: Transport) -> Iterator[Carrier]:
    with Carrier(recording=recording, transport=transport) as carrier:
        yield carrier


@pytest.fixture
def customer(carrier: Carrier, recording: Recording, transport: Transport) -> Iterator[Customer]:
    with Customer(edge=carrier.address, recording=recording, transport=transport) as customer:
        yield customer


def test_a_call_is_answered_acknowledged_and_hung_up_by_either_side(carrier: Carrier, customer: Customer) -> None:
    """INVITE, 180, 200, ACK, re-INVITE both ways, BYE from the member."""
    bob = carrier.member("+84844441909")
    call = customer.calls(BOB)
    bob.rings().answers()
    assert call.is_answered
    assert call.saw == [180, 200]
    assert bob.was_acked
    assert call.reinvites().status == 200
    assert bob.reinvites().status == 200
    assert bob.hangs_up() == 200
    assert call.was_hung_up
    assert bob.got == ["INVITE", "ACK", "INVITE", "ACK"]
    assert call.got == ["INVITE", "ACK", "BYE"]


def test_a_cancelled_call_ends_with_487(carrier: Carrier, customer: Customer) -> None:
    bob = carrier.member(BOB)
    call = customer.calls(BOB)
    bob.rings()
    assert call.is_ringing
    assert call.cancels() == 200
    assert bob.was_cancelled
    assert call.final() == 487
    assert bob.was_acked


def test_a_refusal_is_acknowledged(carrier: Carrier, customer: Customer) -> None:
    bob = carrier.member(BOB)
    call = customer.calls(BOB)
    bob.refuses(603)
    assert call.final() == 603
    assert bob.was_acked


def test_a_merged_request_gets_482_and_another_call_id_does_not(carrier: Carrier, customer: Customer) -> None:
    """RFC 3261 §8.2.2.2: same From tag, Call-ID and CSeq on another branch is the same request come twice."""
    first = customer.calls(BOB)
    assert carrier.member(BOB).was_invited
    same = [(n, v) for n, v in first.invite.headers if n not in {"Via", "Content-Length"}]
    copy = build(first.invite.start.replace(BOB, CAROL), [("Via", customer.via()), *same], first.invite.body)
    assert customer.transact(copy, carrier.address).outcome().status == 482
    own = [(n, "other@host" if n == "Call-ID" else v) for n, v in same]
    customer.transact(build(first.invite.start.replace(BOB, CAROL), [("Via", customer.via()), *own]), carrier.address)
    assert carrier.member(CAROL).was_invited
    assert len(carrier.merged) == 1


def test_a_retransmitted_invite_is_one_leg_with_the_same_reply(carrier: Carrier, customer: Customer) -> None:
    call = customer.calls(BOB)
    carrier.member(BOB).rings()
    assert call.is_ringing
    call.retransmits_invite(2)
    customer.must(lambda: sum(reply.status == 180 for reply in call.tx.replies) == 3, "180 three times")
    assert call.saw == [180]
    assert len(carrier.invites) == 1


def test_a_2xx_is_repeated_until_its_ack_comes(carrier: Carrier, customer: Customer) -> None:
    call = customer.calls(BOB, acks=False)
    carrier.member(BOB).answers()
    customer.must(lambda: sum(reply.status == 200 for reply in call.tx.replies) >= 2, "the 200 a second time")
    call.acks()
    assert carrier.member(BOB).was_acked


def test_route_sets_are_echoed_and_followed(
    carrier: Carrier, customer: Customer, recording: Recording, transport: Transport
) -> None:
    """A proxy between the carrier and the member is in the Route of the caller's ACK and BYE (§12.1.2)."""
    carrier.record_routes = [f"<sip:127.0.0.20:{carrier.address[1]};lr;transport={transport}>"]
    call = customer.calls(BOB)
    carrier.member(BOB).answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    bye = next(parse(p.raw) for p in recording.packets if p.raw.startswith(b"BYE"))
    assert bye.all("route") == carrier.record_routes


def test_what_belongs_to_no_dialog_gets_481(carrier: Carrier, customer: Customer) -> None:
    call = customer.calls(BOB)
    carrier.member(BOB).answers()
    assert call.is_answered
    assert call.sends("BYE", tags=(call.local_tag, "forged")).outcome().status == 481
    assert "BYE" not in carrier.member(BOB).got


def test_a_silent_member_says_nothing_at_all(carrier: Carrier, customer: Customer, recording: Recording) -> None:
    bob = carrier.member(BOB).stays_silent()
    customer.calls(BOB)
    assert bob.was_invited
    assert customer.asks("OPTIONS").outcome().status == 200  # what was to come before it, has come
    assert [p.raw[:11] for p in recording.packets if p.src[0] == carrier.address[0]] == [b"SIP/2.0 200"] * 2


def test_a_fact_that_does_not_come_fails_with_the_ladder(customer: Customer) -> None:
    call = customer.calls(BOB)
    with pytest.raises(NothingHappened, match="INVITE sip:0844441909"):
        call.final(within=0.05)


def test_who_speaks_tcp_sends_nothing_to_a_contact_that_does_not_say_so(recording: Recording) -> None:
    """RFC 3263 §4.1: without the parameter it would go by UDP, which is behind his firewall."""
    with (
        Carrier(recording=recording, transport="tcp") as carrier,
        Customer(edge=carrier.address, recording=recording, transport="tcp") as customer,
    ):
        call = customer.calls(BOB)
        bob = carrier.member(BOB).answers()
        assert call.is_answered
        assert bob.was_acked
        call.target = bob.leg.target = call.target.partition(";")[0]
        with pytest.raises(NothingHappened, match="does not go by tcp"):
            call.hangs_up()
        with pytest.raises(NothingHappened, match="does not go by tcp"):
            bob.hangs_up()


def test_a_lost_connection_is_opened_again(recording: Recording) -> None:
    """For a request to the Contact; for a reply to where the request's Via says (RFC 3261 §18.2.2)."""
    with (
        Carrier(recording=recording, transport="tcp") as carrier,
        Customer(edge=carrier.address, recording=recording, transport="tcp") as customer,
    ):
        call = customer.calls(BOB)
        bob = carrier.member(BOB).rings()
        assert call.is_ringing
        carrier.loses_connections()
        bob.answers()
        assert call.is_answered
        assert bob.was_acked
        customer.loses_connections()
        assert carrier.soon(lambda: not carrier.connections)
        assert bob.hangs_up() == 200
        assert call.was_hung_up


def test_messages_come_in_pieces_and_together(recording: Recording) -> None:
    """A stream has no borders but Content-Length."""
    with Carrier(recording=recording, transport="tcp") as carrier, Customer(carrier.address) as writer:
        asked = [writer.invite(number).raw for number in (BOB, CAROL)]
        text = b"\r\n\r\n".join(asked)  # keep-alives between
        with socket.create_connection(carrier.address) as sock:
            for piece in (text[:100], text[100:1200], text[1200:]):
                sock.sendall(piece)
            assert carrier.member(BOB).was_invited
            assert carrier.member(CAROL).was_invited
        came = [p.raw for p in recording.packets if p.dst == carrier.address]
        assert came == asked
