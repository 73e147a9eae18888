"""Hold, resume, late offers and fax by re-INVITE, from both sides: what the media needs arrives, and nothing else."""

import pytest

from tests.edge import EDGE_HOST, HOTLINE
from tests.integration.features import FAX_LINES, answered, fax, last, origin
from tests.sip import Call, Customer, Member
from tests.sip.dialog import Dialog


@pytest.fixture
def call(customer: Customer, bob: Member) -> Call:
    """A call that Bob has answered."""
    return answered(customer, bob, HOTLINE)


def sides(call: Call, bob: Member, who: str) -> tuple[Dialog, Dialog]:
    """Sender and receiver."""
    return (call, bob.leg) if who == "caller" else (bob.leg, call)


@pytest.mark.parametrize("who", ["caller", "member"])
def test_either_side_holds_and_resumes(call: Call, bob: Member, who: str) -> None:
    """Three modes; the other side's session id stays and its versions grow, with each answer's too (RFC 3264 §8)."""
    sender, receiver = sides(call, bob, who)
    offers, answers = [], []
    for mode in ("sendonly", "inactive", "sendrecv"):
        reply = sender.reinvites(sender.describes(mode))
        assert reply.status == 200
        offer = last(receiver.requests, "INVITE")
        assert f"a={mode}".encode() in offer.body
        offers.append(origin(offer.body))
        answers.append(origin(reply.body))
    for seen in (offers, answers):
        assert len({session for session, _ in seen}) == 1
        assert [version for _, version in seen] == sorted({version for _, version in seen})
    assert call.hangs_up() == 200


@pytest.mark.parametrize("who", ["caller", "member"])
def test_an_offer_in_the_200_has_its_answer_in_the_ack(call: Call, bob: Member, who: str) -> None:
    """A re-INVITE without SDP, as B2BUAs send them (RFC 3261 §14.1)."""
    sender, receiver = sides(call, bob, who)
    receiver.agent.script["INVITE"] = (200, [], receiver.describes("sendonly"))
    reply = sender.reinvites_without_offer(sender.describes("recvonly"))
    assert b"a=sendonly" in reply.body
    assert receiver.received("ACK", times=1 if who == "member" else 2)
    ack = last(receiver.requests, "ACK")
    assert b"a=recvonly" in ack.body
    assert ack.get("content-type") == "application/sdp"
    assert last(receiver.requests, "INVITE").body == b""
    assert call.hangs_up() == 200


@pytest.mark.parametrize("who", ["caller", "member"])
def test_a_fax_comes_through(call: Call, bob: Member, who: str) -> None:
    """The image m-line and every a= line that T.38 needs, offer and answer; not the vendor's own."""
    sender, receiver = sides(call, bob, who)
    offer = fax(sender.agent.media_host, sender.agent.who, 50)
    receiver.agent.script["INVITE"] = (200, [], fax(receiver.agent.media_host, receiver.agent.who, 60))
    reply = sender.reinvites(offer)
    for body in (last(receiver.requests, "INVITE").body, reply.body):
        lines = body.decode().splitlines()
        [image] = [line for line in lines if line.startswith("m=image ")]
        assert image.endswith(" udptl t38")
        after = lines[lines.index(image) + 1 :]
        assert [line for line in after if line != "a=sendrecv"] == FAX_LINES  # rtpengine says what is the default
        assert "m=audio 0 RTP/AVP 8" in lines
        assert f"c=IN IP4 {EDGE_HOST}" in lines
    receiver.agent.script["INVITE"] = (488, [], b"")
    assert sender.reinvites(offer).status == 488
    assert sender.reinvites().status == 200
    assert call.hangs_up() == 200
