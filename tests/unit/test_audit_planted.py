"""The mutation suite: a leak planted in every place a message has, in every code, is found; in both directions."""

import gzip
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from kemi.audit import Packet
from kemi.audit.finding import redacted
from tests.sip.message import build
from tests.unit.audit_codes import ENCODED, OF_DIGITS, OF_WORDS, spellings
from tests.unit.audit_world import (
    BOB,
    EDGE,
    GATEWAY,
    NAME,
    NUMBER,
    back,
    found_in,
    leg,
    planted_in_bodies,
    planted_in_headers,
    planted_on_the_way_back,
)

Plant = Callable[[str], dict[str, Packet]]
PLANTS = [planted_in_headers, planted_in_bodies]
CODES = {**ENCODED, **OF_DIGITS}


def missed(plant: Plant, leaks: dict[str, str]) -> list[str]:
    """Where and how what was planted on a leg was not found; every place has a leg of its own."""
    lost = []
    for how, leak in leaks.items():
        planted = {place: numbered(packet, index) for index, (place, packet) in enumerate(plant(leak).items())}
        legs = {one.leg for one in found_in(*planted.values())}
        lost += [f"{how} in {place}" for place, each in planted.items() if leg_of(each) not in legs]
    return lost


def numbered(packet: Packet, index: int) -> Packet:
    """The same with a Call-ID that no other has."""
    return replace(
        packet, raw=packet.raw.replace(b"leg-call-id-9", b"leg-id-%c%c" % (index // 26 + 65, index % 26 + 65))
    )


def leg_of(packet: Packet) -> str:
    """How a finding names the leg of a packet."""
    found = re.search(rb"\r\nCall-ID: (.*)\r\n", packet.raw)
    return redacted(found[1].decode("latin-1").strip()) if found else "?"


def missed_on_the_way_back(leak: str, *before: Packet) -> list[str]:
    """Where what was planted in a reply to the caller was not found."""
    return [place for place, packet in planted_on_the_way_back(leak).items() if not found_in(*before, packet)]


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("code", CODES)
def test_the_caller_s_number_is_found_in_every_place(code: str, plant: Plant) -> None:
    """In this code."""
    assert missed(plant, {code: CODES[code](NUMBER)}) == []


@pytest.mark.parametrize("plant", PLANTS)
def test_every_spelling_of_the_number_is_found_in_every_place(plant: Plant) -> None:
    """With and without its country, grouped, cut to its last eight digits."""
    assert missed(plant, spellings(NUMBER)) == []


@pytest.mark.parametrize("code", OF_WORDS)
@pytest.mark.parametrize("spelling", spellings(NUMBER))
def test_every_spelling_is_found_in_every_code(code: str, spelling: str) -> None:
    """A grouped number in base64 is still a number."""
    leak = OF_WORDS[code](spellings(NUMBER)[spelling])
    assert found_in(leg(("X-Anything", f"a {leak} b"))) != []


@pytest.mark.parametrize(
    "word",
    [NAME, "Khach", "pbx.khach.example", "10.3.3.7", "KhachPhone", "khach4711", "khach-call-0815", "khach-hang",
     "z9hG4bKbehind88", "203.0.113.5", "3141592653"],
)  # fmt: skip
@pytest.mark.parametrize("code", OF_WORDS)
def test_names_hosts_addresses_tags_and_call_ids_are_found_in_every_code(code: str, word: str) -> None:
    """Whatever the caller said, as a header of tomorrow says it."""
    is_lost = len(word) < 7 and code == "base64 among noise"  # five letters among random bytes are noise themselves
    assert bool(found_in(leg(("P-Unheard-Of", f"a={OF_WORDS[code](word)};b")))) != is_lost


def test_names_and_addresses_are_found_in_every_place() -> None:
    """His Contact's name, his host, his address behind the trunk."""
    words = {word: word for word in ("khach-hang", "pbx.khach.example", "10.3.3.7", NAME)}
    assert missed(planted_in_headers, words) + missed(planted_in_bodies, words) == []


def test_a_date_that_the_caller_set_is_found() -> None:
    """It has no word long enough; the whole of it tells when his clock says it is."""
    assert [one.header for one in found_in(leg(("Date", "Thu, 19 Sep 2019 12:09:00 GMT")))] == ["date"]


@pytest.mark.parametrize("code", CODES)
def test_a_member_s_number_is_found_in_every_place_that_the_caller_sees(code: str) -> None:
    """Whether the member was rung or not."""
    assert missed_on_the_way_back(CODES[code](BOB)) == []


def test_what_a_member_said_is_found_in_every_place_that_the_caller_sees() -> None:
    """His Contact, his name in the reason phrase, the gateway's host and software."""
    answer = build(
        "SIP/2.0 200 Nguyen Van Ba picked up",
        [("Via", "SIP/2.0/UDP 192.0.2.10:5060"), ("To", "<sip:1@192.0.2.10>;tag=member-1"), ("CSeq", "102 INVITE"),
         ("Call-ID", "leg-call-id-9"), ("Contact", "<sip:ba.nguyen@sbc7.carrier.example>"),
         ("Server", "CarrierSwitch/9")],
    )  # fmt: skip
    said = Packet(3.0, GATEWAY, EDGE, answer.raw)
    words = ("picked", "ba.nguyen", "sbc7.carrier.example", "CarrierSwitch", "leg-call-id-9", GATEWAY[0])
    assert [(word, where) for word in words for where in missed_on_the_way_back(word, leg(member=BOB), said)] == []


def test_the_dialog_s_tag_is_the_caller_s_to_know() -> None:
    """design.md §3.2: exactly the caller's own To, plus tag."""
    answer = b"SIP/2.0 200 OK\r\nTo: <sip:1@192.0.2.10>;tag=member-tag-1\r\nCall-ID: leg-call-id-9\r\n\r\n"
    to_caller = back("SIP/2.0 200 OK", ("To", "<sip:1@192.0.2.10>;tag=member-tag-1"))
    assert found_in(leg(), Packet(3.0, GATEWAY, EDGE, answer), to_caller) == []


@pytest.mark.parametrize(
    "body",
    [
        f"call {NUMBER[:5]}=\r\n{NUMBER[5:]} now\r\n".encode(),
        b"MDkwOTc4\r\nOTg0Ng==\r\n",
        gzip.compress(f"from {NUMBER}".encode()),
        b"begin 644 a\r\n*,#DP.3<X.3@T-@  \r\n`\r\nend\r\n",
        b"\x0a\x08\x83\x90" + bytes.fromhex("9090878964") + b"\x00\x80",
        f'{{"from": "{NUMBER[:4]}\\u0020{NUMBER[4:]}"}}\r\n'.encode(),
        "".join(f"&#x{ord(each):x};\r\n" for each in NUMBER).encode(),
    ],
    ids=["quoted-printable", "base64 lines", "gzip", "uuencode", "ISUP digits", "JSON", "entities over lines"],
)
def test_codes_of_whole_bodies_are_undone(body: bytes) -> None:
    """What no single line tells."""
    assert found_in(leg(body=body, kind="application/octet-stream")) != []


def test_a_finding_says_where_and_spells_no_number() -> None:
    """Leg, message, header, byte; and the number only by its end."""
    packet = leg(("X-Anything", f"a {NUMBER} b"))
    [one] = found_in(packet)
    assert (one.leg, one.header) == ("leg-call-id-9", "x-anything")
    assert packet.raw[one.offset :].startswith(NUMBER[-8:].encode())
    assert NUMBER[-8:] not in repr(one)
    assert BOB[-8:] not in repr(one)
    assert "ending in 846" in one.what
