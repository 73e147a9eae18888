"""The auditor hears RTP and RTCP: what is planted in them is found, what is chance is not."""

import struct
from dataclasses import replace
from typing import Final

import pytest

from kemi.audit import Packet, audit
from tests.sip.sdp import sdp
from tests.unit.audit_world import BOB, EDGE, GATEWAY, NAME, NUMBER, OFFER, SAID, SIDES, back, leg, raw

CALLERS_MEDIA, BOBS_MEDIA, EDGES_MEDIA = ("203.0.113.7", 40000), ("203.0.113.8", 41000), (EDGE[0], 20000)
ANCHORED: Final = replace(SIDES, anchored=True)
CLEAN_OFFER: Final = OFFER.replace(b"203.0.113.7", b"192.0.2.10")
ANSWER: Final = Packet(
    3.0, GATEWAY, EDGE,
    raw("SIP/2.0 200 OK", [("Call-ID", f"leg-call-id-{BOB[-1]}"), ("CSeq", "102 INVITE"),
                           ("Content-Type", "application/sdp")], sdp(BOBS_MEDIA[0], BOBS_MEDIA[1])),
)  # fmt: skip


def rtp(at: float, src: tuple[str, int], dst: tuple[str, int], extension: bytes = b"") -> Packet:
    """A packet of voice; with an extension where one is given."""
    head = struct.pack("!BBHII", 0x90 if extension else 0x80, 8, 7, 1600, 0x01020304)
    if extension:
        extension += b"\0" * (-len(extension) % 4)
        head += struct.pack("!HH", 0xBEDE, len(extension) // 4) + extension
    return Packet(at, src, dst, head + bytes(range(100, 140)))


def rtcp(at: float, src: tuple[str, int], dst: tuple[str, int], cname: str) -> Packet:
    """A source description, as it follows every report."""
    item = bytes((1, len(cname))) + cname.encode() + b"\0"
    chunk = struct.pack("!I", 0x01020304) + item + b"\0" * (-len(item) % 4)
    report = struct.pack("!BBHI", 0x80, 201, 1, 0x01020304)
    return Packet(at, src, dst, report + struct.pack("!BBH", 0x81, 202, len(chunk) // 4) + chunk)


def beside(end: tuple[str, int]) -> tuple[str, int]:
    return end[0], end[1] + 1


def found(*packets: Packet, anchored: bool = True) -> list[str]:
    """What the auditor says of these, in a call that Bob has answered."""
    said = [SAID, leg(body=CLEAN_OFFER), ANSWER, *packets]
    return [str(one) for one in audit(said, ANCHORED if anchored else SIDES).findings]


def test_voice_that_says_nothing_is_clean_and_counted() -> None:
    """Of both kinds, both ways."""
    packets = [
        rtp(5.0, CALLERS_MEDIA, EDGES_MEDIA), rtp(5.1, EDGES_MEDIA, BOBS_MEDIA),
        rtcp(5.2, beside(CALLERS_MEDIA), beside(EDGES_MEDIA), "khach@203.0.113.7"),
        rtcp(5.3, beside(EDGES_MEDIA), beside(BOBS_MEDIA), "0c37f2bec450f6"),
    ]  # fmt: skip
    done = audit([SAID, leg(body=CLEAN_OFFER), ANSWER, *packets], ANCHORED)
    assert done.findings == []
    assert done.voice == {"RTP": 1, "RTCP": 1}


@pytest.mark.parametrize("cname", [NUMBER, NAME.split()[-1], "khach@203.0.113.7", "khach-hang-phone"])
def test_a_cname_that_passes_is_found(cname: str) -> None:
    """Known beforehand, or only said by the caller's own RTCP."""
    own = rtcp(5.0, beside(CALLERS_MEDIA), beside(EDGES_MEDIA), cname)
    passed = rtcp(5.1, beside(EDGES_MEDIA), beside(BOBS_MEDIA), cname)
    assert any("in RTCP of" in one for one in found(own, passed))


def test_a_number_in_a_header_extension_is_found() -> None:
    """What stands between the fixed header and the voice."""
    assert any("in RTP of" in one for one in found(rtp(5.0, EDGES_MEDIA, BOBS_MEDIA, b"\x00" + NUMBER.encode())))


def test_voice_that_does_not_come_from_the_edge_is_found_where_media_is_anchored() -> None:
    """Its sender's address is the leak."""
    straight = rtp(5.0, CALLERS_MEDIA, BOBS_MEDIA)
    assert any("media address 203.0.113.7" in one for one in found(straight))
    assert found(straight, anchored=False) == []


def test_a_media_address_in_sdp_is_a_leak_where_media_is_anchored() -> None:
    """And the listed exception where it is not."""
    passed = leg(body=OFFER)
    assert any("203.0.113.7" in str(one) for one in audit([SAID, passed], ANCHORED).findings)
    assert audit([SAID, passed], SIDES).findings == []
    answered = back(
        body=sdp(BOBS_MEDIA[0]).replace(b"o=- 3141592653 1 IN IP4 203.0.113.8", b"o=- 5 1 IN IP4 192.0.2.10")
    )
    assert any("203.0.113.8" in one for one in found(answered))
