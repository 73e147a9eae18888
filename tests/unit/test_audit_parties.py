"""Who must not learn of whom: members of one another, callers of callers; one carrier on both sides."""

import pytest

from kemi.audit import Packet, Sides, audit, find_leaks
from tests.sip.message import build
from tests.sip.sdp import sdp
from tests.unit.audit_codes import ENCODED
from tests.unit.audit_world import BOB, CALLER, CAROL, EDGE, GATEWAY, HOTLINE, NUMBER, SAID, SIDES, back, found_in, leg

ANSWER = build(
    "SIP/2.0 200 OK",
    [("Via", "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKedge.0"),
     ("From", f"<sip:{HOTLINE}@192.0.2.10>;tag=qW3zLk1mXo9T"),
     ("To", f"<sip:{HOTLINE}@192.0.2.10:5060>;tag=bob-tag-1"), ("Call-ID", "leg-call-id-9"), ("CSeq", "102 INVITE"),
     ("Contact", "<sip:ba.nguyen@203.0.113.6:5080>"), ("Server", "CarrierSwitch/9.7.3"),
     ("Content-Type", "application/sdp")],
    sdp("203.0.113.8", who="ba-nguyen"),
)  # fmt: skip
BOB_SAID = Packet(3.0, GATEWAY, EDGE, ANSWER.raw)


def to_carol(leak: str) -> Packet:
    """A later message to the other member, with something in it."""
    cancel = leg(("X-Said", f"a {leak} b"), member=CAROL, start=f"CANCEL sip:{CAROL}@203.0.113.6:5080 SIP/2.0")
    return Packet(5.0, EDGE, GATEWAY, cancel.raw)


@pytest.mark.parametrize(
    "leak",
    [BOB, "+84 844 441 909", "bob-tag-1", "leg-call-id-9", "ba.nguyen", "ba-nguyen", "203.0.113.8", "CarrierSwitch"],
)
def test_what_one_member_said_is_secret_to_another(leak: str) -> None:
    """Behind one gateway, as they are."""
    found = find_leaks([SAID, leg(), leg(member=CAROL), BOB_SAID, to_carol(leak)], SIDES)
    assert {(one.header, one.leg) for one in found} == {("x-said", "leg-call-id-0")}


def test_each_member_may_read_his_own_number_and_gateway() -> None:
    """They stand in the R-URI of his leg."""
    assert find_leaks([SAID, leg(), leg(member=CAROL), BOB_SAID, to_carol("nothing")], SIDES) == []


def test_media_of_one_member_is_no_other_member_s() -> None:
    """The exception is between caller and member."""
    body = sdp("203.0.113.8").replace(b"o=- 3141592653 1 IN IP4 203.0.113.8", b"o=- 5 1 IN IP4 192.0.2.10")
    late = Packet(5.0, EDGE, GATEWAY, leg(member=CAROL, body=body).raw)
    assert [one.header for one in find_leaks([SAID, leg(), BOB_SAID, late], SIDES)] == ["body c="]


def test_what_one_caller_said_is_secret_to_another() -> None:
    """Two calls through one trunk: the second caller is not answered with the first one's tag."""
    other = SAID.raw.replace(b"khach-call-0815", b"other-call-1234").replace(b"khach4711", b"other4712")
    mixed = back("SIP/2.0 180 Ringing").raw.replace(b"khach-call-0815", b"other-call-1234")
    packets = [SAID, Packet(1.5, CALLER, EDGE, other), Packet(4.0, EDGE, CALLER, mixed)]
    assert {one.header for one in find_leaks(packets, SIDES)} == {"from"}


@pytest.mark.parametrize("where", ["call_id", "from_", "to"])
def test_names_too_short_to_be_searched_for_are_compared(where: str) -> None:
    """A Call-ID of three characters is as much the caller's as a long one."""
    said = SAID.raw.replace(b"khach-call-0815@pbx.khach.example", b"c1@").replace(b"khach4711", b"t77")
    value = {"call_id": "c1@", "from_": "<sip:1@192.0.2.10>;tag=t77", "to": "<sip:1@192.0.2.10>;tag=t77"}[where]
    packets = [Packet(1.0, CALLER, EDGE, said), leg(**{where: value})]  # type: ignore[arg-type]
    assert [one.how for one in find_leaks(packets, SIDES)] == ["compared"]


def test_one_carrier_may_be_trunk_and_gateway() -> None:
    """Then the INVITE of each dialog tells whose it is; what began before the capture is counted, not passed over."""
    one = frozenset({GATEWAY[0]})
    sides = Sides(one, one, SIDES.public, SIDES.members, SIDES.caller_numbers, edges=SIDES.edges)
    said = Packet(1.0, GATEWAY, EDGE, SAID.raw)
    clean, dirty = leg(member=CAROL), leg(("X-From", "0909789846"))
    stray = Packet(3.0, GATEWAY, EDGE, b"BYE sip:x@192.0.2.10 SIP/2.0\r\nCall-ID: of-yesterday\r\n\r\n")
    done = audit([said, clean, dirty, stray], sides)
    assert {one.header for one in done.findings} == {"x-from"}
    assert (done.read["member"], done.unknown) == (2, 1)


