"""Planted leaks are found, wherever and however they are written; a clean message has none."""

import base64
from urllib.parse import quote

import pytest

from tests.leaks import Finding, Sides, find_leaks
from tests.sip.message import Header, build
from tests.sip.sdp import sdp
from tests.sip.wire import Packet

EDGE, CALLER, GATEWAY = ("127.0.0.1", 5060), ("127.0.0.10", 5070), ("127.0.0.20", 5080)
SIDES = Sides(public=frozenset({"127.0.0.1", "127.0.0.1:5060", "02727777787"}), members=frozenset({"+84844441909"}))
INVITE = build(
    "INVITE sip:02727777787@127.0.0.1:5060 SIP/2.0",
    [
        ("Via", "SIP/2.0/UDP 127.0.0.10:5070;branch=z9hG4bKcaller77"),
        ("Via", "SIP/2.0/UDP 10.3.3.7:5060;branch=z9hG4bKbehind88"),
        ("From", '"Tran Thi Khach" <sip:0909789846@127.0.0.10>;tag=khach4711'),
        ("To", "<sip:02727777787@127.0.0.1:5060>"),
        ("Call-ID", "khach-call-0815@pbx.khach.example"),
        ("CSeq", "102 INVITE"),
        ("Contact", "<sip:khach-hang@127.0.0.10:5070>"),
        ("User-Agent", "KhachPhone/3.1.4"),
        ("X-Account", "account ac-998877"),
        ("Content-Type", "application/sdp"),
    ],
    sdp("127.0.0.11", who="khach-hang"),
)
ANSWER = build(
    "SIP/2.0 200 Nguyen Van Ba picked up",
    [("Via", "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKedge"), ("To", "<sip:1@127.0.0.1>;tag=member-tag-1"),
     ("Call-ID", "leg-call-id-1"), ("CSeq", "102 INVITE"), ("Contact", "<sip:ba.nguyen@127.0.0.20:5080>"),
     ("Server", "CarrierSwitch/9.7.3")],
)  # fmt: skip


def leg(*planted: Header, body: bytes = b"", vias: tuple[str, ...] = ()) -> Packet:
    headers = [("Via", "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKedge.0"), *(("Via", via) for via in vias)]
    headers += [("From", "<sip:02727777787@127.0.0.1>;tag=a1"), ("To", "<sip:02727777787@127.0.0.1:5060>")]
    headers += [("Call-ID", "leg-call-id-1"), ("CSeq", "102 INVITE"), ("Max-Forwards", "69")]
    headers += [*planted, ("Content-Type", "application/sdp")]
    return Packet(2.0, EDGE, GATEWAY, build("INVITE sip:0844441909@127.0.0.20:5080 SIP/2.0", headers, body).raw)


def found_in(packet: Packet) -> list[Finding]:
    return find_leaks([Packet(1.0, CALLER, EDGE, INVITE.raw), packet, Packet(3.0, GATEWAY, EDGE, ANSWER.raw)], SIDES)


def test_a_masked_leg_has_none() -> None:
    """Via1 and the media address in c= are the listed exceptions."""
    body = sdp("127.0.0.11").replace(b"o=- 3141592653 1 IN IP4 127.0.0.11", b"o=- 5 1 IN IP4 127.0.0.1")
    body = body.replace(b"a=sendrecv", b"a=rtcp:40001 IN IP4 127.0.0.11\r\na=sendrecv")
    assert (
        found_in(leg(body=body, vias=("SIP/2.0/UDP 127.0.0.10:5070;branch=z9hG4bKcaller77;received=127.0.0.10",))) == []
    )


@pytest.mark.parametrize(
    "text",
    [
        "0909789846", "+84909789846", "84909789846", "0084909789846", "909789846", "09789846", "090 978 98-46",
        "Tran Thi Khach", "KhachPhone", "127.0.0.10", "khach4711", "khach-call-0815", "pbx.khach.example",
        "z9hG4bKcaller77", "10.3.3.7", "z9hG4bKbehind88", "ac-998877", "account", "127.0.0.11", "khach-hang",
        "3141592653", "KHACHPHONE", quote("Tran Thi Khach"), "%30%39%30%39%37%38%39%38%34%36",
        b"0909789846".hex(),
    ],
)  # fmt: skip
def test_every_piece_of_the_caller_is_found_in_any_header(text: str) -> None:
    [first, *_] = found_in(leg(("X-Anything", f"abc {text} def")))
    assert (first.header, first.leg) == ("x-anything", "leg-call-id-1")
    assert first.message == "INVITE sip:…909@127.0.0.20:5080 SIP/2.0"


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_read_at_every_alignment(before: str, encode: object) -> None:
    assert callable(encode)
    token = before + encode(b"v1|sip:0909789846@pbx|\xff\xfe").decode().rstrip("=")
    assert {each.how for each in found_in(leg(("Contact", f"<sip:{token}@127.0.0.1>")))} == {"base64-decoded"}


def test_the_exceptions_are_no_wider_than_they_are_listed() -> None:
    """The caller's address in o=, his name in c=, his second Via, and Via1 in a reply's place are leaks."""
    via1 = "SIP/2.0/UDP 127.0.0.10:5070;branch=z9hG4bKcaller77"
    assert found_in(leg(body=b"v=0\r\no=- 1 1 IN IP4 127.0.0.11\r\n"))
    assert found_in(leg(body=b"v=0\r\nc=IN IP4 127.0.0.10 khach-hang\r\n"))
    assert found_in(leg(vias=(via1, "SIP/2.0/UDP 10.3.3.7:5060;branch=z9hG4bKx")))
    assert found_in(leg(vias=("SIP/2.0/UDP 10.3.3.7:5060;branch=z9hG4bKx",)))
    assert found_in(leg(vias=(f"{via1};x=0909789846",)))


@pytest.mark.parametrize(
    "text", ["0844441909", "+84 844 441 909", "127.0.0.20", "Nguyen Van Ba", "picked", "leg-call-id-1",
             "ba.nguyen", "CarrierSwitch"],
)  # fmt: skip
def test_nothing_of_the_member_goes_back_to_the_caller(text: str) -> None:
    back = build("SIP/2.0 200 OK", [("Via", INVITE.get("via")), ("Call-ID", INVITE.call_id), ("X-Say", f"a {text} b")])
    assert [each.header for each in found_in(Packet(4.0, EDGE, CALLER, back.raw))][:1] == ["x-say"]


def test_a_member_not_yet_rung_is_secret_too() -> None:
    back = Packet(4.0, EDGE, CALLER, b"SIP/2.0 302 Moved\r\nContact: <sip:0844441909@x>\r\n\r\n")
    assert find_leaks([back], SIDES)
