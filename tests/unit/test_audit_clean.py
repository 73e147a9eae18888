"""No false alarms: tokens as the edge seals them, Call-IDs and tags as it makes them, any number of them."""

import os
import random
import secrets
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from kemi.audit import Packet, Sides, find_leaks
from kemi.tokens import leg_letters, new_call
from tests.sip.sdp import sdp
from tests.unit.audit_world import (
    BOB,
    CALLER,
    CAROL,
    EDGE,
    GATEWAY,
    HOTLINE,
    INVITE,
    NUMBER,
    OFFER,
    SAID,
    SIDES,
    back,
    found_in,
    leg,
)
from tests.unit.given import keyring, to_caller

KEYS: Final = keyring("1:" + "17" * 32, "192.0.2.10:5060")
LEGS: Final = int(os.environ.get("AUDIT_CLEAN_LEGS", "400"))
URLSAFE: Final = string.ascii_letters + string.digits + "-_"


def sealed(number: str, call: bytes, index: int) -> Packet:
    """The INVITE of a leg, with everything that the edge makes of a call."""
    call_id, tag = KEYS.leg_call_id(call, leg_letters(index, 0)), KEYS.caller_tag(call, "khach4711")
    token = KEYS.seal(to_caller(call=call, target=f"sip:khach-hang@{CALLER[0]}:5070", call_id=INVITE.call_id))
    return leg(
        member=number, call_id=call_id, from_=f"<sip:{HOTLINE}@192.0.2.10>;tag={tag}",
        contact=f"<sip:{token}@192.0.2.10:5060>",
    )  # fmt: skip


def legs(count: int, numbers: list[str], dice: random.Random) -> Iterator[Packet]:
    """INVITEs of that many legs to these numbers."""
    for index in range(count):
        call = new_call(1.7e9 + index, dice.randbytes(6))
        yield sealed(numbers[index % len(numbers)], call, index % 64)


def test_a_masked_leg_and_a_masked_reply_have_none() -> None:
    """Via1, the media address, the dialled number and the caller's own words are where they may be."""
    assert found_in(leg(), leg(member=CAROL), back("SIP/2.0 180 Ringing"), back()) == []


def test_sealed_legs_have_none() -> None:
    """Tokens, Call-IDs and tags of hundreds of legs, read in every code; AUDIT_CLEAN_LEGS says how many."""
    seed = secrets.randbits(32)
    dice = random.Random(seed)
    numbers = [f"09{dice.randrange(10**8):08}" for _ in range(20)]
    packets = [SAID, *legs(LEGS, numbers, dice)]
    sides = Sides(
        SIDES.callers, SIDES.gateways, SIDES.public, frozenset(numbers), SIDES.caller_numbers, SIDES.caller_names
    )
    assert find_leaks(packets, sides) == [], f"seed {seed}"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(URLSAFE, min_size=16, max_size=240), min_size=1, max_size=8), st.binary(max_size=300))
def test_chance_makes_no_finding(tokens: list[str], body: bytes) -> None:
    """Random tokens in every header that could carry one, and a body of random bytes."""
    headers = [("X-Token", token) for token in tokens]
    assert found_in(leg(*headers, contact=f"<sip:{tokens[0]}@192.0.2.10>", body=body, kind="application/x")) == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.binary(max_size=400))
def test_whatever_it_is_given_the_auditor_reads_it(text: str, noise: bytes) -> None:
    """Broken messages, bytes that are no SIP: searched, never an error."""
    packets = [leg(("X", text.encode("utf-8", "replace").decode("latin-1"))), Packet(2.5, EDGE, GATEWAY, noise)]
    find_leaks([SAID, *packets, Packet(3.0, GATEWAY, EDGE, noise), Packet(3.0, CALLER, EDGE, noise)], SIDES)


def test_digits_of_chance_are_no_number_under_one_small_byte() -> None:
    """2130706431, XORed with 2 throughout, is digits again: 7 of 10⁸ numbers of chance are, and each SDP holds two."""
    said = INVITE.raw.replace(
        b"\r\na=sendrecv", b"\r\na=candidate:1 1 UDP 2130706431 203.0.113.7 40000 typ host\r\na=sendrecv"
    )
    body = OFFER.replace(b"o=- 5 1 ", b"o=- 9912524613 1 ")
    assert find_leaks([Packet(1.0, CALLER, EDGE, said), leg(body=body)], SIDES) == []


def test_what_a_code_makes_of_the_receivers_own_line_is_chance() -> None:
    """From of a reply, as he wrote it: 0909790630 read as semi-octets from its second digit on is 09790936."""
    own, other = b"0909790630", "0909790936"
    said, heard = (replace(each, raw=each.raw.replace(NUMBER.encode(), own)) for each in (SAID, back()))
    sides = replace(SIDES, members=frozenset({BOB, other}), caller_numbers=frozenset({own.decode()}))
    assert find_leaks([said, heard], sides) == []
    assert find_leaks([said, back("SIP/2.0 180 Ringing", ("X-Said", own.decode()))], sides)  # he did not write that


def test_what_the_receiver_said_himself_is_no_news_to_him() -> None:
    """A member's BYE is answered with his own Via, tag and Call-ID; his R-URI is his own Contact."""
    bye = (
        f"BYE sip:token@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.6:5080;branch=z9hG4bKmember99\r\n"
        f"From: <sip:{HOTLINE}@192.0.2.10:5060>;tag=member-tag-1\r\nTo: <sip:{HOTLINE}@192.0.2.10>;tag=qW3zLk1mXo9T\r\n"
        f"Call-ID: leg-call-id-9\r\nCSeq: 1 BYE\r\nUser-Agent: BaPhone/2\r\n\r\n"
    ).encode()
    answer = bye.replace(b"BYE sip:token@192.0.2.10 SIP/2.0", b"SIP/2.0 200 OK", 1)
    again = leg(start="BYE sip:ba@203.0.113.6:5080 SIP/2.0")
    own = leg(start=f"CANCEL sip:{BOB}@203.0.113.6:5080 SIP/2.0")
    packets = [leg(), own, again, Packet(3.0, GATEWAY, EDGE, bye), Packet(3.1, EDGE, GATEWAY, answer)]
    assert found_in(*packets) == []


def test_media_may_be_the_other_side_s_and_nothing_else_of_it() -> None:
    """c= and a=rtcp, as their RFCs write them: only an address that its owner named for media."""
    offer = sdp("203.0.113.7").replace(b"o=- 3141592653 1 IN IP4 203.0.113.7", b"o=- 5 1 IN IP4 192.0.2.10")
    rtcp = offer + b"a=rtcp:40001 IN IP4 203.0.113.7\r\n"
    assert found_in(leg(body=rtcp)) == []
    assert found_in(leg(body=offer.replace(b"c=IN IP4 203.0.113.7", b"c=IN IP4 10.3.3.7")))
    assert found_in(leg(body=offer.replace(b"c=IN IP4 203.0.113.7", b"c=IN IP4 203.0.113.7 khach-hang")))
    assert found_in(leg(body=offer.replace(b"IP4 192.0.2.10", b"IP4 203.0.113.7")))