def test_only_what_the_edge_sent_is_audited() -> None:
    """A trunk that talks to the gateway directly is none of our business."""
    assert find_leaks([SAID, Packet(2.0, CALLER, GATEWAY, SAID.raw)], SIDES) == []
    assert found_in(Packet(2.0, ("198.51.100.1", 5060), GATEWAY, SAID.raw)) == []


def test_a_member_not_yet_rung_is_secret_too() -> None:
    """A redirect that the edge let through."""
    moved = back("SIP/2.0 302 Moved Temporarily", ("Contact", f"<sip:{BOB}@192.0.2.10>"))
    assert [one.header for one in found_in(moved)] == ["contact"]


def test_what_the_member_repeats_was_told_him_first() -> None:
    """Kamailio's vsf= stands in Record-Route, which the member gives back: that he says it, too, is no excuse."""
    vsf = ENCODED["XOR with the From"](NUMBER)
    for leak in (f"vsf={vsf}", f"x={NUMBER}", "y=" + ENCODED["base64 after 1"](NUMBER)):
        route = ("Record-Route", f"<sip:192.0.2.10;lr;{leak}>")
        told = leg(route)
        answer = told.raw.replace(told.raw.split(b"\r\n", 1)[0], b"SIP/2.0 180 Ringing", 1)
        found = find_leaks([SAID, told, Packet(3.0, GATEWAY, EDGE, answer)], SIDES)
        assert "record-route" in {one.header for one in found}


def test_what_he_said_before_is_told_him_again() -> None:
    """His own Contact comes back as the R-URI, whatever can be made of it."""
    odd = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    answer = ANSWER.raw.replace(b"ba.nguyen", odd.encode())
    ack = leg(start=f"ACK sip:{odd}@203.0.113.6:5080 SIP/2.0").raw
    sides = Sides(SIDES.callers, SIDES.gateways, SIDES.public, frozenset({BOB, "0987654321"}))
    packets = [SAID, leg(), Packet(3.0, GATEWAY, EDGE, answer), Packet(3.1, EDGE, GATEWAY, ack)]
    assert find_leaks(packets, sides) == []


def test_what_the_caller_dials_is_public_unless_it_is_said_to_be_secret() -> None:
    """The hotline need not be named; but who dials himself, or a name, has not given himself away."""
    sides = Sides(SIDES.callers, SIDES.gateways, frozenset({EDGE[0]}), SIDES.members, SIDES.caller_numbers)
    said_by_bob = Packet(3.0, GATEWAY, EDGE, ANSWER.raw.replace(b"Server: ", b"Subject: " + HOTLINE.encode() + b" "))
    assert find_leaks([SAID, leg(), said_by_bob, back("SIP/2.0 200 OK", ("X-To", HOTLINE))], sides) == []
    for dialled in (NUMBER, "khach-hang"):
        invite = SAID.raw.replace(f"INVITE sip:{HOTLINE}".encode(), f"INVITE sip:{dialled}".encode())
        found = find_leaks([Packet(1.0, CALLER, EDGE, invite), leg(("X-From", dialled))], sides)
        assert {one.header for one in found} == {"x-from"}


@pytest.mark.parametrize("tag", ["EiBDwaJjLT30yq67", "EiBDwaJjLT30yq67.", "EiBDwaJj.LT30yq67'!", "~EiBD-waJj*"])
def test_the_member_s_tag_is_the_caller_s_to_know_whatever_it_ends_with(tag: str) -> None:
    """RFC 3261 §25.1: a token may end with a dot; only as his tag, and to no other member."""
    said = build(
        "SIP/2.0 200 OK",
        [("To", f"<sip:{HOTLINE}@192.0.2.10>;tag={tag}"), ("Call-ID", "leg-1"), ("CSeq", "102 INVITE")],
    )
    answer = Packet(3.0, GATEWAY, EDGE, said.raw)
    relayed = build(
        "SIP/2.0 200 OK",
        [("To", f"<sip:{HOTLINE}@192.0.2.10>;tag={tag}"), ("Call-ID", "khach-call-0815@pbx.khach.example")],
    )
    assert found_in(leg(call_id="leg-1"), answer, Packet(4.0, EDGE, CALLER, relayed.raw)) == []
    told = Packet(5.0, EDGE, GATEWAY, leg(("X-Any", tag), member=CAROL, call_id="leg-2").raw)
    assert found_in(leg(call_id="leg-1"), answer, told)
