"""Requests whose transaction, or whose edge, is gone: served again by the token alone, or answered; always masked."""

import pytest

from tests.edge import HOTLINE, Edge
from tests.integration.features import RELIABLE, answered, description, last, rings_reliably
from tests.sip import Call, Customer, Member
from tests.sip.dialog import Dialog
from tests.sip.message import Message, build


@pytest.fixture
def call(customer: Customer, bob: Member) -> Call:
    """A call that Bob has answered."""
    return answered(customer, bob, HOTLINE)


def again(edge: Edge) -> None:
    """Kamailio dies and comes back: no transaction of before is known."""
    edge.stack.kill("kamailio")
    edge.stack.restart("kamailio")


@pytest.mark.parametrize("who", ["caller", "member"])
def test_a_repeated_request_of_a_transaction_that_is_gone_is_the_same_one_to_the_far_side(
    call: Call, bob: Member, edge: Edge, who: str
) -> None:
    """Its branch is made of the request alone, so the far side sees a retransmission and answers once more."""
    sender, receiver = (call, bob.leg) if who == "caller" else (bob.leg, call)
    sent = [sender.sends(method, sender.describes() if method == "INVITE" else b"")
            for method in ("UPDATE", "INFO", "INVITE", "BYE")]  # fmt: skip
    assert [tx.outcome().status for tx in sent] == [200] * 4
    again(edge)
    for tx in sent:
        had = len(tx.replies)
        sender.agent.send(tx.request, tx.to)
        sender.agent.must(lambda tx=tx, had=had: _oks(tx.replies[had:]), "its answer again")  # type: ignore[misc]
        assert receiver.got.count(tx.request.method) == 1


def test_a_prack_reaches_its_leg_after_a_restart(customer: Customer, bob: Member, edge: Edge) -> None:
    """Its token says which, though the INVITE's transaction is gone."""
    call = customer.calls(HOTLINE, extra_headers=RELIABLE)
    rings_reliably(bob, 7001, description(bob))
    assert call.heard(183)
    reply = call.replies[-1]
    early = Dialog(call.agent, call.call_id, call.local, reply.get("to"), target=reply.target, cseq=200)
    again(edge)
    assert early.sends("PRACK", headers=[("RAck", "7001 102 INVITE")]).outcome().status == 200
    assert last(bob.leg.requests, "PRACK").get("rack") == "7001 102 INVITE"
    assert early.hangs_up() == 200


def test_a_cancel_after_a_restart_gets_481(customer: Customer, bob: Member, edge: Edge) -> None:
    """RFC 3261 §9.2; nothing of it reaches a member."""
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.is_ringing
    again(edge)
    assert call.cancels() == 481
    assert bob.leg.cancel is None


@pytest.mark.parametrize("code", [486, 404])
def test_the_ack_to_a_negative_answer_goes_no_further(
    customer: Customer, bob: Member, edge: Edge, code: int, log_since: int
) -> None:
    """Hop by hop (RFC 3261 §17.1.1.3): absorbed while its transaction lives, dropped when it is gone."""
    call = customer.calls(HOTLINE)
    members = [bob.carrier.member(number) for number in ("0844441909", "0844441910", "0987654321", "02838123456")]
    for member in members:
        member.refuses(code)
    final = call.tx.outcome()
    assert all(member.was_acked for member in members)
    same = [(name, call.invite.get(name)) for name in ("Via", "From", "Call-ID")]
    fields = [*same, ("To", final.get("to")), ("CSeq", "102 ACK"), ("Max-Forwards", "70")]
    ack = build(f"ACK {call.invite.uri} SIP/2.0", fields)
    customer.send(ack, edge.address)
    again(edge)
    customer.send(ack, edge.address)
    assert edge.logs("error=TokenRefused", log_since)
    assert [member.got for member in members] == [["INVITE"]] * 4


def test_the_ack_to_a_refused_reinvite_is_the_edges_own(call: Call, bob: Member) -> None:
    """Each hop acknowledges for itself, and the dialog goes on."""
    for sender, receiver in ((call, bob.leg), (bob.leg, call)):
        receiver.agent.refuse_next = 488
        assert sender.reinvites().status == 488
        acks = receiver.got.count("ACK")
        assert receiver.agent.soon(lambda dialog=receiver: _refused(dialog))  # type: ignore[misc]
        assert receiver.got.count("ACK") == acks
    assert call.hangs_up() == 200


def _refused(dialog: Dialog) -> bool:
    """Whether the 488 has been acknowledged."""
    servers = [tx for tx in dialog.agent._servers.values() if tx.request.call_id == dialog.call_id]
    return any(tx.acked for tx in servers if tx.reply is not None and tx.reply.status == 488)


def _oks(replies: list[Message]) -> list[Message]:
    return [each for each in replies if each.status == 200]
