"""Everything a caller or a gateway can say of himself, planted: none of it reaches the other side, in any message.

The proof is the leak check over the recording (tests/conftest.py); these tests make the messages worth checking.
"""

import pytest

from tests.edge import BOB, CALLER, HOTLINE
from tests.sip import Customer, Member
from tests.sip.message import Header

OF_THE_CALLER: list[Header] = [
    ("P-Asserted-Identity", f'"Tran Thi Khach" <sip:{CALLER}@pbx.khach.example;user=phone>'),
    ("P-Asserted-Identity", f"<tel:+84{CALLER[1:]}>"),
    ("P-Preferred-Identity", f"<sip:{CALLER}@pbx.khach.example>"),
    ("Remote-Party-ID", f'"Tran Thi Khach" <sip:{CALLER}@10.3.3.7>;party=calling;screen=yes;privacy=off'),
    ("P-Access-Network-Info", "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=4520412345678901"),
    ("P-Charging-Vector", "icid-value=khach-icid-0815; icid-generated-at=10.3.3.7"),
    ("P-Called-Party-ID", "<sip:khach-sales@khach.example>"),
    ("Diversion", f"<sip:{CALLER}@10.3.3.7>;reason=unconditional;counter=1"),
    ("History-Info", f"<sip:{CALLER}@10.3.3.7>;index=1, <sip:khach-second@khach.example>;index=1.1"),
    ("Referred-By", "<sip:khach-boss@khach.example>"),
    ("Reply-To", "<sip:khach-reply@khach.example>"),
    ("Identity", "eyJhbGciOiJFUzI1NiJ9.eyJvcmlnIjp7InRuIjoiODQ5MDk3ODk4NDYifX0;info=<https://cert.khach.example/k.pem>"),
    ("Call-Info", "<https://khach.example/photo.jpg>;purpose=icon"),
    ("Alert-Info", "<http://khach.example/ring.wav>"),
    ("Error-Info", "<sip:khach-error@khach.example>"),
    ("Geolocation", "<cid:khach-place@khach.example>"),
    ("User-to-User", "6b686163682d68616e67;encoding=hex"),
    ("Subject", "contract KH-20190919 of Tran Thi Khach"),
    ("Organization", "Cong ty Khach Hang"),
    ("Date", "Thu, 19 Sep 2019 12:09:00 GMT"),
    ("In-Reply-To", "khach-earlier-call@khach.example"),
    ("Server", "KhachServer/1.0"),
    ("Warning", '399 pbx.khach.example "khach warning text"'),
    ("Authorization", 'Digest username="khach-login", realm="khach.example", nonce="abcdef", response="0123456789"'),
    ("Proxy-Authorization", 'Digest username="khach-login2", realm="edge", nonce="abcdef", response="9876543210"'),
    ("Cookie", "khach-session=4711081547"),
    ("X-Customer-Number", CALLER),
    ("x-cUsToMeR-name", "Tran Thi Khach"),
    ("P-Unheard-Of", "khach-tomorrow-header"),
    ("Supported", "timer, 100rel, khach-supported-tag"),
    ("Allow", "INVITE, ACK, KHACHMETHOD, BYE"),
    ("Accept", "application/sdp, application/khach-secret"),
    ("Session-Expires", "1800;refresher=uac;khach-parameter"),
    ("Route", "<sip:khach-route.example;lr>"),
    ("Record-Route", "<sip:127.0.0.10:5099;lr;khach-did=0815.4711>"),
    ("Path", "<sip:khach-path.example;lr>"),
    ("Service-Route", "<sip:khach-service.example;lr>"),
    ("Contact-Params", "<sip:khach-extra@10.3.3.7>"),
    ("Via", "SIP/2.0/TLS pbx.khach.example:5061;branch=z9hG4bKkhachdeep;alias"),
    ("Via", "SIP/2.0/WSS khach-browser.invalid;branch=z9hG4bKkhachdeeper"),
    ("Feature-Caps", "*;+khach.feature"),
    ("Accept-Language", "vi-khach"),
    ("Timestamp", "1568891340.123"),
    ("MIME-Version", "1.0"),
]  # fmt: skip
OF_THE_MEMBER: list[Header] = [
    ("P-Asserted-Identity", '"Nguyen Van Ba" <sip:0844441909@ims.carrier.example>'),
    ("Remote-Party-ID", "<sip:0844441909@10.4.4.9>;party=called"),
    ("P-Charging-Vector", "icid-value=carrier-icid-7"),
    ("Diversion", "<sip:0844441999@10.4.4.9>;reason=user-busy"),
    ("History-Info", "<sip:0844441909@10.4.4.9>;index=1"),
    ("Call-Info", "<https://carrier.example/ba.jpg>;purpose=icon"),
    ("Alert-Info", "<http://carrier.example/tone.wav>"),
    ("User-Agent", "BaPhone/2.0"),
    ("Organization", "Carrier JSC of Hanoi"),
    ("Reply-To", "<sip:nguyen.van.ba@carrier.example>"),
    ("Error-Info", "<sip:announcement-0844441909@carrier.example>"),
    ("Warning", '399 sbc7.carrier.example "0844441909 rings"'),
    ("Retry-After", "120 (Nguyen Van Ba is asleep)"),
    ("X-Member", "+84 844 441 909"),
    ("Reason", 'Q.850;cause=16;text="Nguyen Van Ba picked up"'),
    ("Record-Route", "<sip:sbc7.carrier.example;lr;ftag=ba-7>, <sip:127.0.0.20:5098;lr>"),
    ("P-Unheard-Of", "carrier-tomorrow-header"),
]  # fmt: skip


