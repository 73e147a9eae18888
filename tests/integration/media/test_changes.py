"""A running call changes: hold, another telephone, other codecs, fax, digits; what is heard follows."""

from deploy.wait import until
from tests.edge import HOTLINE
from tests.media_room import HIGH, LOW, answered, hear_each_other, last, media_of, offer, speaks
from tests.rtpengine import Sessions
from tests.sip import Customer, Member, Recording
from tests.telephone import Telephone


def test_hold_and_resume(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """The member holds with music: the customer hears it, and is told to be silent; then both are heard.

    What he says all the same passes (seen with rtpengine 10.5): not to be heard is his telephone's part (RFC 3264).
    """
    del sessions
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    listens = offer(customers, customer.who, version=2, mode="recvonly")
    customer.script["INVITE"] = 200, [("Content-Type", "application/sdp")], listens
    held = bob.reinvites(offer(members, "bob", version=2, mode="sendonly"))
    assert held.status == 200
    assert b"a=sendonly" in last(call, "INVITE")
    assert b"a=recvonly" in held.body
    assert speaks(members, media_of(held.body), customers, 700.0)
    resumed = bob.reinvites(offer(members, "bob", version=3))
    assert b"a=sendrecv" in last(call, "INVITE")
    assert media_of(resumed.body) == media_of(held.body) == media_of(bob.invite.body)
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200


def test_the_customer_moves_to_another_telephone(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions, recording: Recording
) -> None:
    """By UPDATE, as a carrier's SBC does; the member's telephone keeps its address of ours."""
    del sessions
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    with Telephone("127.0.0.12", recording) as other:
        updated = call.sends("UPDATE", offer(other, customer.who, version=2)).outcome()
        assert updated.status == 200
        assert media_of(last(bob.leg, "UPDATE")) == media_of(bob.invite.body)
        assert speaks(other, media_of(updated.body), members, HIGH)
        assert speaks(members, media_of(bob.invite.body), other, LOW)
    assert call.hangs_up() == 200


def test_a_late_offer(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """An INVITE without SDP: the member offers in his 200, the customer answers in the ACK."""
    call = customer.calls(HOTLINE, sdp=b"", acks=False)
    bob.rings()
    assert call.is_ringing
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    assert sessions.become(1)
    call._next_ack_body = offer(customers, customer.who)
    call.acks()
    assert bob.leg.received("ACK")
    assert speaks(customers, media_of(call.replies[-1].body), members, HIGH)
    assert speaks(members, media_of(last(bob.leg, "ACK")), customers, LOW)
    assert call.hangs_up() == 200


def test_a_late_offer_in_the_call(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """A re-INVITE without SDP: offer and answer are the other way round."""
    del sessions
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    customer.script["INVITE"] = 200, [("Content-Type", "application/sdp")], call.describes()
    offered = bob.leg.reinvites_without_offer(offer(members, "bob", version=2))
    assert offered.status == 200
    assert call.received("ACK")
    assert speaks(customers, media_of(last(call, "ACK")), members, HIGH)
    assert speaks(members, media_of(offered.body), customers, LOW)
    assert bob.hangs_up() == 200


def test_other_codecs_and_a_fax_that_is_refused(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """Codecs are renegotiated; T.38 passes, is refused with 488, and the voice is as it was."""
    del sessions
    call = answered(customer, HOTLINE, bob, customers, members)
    fewer = offer(members, "bob", version=2).replace(b"RTP/AVP 8 0 101", b"RTP/AVP 8")
    assert bob.reinvites(fewer).status == 200
    assert b"PCMU" not in last(call, "INVITE")
    customer.refuse_next = 488
    fax = offer(members, "bob", version=3).partition(b"m=audio")[0]
    fax += b"m=image %d udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n" % members.port
    assert bob.reinvites(fax).status == 488
    assert b"m=image" in last(call, "INVITE")
    assert str(members.port).encode() not in last(call, "INVITE")
    hear_each_other(call, bob, customers, members)
    assert bob.hangs_up() == 200


def test_a_fax_that_is_taken(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """T.38 both ways, byte for byte through the edge (UDPTL is no RTP); then they talk again."""
    del sessions
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    customer.script["INVITE"] = 200, [("Content-Type", "application/sdp")], fax(customers, customer.who, 2)
    taken = bob.reinvites(fax(members, "bob", 2))
    assert taken.status == 200
    page = b"\x00\x01\x06page of a fax"
    for sender, hearer, to in (
        (members, customers, image_of(taken.body)),
        (customers, members, image_of(last(call, "INVITE"))),
    ):
        assert until(lambda: passes(sender, to, hearer, page), 10)  # noqa: B023 - called at once
    assert bob.reinvites(offer(members, "bob", version=3)).status == 200
    hear_each_other(call, bob, customers, members)
    assert bob.hangs_up() == 200


def fax(telephone: Telephone, who: str, version: int) -> bytes:
    body = offer(telephone, who, version=version).partition(b"m=audio")[0]
    return body + b"m=image %d udptl t38\r\na=T38FaxVersion:0\r\n" % telephone.port


def image_of(body: bytes) -> tuple[str, int]:
    """Where an SDP wants its fax at."""
    return media_of(body.replace(b"m=image", b"m=audio"))


def passes(sender: Telephone, to: tuple[str, int], hearer: Telephone, page: bytes) -> bool:
    """Send a page; whether it has come."""
    sender.passes(to, page)
    return until(lambda: any(one.raw == page for one in hearer.heard), 0.5)


def test_digits_pass_as_events(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """RFC 4733, between tones."""
    del sessions
    call = answered(customer, HOTLINE, bob, customers, members)
    to = media_of(call.replies[-1].body)
    for digit in (1, 9, 11):
        assert speaks(customers, to, members, HIGH, frames=12)
        customers.dials(to, digit)
    assert until(lambda: members.digits == [1, 9, 11], 10), members.digits
    assert call.hangs_up() == 200
