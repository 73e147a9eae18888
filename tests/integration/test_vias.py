"""Vias on the real stack: what is below the top one reaches nobody, however it is written, and comes back whole.

Also the other way: what a reply says in the place of its receiver's Via is not believed. The leak check over each
test's recording is the rest of the proof (tests/conftest.py).
"""

import pytest

from tests.edge import HOTLINE
from tests.sip import Customer, Member
from tests.sip.message import Message, build

DEEP = "SIP/2.0/UDP 10.9.9.9:5070;branch=z9hG4bKkhachphone;alias"
DEEPER = "SIP/2.0/WSS khach-browser.invalid;branch=z9hG4bKkhachdeeper"
LISTS = {
    "one list": f"\r\nVia: {{}}, {DEEP},{DEEPER}\r\n",
    "a list and a line": f"\r\nVia: {{}} , {DEEP}\r\nv: {DEEPER}\r\n",
    "a folded list": f"\r\nVia: {{}},\r\n  {DEEP}\r\nVia: {DEEPER}\r\n",
    "a line each": f"\r\nVia: {{}}\r\nVia: {DEEP}\r\nVia: {DEEPER}\r\n",
}


def listed(message: Message, how: str) -> bytes:
    """The message with two Vias below its own."""
    own = message.get("via")
    return message.raw.replace(f"\r\nVia: {own}\r\n".encode(), LISTS[how].format(own).encode(), 1)


def values(message: Message) -> list[str]:
    """Every Via, whatever line it stands in."""
    return [each.strip() for line in message.all("via") for each in line.split(",")]


@pytest.mark.parametrize("how", LISTS)
def test_no_deeper_via_reaches_a_member_and_each_comes_back(customer: Customer, bob: Member, how: str) -> None:
    """In the INVITE's answer, and in that of a BYE within the call."""
    tx = customer.sends(listed(customer.invite(HOTLINE), how))
    assert len(values(bob.invite)) == 2  # the edge's and the trunk's
    assert "10.9.9.9" not in bob.invite.raw.decode()
    bob.answers()
    answer = tx.outcome()
    assert values(answer)[1:] == [DEEP, DEEPER]
    fields = [("Via", customer.via()), ("Max-Forwards", "70"), ("From", answer.get("from")), ("To", answer.get("to"))]
    fields += [("Call-ID", answer.call_id), ("CSeq", "103 BYE")]
    ended = customer.sends(listed(build(f"BYE {answer.target} SIP/2.0", fields), how)).outcome()
    assert (ended.status, values(ended)[1:]) == (200, [DEEP, DEEPER])
    assert bob.was_hung_up
    assert "khachphone" not in "".join(each.raw.decode() for each in bob.leg.requests)


@pytest.mark.parametrize("second", [[], [("Via", "SIP/2.0/UDP bob-0844441909.example;branch=z9hG4bKmember")]])
def test_a_gateways_words_in_the_place_of_the_customers_via_do_not_reach_him(
    customer: Customer, bob: Member, second: list[tuple[str, str]]
) -> None:
    """He gets his own Via, so that he finds his call, and nothing that a member's side has put there."""
    call = customer.calls(HOTLINE)
    leg = bob.leg
    vias = [("Via", bob.invite.all("via")[0]), *second]
    same = [
        ("From", bob.invite.get("from")),
        ("To", leg.local),
        ("Call-ID", leg.call_id),
        ("CSeq", bob.invite.get("cseq")),
    ]
    contact = [("Contact", bob.carrier.contact), ("Content-Type", "application/sdp")]
    answer = build("SIP/2.0 200 OK", [*vias, *same, *contact], leg.describes())
    bob.carrier.send(answer, customer.edge)
    assert call.is_answered
    assert call.replies[-1].branch == call.invite.branch
    assert call.hangs_up() == 200
