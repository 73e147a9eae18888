"""What never rings anybody: each refused request has its reply and its log line, and tells nothing."""

import socket

import pytest

from tests.edge import HOTLINE, Edge, Ledger
from tests.logs import UNREADABLE
from tests.sip import Carrier, Customer, Member
from tests.sip.message import Message, build


def test_an_unknown_hotline_gets_404(
    customer: Customer, carrier: Carrier, ledger: Ledger, edge: Edge, log_since: int
) -> None:
    call = customer.calls("02799999999")
    assert call.final() == 404
    row = ledger.call(call.call_id, "refused")
    assert (row["final_code"], row["dialled"], row["hotline_id"]) == (404, "02799999999", None)
    assert edge.logs("refused code=404", log_since)
    assert carrier.invites == []


def test_a_stranger_gets_403_and_nothing_else(stranger: Customer, carrier: Carrier, edge: Edge, log_since: int) -> None:
    """Known and unknown hotlines look the same to him."""
    known, unknown = stranger.calls(HOTLINE), stranger.calls("02799999999")
    assert known.final() == unknown.final() == 403
    for call in (known, unknown):
        assert call.replies[-1].start == "SIP/2.0 403 Forbidden"
        assert call.replies[-1].names <= {"via", "from", "to", "call-id", "cseq", "content-length", "server"}
    assert edge.logs("source=127.0.0.66", log_since)
    assert carrier.invites == []
    assert edge.ledger.calls(known.call_id) == []


def test_nobody_listens_by_tcp_where_no_setting_says_so(edge: Edge) -> None:
    """SIP_TCP is off by default."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(edge.address, 5.0)


@pytest.mark.parametrize(
    "method", ["REGISTER", "SUBSCRIBE", "MESSAGE", "PUBLISH", "NOTIFY", "REFER", "BYE", "UPDATE", "FOO"]
)
def test_a_scanner_gets_no_further(stranger: Customer, customer: Customer, carrier: Carrier, method: str) -> None:
    assert stranger.asks(method, f"sip:{HOTLINE}@127.0.0.1").outcome().status in {403, 405}
    assert customer.asks(method, f"sip:{HOTLINE}@127.0.0.1").outcome().status in {405, 481, 501}
    assert carrier.invites == []


def test_options_is_answered(customer: Customer, stranger: Customer) -> None:
    """A carrier's keep-alive; it says 200 and no product name."""
    for who in (customer, stranger):
        reply = who.asks("OPTIONS").outcome()
        assert reply.status == 200
        assert "kamailio" not in reply.raw.decode().lower()


def test_a_call_at_the_end_of_its_hops_is_refused(customer: Customer, carrier: Carrier) -> None:
    assert customer.calls(HOTLINE, max_forwards=0).final() == 483
    assert carrier.invites == []


def test_every_leg_has_a_hop_less(customer: Customer, bob: Member) -> None:
    """So that a loop through the carrier ends."""
    call = customer.calls(HOTLINE, max_forwards=7)
    assert bob.invite.get("max-forwards") == "6"
    assert call.cancels() == 200
    assert call.final() == 487


def test_a_hotline_that_calls_itself_is_not_rung(customer: Customer, carrier: Carrier) -> None:
    """A member's telephone that is forwarded to the hotline comes back with the outbound number."""
    call = customer.calls(HOTLINE, from_value=f"<sip:{HOTLINE}@127.0.0.10>")
    assert call.final() == 482
    assert carrier.invites == []


def test_a_cancel_of_nothing_gets_481(customer: Customer) -> None:
    assert customer.asks("CANCEL", f"sip:{HOTLINE}@127.0.0.1").outcome().status == 481


def test_an_ack_of_nothing_is_not_answered_and_not_forwarded(customer: Customer, carrier: Carrier) -> None:
    """RFC 3261 §17: an ACK never has a reply. The OPTIONS behind it shows that it has been read."""
    ack = customer.asks("ACK", f"sip:{HOTLINE}@127.0.0.20:{carrier.address[1]}")
    assert customer.asks("OPTIONS").outcome().status == 200
    assert ack.replies == []
    assert carrier.recording.packets == [p for p in carrier.recording.packets if carrier.address not in {p.src, p.dst}]


def test_a_stray_reply_is_dropped(customer: Customer, carrier: Carrier, edge: Edge, log_since: int) -> None:
    """A reply that matches no transaction goes nowhere, whatever its second Via says; it is logged."""
    host, port = edge.address
    vias = [
        f"SIP/2.0/UDP {host}:{port};branch=z9hG4bKnever.0",
        f"SIP/2.0/UDP {customer.sent_by};branch=z9hG4bKcustomer",
    ]
    stray = build(
        "SIP/2.0 200 OK",
        [*(("Via", via) for via in vias), ("From", "<sip:a@b>;tag=1"), ("To", "<sip:c@d>;tag=2"),
         ("Call-ID", "stray-1"), ("CSeq", "1 INVITE"),
         ("Contact", f"<sip:0844441909@127.0.0.20:{carrier.address[1]}>")],
    )  # fmt: skip
    carrier.send(stray, edge.address)
    assert edge.logs("matches_nothing", log_since) or edge.logs("stray", log_since)
    assert customer.asks("OPTIONS").outcome().status == 200
    assert customer.strays == []


