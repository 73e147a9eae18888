"""What passes in neither direction: digits in INFO, transfers, messages; and negative answers say a code, no more."""

import pytest

from tests.edge import BOB, HOTLINE, Edge
from tests.integration.features import answered
from tests.sip import Call, Customer, Member
from tests.sip.dialog import Dialog
from tests.sip.message import Header

REDIRECTS: list[Header] = [
    ("Warning", '399 sbc7.carrier.example "0844441909 is elsewhere"'), ("Retry-After", "120 (Nguyen Van Ba sleeps)"),
    ("P-Asserted-Identity", f"<sip:{BOB}@ims.carrier.example>"), ("Contact", f"<sip:{BOB}@10.4.4.9>;q=0.5"),
    ("WWW-Authenticate", 'Digest realm="carrier.example", nonce="carriernonce77"'),
    ("Proxy-Authenticate", 'Digest realm="carrier.example", nonce="carriernonce78"'),
    ("Error-Info", f"<sip:announcement-{BOB}@carrier.example>"), ("Reason", 'Q.850;cause=17;text="Ba is busy"'),
]  # fmt: skip
BASIC = {"via", "from", "to", "call-id", "cseq", "content-length"}


@pytest.fixture
def call(customer: Customer, bob: Member) -> Call:
    """A call that Bob has answered."""
    return answered(customer, bob, HOTLINE)


def sides(call: Call, bob: Member, who: str) -> tuple[Dialog, Dialog]:
    """Sender and receiver."""
    return (call, bob.leg) if who == "caller" else (bob.leg, call)


@pytest.mark.parametrize("who", ["caller", "member"])
@pytest.mark.parametrize("kind", ["application/dtmf-relay", "application/dtmf", "text/plain"])
def test_digits_in_an_info_are_refused_not_swallowed(call: Call, bob: Member, who: str, kind: str) -> None:
    """415 with Accept (RFC 3261 §21.4.13); one without a body, or with SDP, passes."""
    sender, receiver = sides(call, bob, who)
    body = b"Signal=5\r\nDuration=160\r\n"
    reply = sender.sends("INFO", body, [("Content-Type", kind)]).outcome()
    assert (reply.status, reply.get("accept")) == (415, "application/sdp")
    assert sender.sends("INFO").outcome().status == 200
    assert sender.sends("INFO", sender.describes()).outcome().status == 200
    assert receiver.got.count("INFO") == 2
    assert call.hangs_up() == 200


@pytest.mark.parametrize("who", ["caller", "member"])
@pytest.mark.parametrize("method", ["REFER", "NOTIFY", "MESSAGE", "SUBSCRIBE", "PUBLISH"])
def test_a_transfer_or_a_message_inside_a_call_does_not_pass(
    call: Call, bob: Member, edge: Edge, who: str, method: str, log_since: int
) -> None:
    """405 with an Allow that does not have it; the call goes on."""
    sender, receiver = sides(call, bob, who)
    headers = [("Refer-To", "<sip:0909789846@khach.example>"), ("Event", "refer"), ("Content-Type", "text/plain")]
    reply = sender.sends(method, b"khach-hang says hello", headers).outcome()
    assert reply.status == 405
    assert reply.get("allow").split(", ") == ["INVITE", "ACK", "BYE", "CANCEL", "UPDATE", "PRACK", "INFO", "OPTIONS"]
    assert edge.logs("a_method_we_do_not_serve", log_since)
    assert method not in receiver.got
    assert call.hangs_up() == 200


def test_nobody_is_told_of_methods_that_do_not_pass(customer: Customer, bob: Member) -> None:
    """A PBX that reads REFER in Allow would try a transfer by it."""
    allow = ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, MESSAGE, SUBSCRIBE, UPDATE, PRACK, INFO")
    call = customer.calls(HOTLINE, extra_headers=[allow])
    assert bob.invite.get("allow") == "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO"
    bob.answers(headers=[allow])
    assert call.is_answered
    assert call.replies[-1].get("allow") == "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO"
    assert call.hangs_up() == 200


@pytest.mark.parametrize("who", ["caller", "member"])
@pytest.mark.parametrize("method", ["INVITE", "UPDATE", "BYE"])
@pytest.mark.parametrize(
    ("code", "shown"),
    [(302, 488), (401, 403), (407, 403), (486, 486), (500, 500), (603, 603)],
)
def test_a_negative_answer_inside_a_call_is_a_code_and_no_more(
    call: Call, bob: Member, who: str, method: str, code: int, shown: int
) -> None:
    """No phrase, no Contact, no identity; a redirect or a challenge is the far side's own affair."""
    sender, receiver = sides(call, bob, who)
    receiver.agent.script[method] = (code, REDIRECTS, b"")
    body = sender.describes() if method == "INVITE" else b""
    reply = sender.sends(method, body).outcome()
    assert reply.status == shown
    assert reply.names <= BASIC
    if method == "INVITE":
        assert receiver.agent.soon(lambda: _is_acked(receiver))
    if method != "BYE":
        assert call.hangs_up() == 200


def _is_acked(dialog: Dialog) -> bool:
    """Whether the last INVITE that came in this dialog has had its ACK, hop by hop."""
    servers = [tx for tx in dialog.agent._servers.values() if tx.request.call_id == dialog.call_id]
    return [tx.acked for tx in servers if tx.request.method == "INVITE"][-1]


@pytest.mark.parametrize("code", [302, 401, 407, 420, 486, 503, 606])
def test_a_negative_answer_to_the_invite_is_a_code_and_no_more(customer: Customer, bob: Member, code: int) -> None:
    """Whatever all four members' gateways write into it."""
    call = customer.calls(HOTLINE)
    for number in ("0844441909", "0844441910", "0987654321", "02838123456"):
        bob.carrier.member(number).refuses(code, f"{number} of Nguyen Van Ba", REDIRECTS)
    assert 400 <= call.final() < 700
    assert call.replies[-1].names <= BASIC | {"server"}
    assert call.replies[-1].get("server") in {"", "SIP"}
