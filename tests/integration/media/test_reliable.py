"""Offers and answers before the 200: in reliable 18x and PRACK (RFC 3262 §5), by ear."""

import pytest

from tests.edge import HOTLINE
from tests.integration.features import RELIABLE
from tests.media_room import HIGH, LOW, has, hear_each_other, last, media_of, offer, speaks
from tests.sip import Call, Customer, Member, Recording
from tests.sip.dialog import Dialog
from tests.telephone import Telephone

pytestmark = pytest.mark.usefixtures("sessions")
RACK = [("RAck", "7001 102 INVITE")]


def early(call: Call) -> Dialog:
    """The early dialog that the 183 has begun."""
    reply = next(each for each in call.replies if each.status == 183)
    return Dialog(call.agent, call.call_id, call.local, reply.get("to"), target=reply.target, cseq=200)


def test_the_answer_to_a_late_offer_is_in_the_prack(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> None:
    """An INVITE without SDP: the member offers in his 183, the caller answers in the PRACK; both hear each other."""
    call = customer.calls(HOTLINE, sdp=b"", extra_headers=RELIABLE)
    bob.rings(183, [("Require", "100rel"), ("RSeq", "7001")], offer(members, "bob"))
    assert call.heard(183)
    offered = call.replies[-1].body
    assert early(call).sends("PRACK", offer(customers, customer.who), RACK).outcome().status == 200
    assert bob.leg.received("PRACK")
    answered = last(bob.leg, "PRACK")
    assert speaks(members, media_of(answered), customers, LOW)
    bob.answers(b"")
    assert call.is_answered
    assert speaks(customers, media_of(offered), members, HIGH)
    assert speaks(members, media_of(answered), customers, LOW)
    assert call.hangs_up() == 200


def test_a_prack_may_offer_anew(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, recording: Recording
) -> None:
    """The caller's other telephone, before the answer; the member's 200 to the PRACK answers it."""
    has(bob.carrier, members)
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who), extra_headers=RELIABLE)
    bob.rings(183, [("Require", "100rel"), ("RSeq", "7001")], offer(members, "bob"))
    assert call.heard(183)
    assert speaks(members, media_of(bob.invite.body), customers, LOW)
    with Telephone("127.0.0.12", recording) as other:
        moved = early(call).sends("PRACK", offer(other, customer.who, version=2), RACK).outcome()
        assert moved.status == 200
        assert b"m=audio" in moved.body
        bob.answers(b"")
        assert call.is_answered
        assert media_of(last(bob.leg, "PRACK")) == media_of(bob.invite.body)
        assert speaks(members, media_of(bob.invite.body), other, LOW)
        assert speaks(other, media_of(moved.body), members, HIGH)
    assert call.hangs_up() == 200


def test_a_prack_without_an_offer_changes_nothing(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> None:
    """The answer was in the 183; the 200 brings none."""
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who), extra_headers=RELIABLE)
    bob.rings(183, [("Require", "100rel"), ("RSeq", "7001")], offer(members, "bob"))
    assert call.heard(183)
    assert early(call).sends("PRACK", headers=RACK).outcome().status == 200
    hear_each_other(call, bob, customers, members)
    bob.answers(b"")
    assert call.is_answered
    assert speaks(customers, media_of(call.replies[0].body), members, HIGH)
    assert speaks(members, media_of(bob.invite.body), customers, LOW)
    assert call.hangs_up() == 200
