"""Session timers (RFC 4028): negotiated, refreshed and refused between the two ends, through the edge."""

import pytest

from tests.edge import HOTLINE, MEMBERS, Ledger
from tests.integration.features import TIMER, answered, last
from tests.sip import Carrier, Customer, Member
from tests.sip.message import Header

REFRESHED: list[Header] = [("Require", "timer"), ("Session-Expires", "1800;refresher=uac")]


def test_the_interval_is_negotiated_from_end_to_end(customer: Customer, bob: Member) -> None:
    """Session-Expires and Min-SE in the INVITE, Session-Expires and Require in its 200."""
    call = customer.calls(HOTLINE, extra_headers=TIMER)
    assert bob.invite.get("session-expires") == "1800;refresher=uac"
    assert bob.invite.get("min-se") == "600"
    assert "timer" in bob.invite.get("supported")
    bob.answers(headers=REFRESHED)
    assert call.is_answered
    assert call.replies[-1].get("session-expires") == "1800;refresher=uac"
    assert call.replies[-1].get("require") == "timer"
    assert call.hangs_up() == 200


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
@pytest.mark.parametrize("who", ["caller", "member"])
def test_either_side_refreshes_the_session(customer: Customer, bob: Member, method: str, who: str) -> None:
    """By UPDATE without a body, or by re-INVITE; sent twice it arrives once."""
    call = answered(customer, bob, HOTLINE, TIMER)
    sender, receiver = (call, bob.leg) if who == "caller" else (bob.leg, call)
    receiver.agent.script[method] = (200, REFRESHED, b"" if method == "UPDATE" else receiver.describes())
    body = sender.describes() if method == "INVITE" else b""
    tx = sender.sends(method, body, [("Supported", "timer"), ("Session-Expires", "1800;refresher=uac")])
    sender.agent.send(tx.request, tx.to)
    reply = tx.outcome()
    assert (reply.status, reply.get("session-expires")) == (200, "1800;refresher=uac")
    sender.agent.send(tx.request, tx.to)
    sender.agent.must(lambda: len([each for each in tx.replies if each.status == 200]) >= 2, "the 200 again")
    assert last(receiver.requests, method).get("session-expires") == "1800;refresher=uac"
    assert receiver.got.count(method) == 1
    assert call.hangs_up() == 200


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
@pytest.mark.parametrize("who", ["caller", "member"])
def test_too_brief_an_interval_is_refused_and_asked_for_again(
    customer: Customer, bob: Member, method: str, who: str
) -> None:
    """422 with its Min-SE comes back, and the call goes on."""
    call = answered(customer, bob, HOTLINE, TIMER)
    sender, receiver = (call, bob.leg) if who == "caller" else (bob.leg, call)
    receiver.agent.script[method] = (422, [("Min-SE", "900")], b"")
    body = sender.describes() if method == "INVITE" else b""
    reply = sender.sends(method, body, [("Supported", "timer"), ("Session-Expires", "600")]).outcome()
    assert (reply.status, reply.get("min-se")) == (422, "900")
    assert "contact" not in reply.names
    again = [("Supported", "timer"), ("Session-Expires", "900"), ("Min-SE", "900")]
    assert sender.sends(method, body, again).outcome().status == 200
    assert last(receiver.requests, method if method == "UPDATE" else "INVITE").get("min-se") == "900"
    assert call.hangs_up() == 200


def test_an_invite_whose_interval_every_gateway_finds_too_brief_may_be_sent_again(
    customer: Customer, carrier: Carrier, ledger: Ledger
) -> None:
    """The caller gets 422 with the longest Min-SE of all; else he could never get through."""
    call = customer.calls(HOTLINE, extra_headers=[("Supported", "timer"), ("Session-Expires", "120")])
    for member, seconds in zip(MEMBERS, (300, 900, 600, 300), strict=True):
        carrier.member(member).refuses(422, "0844441909 says too brief", [("Min-SE", str(seconds))])
    assert call.final() == 422
    assert call.replies[-1].get("min-se") == "900"
    assert ledger.call(call.call_id, "missed")["final_code"] == 422
    assert {leg["outcome"] for leg in ledger.legs(call.call_id).values()} == {"rejected"}