BROKEN = {
    "no Contact": lambda m: _without(m, "Contact"),
    "a From that cannot be parsed": lambda m: _with(m, "From", f'"a" {m.get("from")}'),
    "no From tag": lambda m: _with(m, "From", "<sip:0909789846@127.0.0.10>"),
    "a Contact that is no URI": lambda m: _with(m, "Contact", "<<<>>"),
    "a Record-Route that is no URI": lambda m: _with(m, "Record-Route", "nonsense"),
    "SDP that is none": lambda m: build(m.start, [h for h in m.headers if h[0] != "Content-Length"], b"not sdp at all"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.may_log("kamailio", *UNREADABLE)
def test_a_malformed_invite_is_refused_and_rings_nobody(
    customer: Customer, carrier: Carrier, edge: Edge, name: str, log_since: int
) -> None:
    invite = BROKEN[name](customer.invite(HOTLINE))
    tx = customer.transact(invite, edge.address)
    assert 400 <= tx.outcome().status < 500
    assert edge.logs("refused", log_since)
    assert carrier.invites == []


@pytest.mark.parametrize(
    "header", ["From", "To", "Contact", "Call-ID", "X-Strange", "Subject", "User-Agent", "Record-Route"]
)
def test_bytes_that_are_no_utf_8_do_no_harm(
    customer: Customer, carrier: Carrier, edge: Edge, bob: Member, header: str
) -> None:
    """400 where it must be read, no trace of it where it need not; the next call rings as ever."""
    invite = customer.invite(HOTLINE)
    value = invite.get(header)
    bad = f'"\xff\xfe\xe9" {value[value.index("<") :]}' if "<" in value else f"{value}\xff\xfe\xe9"
    tx = customer.transact(_with(invite, header, bad), edge.address)
    if header in {"X-Strange", "Subject", "User-Agent"}:
        assert "X-Strange" not in bob.invite.raw.decode("ascii")
        cancel = [(name, tx.request.get(name)) for name in ("Via", "From", "To", "Call-ID")]
        customer.transact(build(f"CANCEL {invite.uri} SIP/2.0", [*cancel, ("CSeq", "102 CANCEL")]), edge.address)
        assert tx.outcome().status == 487
    else:
        assert tx.outcome().status == 400
        assert carrier.invites == []
    had = len(bob.legs)
    call = customer.calls(HOTLINE)
    carrier.must(lambda: len(bob.legs) > had, "the next call")  # a CANCEL that overtakes its INVITE gets 481
    assert call.cancels() == 200
    assert call.final() == 487


@pytest.mark.parametrize(
    "raw", [b"\r\n\r\n", b"\0\0\0\0", b"GET / HTTP/1.0\r\n\r\n", b"INVITE sip:x SIP/2.0\r\n\r\n", b"SIP/2.0\r\n\r\n",
            b"INVITE\r\nVia: x\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n", b"\xff" * 3000],
)  # fmt: skip
@pytest.mark.may_log("kamailio", *UNREADABLE)
def test_noise_does_no_harm(customer: Customer, carrier: Carrier, edge: Edge, raw: bytes) -> None:
    customer.send(raw, edge.address)
    assert customer.asks("OPTIONS").outcome().status == 200
    assert carrier.invites == []


@pytest.mark.parametrize(
    "user", ["", "abc", "0272777778700000000000000000", "02727777787;phone-context=x", "%30272", "sip:x"]
)
def test_what_is_no_telephone_number_is_not_looked_up(customer: Customer, carrier: Carrier, user: str) -> None:
    host = f"{customer.edge[0]}:{customer.edge[1]}"
    call = customer.calls(HOTLINE, uri=f"sip:{user}@{host}" if user else f"sip:{host}")
    assert 400 <= call.final() < 500
    assert carrier.invites == []


@pytest.mark.parametrize("spelling", ["+842727777787", "842727777787", "00842727777787"])
def test_every_spelling_of_the_hotline_rings(customer: Customer, bob: Member, spelling: str) -> None:
    call = customer.calls(spelling)
    bob.rings()
    assert call.is_ringing
    assert call.cancels() == 200
    assert call.final() == 487


def _with(message: Message, name: str, value: str) -> Message:
    kept = [header for header in message.headers if header[0] not in {name, "Content-Length"}]
    return build(message.start, [*kept, (name, value)], message.body)


def _without(message: Message, name: str) -> Message:
    return build(message.start, [h for h in message.headers if h[0] not in {name, "Content-Length"}], message.body)
