"""100rel, PRACK and UPDATE before the answer (RFC 3262, RFC 3311): each early dialog is the caller's and one leg's."""

import pytest

from tests.edge import HOTLINE
from tests.integration.features import RELIABLE, description, last, rings_reliably
from tests.sip import Call, Customer, Member
from tests.sip.dialog import Dialog


def early(call: Call, position: int) -> Dialog:
    """The early dialog of the caller's that the 18x at `position` has begun."""
    reply = [each for each in call.replies if each.status == 183][position]
    return Dialog(call.agent, call.call_id, call.local, reply.get("to"), target=reply.target, cseq=200 + 10 * position)


@pytest.fixture
def call(customer: Customer, bob: Member, carol: Member) -> Call:
    """A call that two members have told of, reliably; the caller knows both."""
    call = customer.calls(HOTLINE, extra_headers=RELIABLE)
    rings_reliably(bob, 7001, description(bob))
    customer.must(lambda: call.saw.count(183) == 1, "Bob's 183")
    rings_reliably(carol, 9001, description(carol))
    customer.must(lambda: call.saw.count(183) == 2, "Carol's 183")
    return call


def test_an_invite_that_requires_100rel_says_so_to_every_member(call: Call, bob: Member, carol: Member) -> None:
    """And each 183 comes to the caller with its RSeq, its SDP and a dialog of its own."""
    for member in (bob, carol):
        assert member.invite.get("require") == "100rel"
        assert "100rel" in member.invite.get("supported")
    replies = [each for each in call.replies if each.status == 183]
    assert [each.get("rseq") for each in replies] == ["7001", "9001"]
    assert [each.get("require") for each in replies] == ["100rel"] * 2
    assert len({each.to_tag for each in replies}) == len({each.target for each in replies}) == 2
    assert [b"m=audio " in reply.body for reply in replies] == [True, True]
    assert call.cancels() == 200
    assert call.final() == 487


def test_a_prack_reaches_the_leg_it_is_for_and_its_200_comes_back(call: Call, bob: Member, carol: Member) -> None:
    """With two early dialogs, in any order, and once however often it is sent."""
    for position, member, rack in ((1, carol, "9001 102 INVITE"), (0, bob, "7001 102 INVITE")):
        tx = early(call, position).sends("PRACK", headers=[("RAck", rack)])
        assert tx.outcome().status == 200
        call.agent.send(tx.request, tx.to)
        call.agent.must(lambda tx=tx: len(tx.replies) >= 2, "the 200 again")  # type: ignore[misc]
        assert member.leg.received("PRACK")
        prack = last(member.leg.requests, "PRACK")
        assert (prack.get("rack"), prack.call_id) == (rack, member.invite.call_id)
    assert bob.got.count("PRACK") == carol.got.count("PRACK") == 1
    bob.answers()
    assert call.is_answered
    assert carol.was_cancelled
    assert call.hangs_up() == 200


def test_an_update_before_the_answer_passes_both_ways_and_changes_the_offer(call: Call, bob: Member) -> None:
    """RFC 3311 §5.1; the member's reaches the caller in the same early dialog."""
    dialog = early(call, 0)
    call.agent.dialogs[(dialog.call_id, dialog.local_tag)] = dialog
    assert dialog.sends("PRACK", headers=[("RAck", "7001 102 INVITE")]).outcome().status == 200
    reply = dialog.sends("UPDATE", call.describes("sendonly")).outcome()
    assert reply.status == 200
    assert b"a=sendonly" in last(bob.leg.requests, "UPDATE").body
    assert b"m=audio" in reply.body
    assert bob.leg.sends("UPDATE", bob.leg.describes("inactive")).outcome().status == 200
    update = last(dialog.requests, "UPDATE")
    assert b"a=inactive" in update.body
    assert update.from_tag == dialog.remote_tag
    assert call.cancels() == 200
    assert call.final() == 487


def test_a_caller_who_only_supports_100rel_gets_one_plain_180(customer: Customer, bob: Member) -> None:
    """A swallowed reliable 18x would never be PRACKed, so members are not told of 100rel at all."""
    call = customer.calls(HOTLINE, extra_headers=[("Supported", "100rel, timer")])
    assert bob.invite.get("supported") == "timer"
    bob.rings(183, body=description(bob))
    assert call.is_ringing
    assert call.saw == [180]
    assert {"rseq", "require"}.isdisjoint(call.replies[0].names)
    assert call.cancels() == 200
    assert call.final() == 487