def test_nothing_of_the_callers_invite_reaches_a_member(customer: Customer, bob: Member) -> None:
    """Forty headers, two deeper Vias, SDP that names him; what may pass, passes."""
    headers = [header for header in OF_THE_CALLER if header[0] != "Record-Route"]
    call = customer.calls(HOTLINE, extra_headers=headers)
    bob.rings()
    assert call.is_ringing
    bob.answers()
    assert call.is_answered
    assert call.reinvites(headers=headers[:30]).status == 200
    assert call.hangs_up(headers=headers[:30]) == 200
    assert bob.was_hung_up
    supported = bob.invite.get("supported")
    assert "timer" in supported
    assert bob.invite.get("allow") == "INVITE, ACK, BYE"
    assert bob.invite.names <= {
        "via", "max-forwards", "from", "to", "call-id", "cseq", "contact", "p-asserted-identity", "content-type",
        "content-length", "supported", "allow", "accept", "session-expires", "mime-version", "user-agent", "privacy",
    }  # fmt: skip


def test_nothing_of_a_cancel_reaches_a_member(customer: Customer, bob: Member) -> None:
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.is_ringing
    reason = ("Reason", 'SIP;cause=487;text="khach-hang lost patience"')
    assert call.cancels(headers=[*OF_THE_CALLER[:30], reason]) == 200
    assert call.final() == 487
    assert bob.was_cancelled
    assert bob.cancel.names <= {
        "via",
        "max-forwards",
        "from",
        "to",
        "call-id",
        "cseq",
        "content-length",
        "user-agent",
        "reason",
    }


def test_nothing_of_a_members_answer_reaches_the_caller(customer: Customer, bob: Member) -> None:
    call = customer.calls(HOTLINE)
    bob.rings(headers=OF_THE_MEMBER)
    assert call.is_ringing
    bob.answers(headers=[header for header in OF_THE_MEMBER if header[0] != "Record-Route"])
    assert call.is_answered
    assert bob.was_acked
    planted = [header for header in OF_THE_MEMBER if header[0] != "Record-Route"]
    assert bob.reinvites(headers=planted).status == 200
    assert bob.hangs_up(headers=planted) == 200
    assert call.was_hung_up


@pytest.mark.parametrize("code", [404, 480, 484, 486, 500, 503, 603, 604, 699])
def test_nothing_of_a_refusal_reaches_the_caller(customer: Customer, bob: Member, carol: Member, code: int) -> None:
    """Gateways put names and numbers into reason phrases, Warnings and Contacts."""
    call = customer.calls(HOTLINE)
    contact = ("Contact", f"<sip:{BOB}@10.4.4.9>")
    for member in (bob, carol, customer_of(bob, "0987654321"), customer_of(bob, "02838123456")):
        member.refuses(code, f"{member.number} Nguyen Van Ba has no time", [*OF_THE_MEMBER, contact])
    assert call.final() >= 400


@pytest.mark.parametrize(
    "kind",
    ["application/khach+xml", "multipart/mixed;boundary=khach-bound", "text/plain;charset=khach-8", "application/isup"],
)
def test_no_other_body_reaches_a_member(customer: Customer, bob: Member, kind: str) -> None:
    """A multipart keeps its SDP and loses the rest; any other body goes."""
    sdp = customer.invite(HOTLINE).body
    body = b"<khach-secret>0909789846</khach-secret>\r\n"
    if kind.startswith("multipart"):
        parts = [b"Content-Type: application/khach+xml\r\n\r\n" + body, b"Content-Type: application/sdp\r\n\r\n" + sdp]
        body = b"".join(b"--khach-bound\r\n" + part + b"\r\n" for part in parts) + b"--khach-bound--\r\n"
    call = customer.calls(HOTLINE, sdp=body, content_type=kind)
    assert b"khach" not in bob.invite.raw
    assert bool(bob.invite.body) == kind.startswith("multipart")
    assert bob.invite.get("content-type") == ("application/sdp" if bob.invite.body else "")
    assert call.cancels() == 200
    assert call.final() == 487


@pytest.mark.parametrize(
    "from_value",
    [
        '"Tran \\"Khach\\" <sip:x@y>" <sip:0909789846@127.0.0.10;user=phone;khach-p=1?Subject=khach-hang>;khach-q=2',
        "sip:0909789846@127.0.0.10",
        "<tel:+84-909-789-846;phone-context=khach.example>",
        "Khach <sips:khach-hang@khach.example>",
    ],
)
def test_every_form_of_from_is_hidden_and_given_back(customer: Customer, bob: Member, from_value: str) -> None:
    call = customer.calls(HOTLINE, from_value=from_value)
    bob.rings()
    assert call.is_ringing
    assert {reply.get("from") for reply in call.replies} == {call.invite.get("from")}
    assert call.cancels() == 200
    assert call.final() == 487


@pytest.mark.parametrize(
    "to_value",
    [
        f'"Goi cho Tran Thi Khach" <sip:{HOTLINE}@khach.example;khach-p=1>;khach-q=2',
        f"<tel:{HOTLINE};khach=1>",
        f"<sip:{CALLER}@pbx.khach.example>",
    ],
)
def test_a_to_that_says_more_is_neutralised_in_invite_cancel_and_ack(
    customer: Customer, bob: Member, carol: Member, to_value: str
) -> None:
    call = customer.calls(HOTLINE, to_value=to_value)
    carol.refuses(486)
    bob.rings()
    assert call.is_ringing
    assert carol.was_acked
    assert call.cancels() == 200
    assert call.final() == 487
    assert bob.cancel.get("to") == bob.invite.get("to")


def customer_of(beside: Member, number: str) -> Member:
    """Another member of the same carrier."""
    return beside.carrier.member(number)
