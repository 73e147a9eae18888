"""What a request must be to be served, and the answer by hand to one that cannot be parsed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain import sane
from kemi.domain.addresses import Hop
from kemi.refusal import refusal
from tests.fakes.world import World

SOURCE = Hop("127.0.0.10", 4444)
BROKEN = (
    b"INVITE sip:02727777787@edge; lr SIP/2.0\r\nv : SIP/2.0/UDP\r\n  pbx.khach.example:5080;branch=z9hG4bK1,"
    b" SIP/2.0/UDP 10.9.9.9\r\nMax-Forwards: 70\r\nf: <sip:0909789846@h>;tag=a\r\nTo: <sip:02727777787@h>\r\n"
    b"i: broken@h\r\nCSeq: 1 INVITE\r\nCSeq: 2 INVITE\r\nSubject: secret\r\nContent-Length: 4\r\n\r\nbody"
)


def test_what_cannot_be_parsed_is_answered_out_of_its_own_lines() -> None:
    """Every Via, and From, To with a tag, Call-ID, CSeq; to the port that its Via names."""
    found = refusal(BROKEN, SOURCE)
    assert found is not None
    assert (found.hop, found.code) == (Hop("127.0.0.10", 5080), 400)
    lines = found.text.split("\r\n")
    assert lines[:3] == [
        "SIP/2.0 400 Bad Request",
        "Via: SIP/2.0/UDP pbx.khach.example:5080;branch=z9hG4bK1, SIP/2.0/UDP 10.9.9.9",
        "From: <sip:0909789846@h>;tag=a",
    ]
    assert lines[3].startswith("To: <sip:02727777787@h>;tag=")
    assert lines[4:] == ["Call-ID: broken@h", "CSeq: 1 INVITE", "Content-Length: 0", "", ""]


@pytest.mark.parametrize(
    ("was", "becomes", "port", "code"),
    [
        (b":5080;branch", b";branch", 5060, 400),
        (b":5080;branch", b":5080;rport;branch", 4444, 400),
        (b"SIP/2.0\r\nv", b"SIP/7.0\r\nv", 5080, 505),
    ],
)
def test_where_it_goes_and_what_it_says(was: bytes, becomes: bytes, port: int, code: int) -> None:
    """RFC 3261 §18.2.2, RFC 3581; §21.5.6."""
    found = refusal(BROKEN.replace(was, becomes, 1), SOURCE)
    assert found is not None
    assert (found.hop, found.code) == (Hop("127.0.0.10", port), code)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"INVITE sip", b"ACK sip"),
        (b"INVITE sip:02727777787@edge; lr SIP/2.0", b"SIP/2.0 200 OK"),
        (b"v : SIP", b"x : SIP"),
        (b":5080;", b":99999;"),
        (b"secret", b"se\0ret"),
        (b"secret", b"\xff"),
        (b"SIP/2.0\r\nv", b"HTTP/1.0\r\nv"),
    ],
)
def test_what_gets_no_answer(was: bytes, becomes: bytes) -> None:
    """An ACK, a reply, no Via, no port, what KEMI cannot write, what is no SIP."""
    assert refusal(BROKEN.replace(was, becomes, 1), SOURCE) is None


@given(st.binary(max_size=300), st.integers(0, len(BROKEN)))
def test_nothing_makes_it_fail_or_grow(junk: bytes, at: int) -> None:
    """Whatever comes: an answer no longer than what came and its own first line, or none."""
    raw = BROKEN[:at] + junk + BROKEN[at + len(junk) // 2 :]
    found = refusal(raw, SOURCE)
    assert found is None or len(found.text.encode()) < len(raw) + 100


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("sip:a@b", None), ("SIPS:a@b", None), ("tel:+842727777787", None), ("soap.beep://192.0.2.1:3002", 416),
        ("nobodyKnows:this", 416), ("<sip:a@b>", 400), ("02727777787", 400), ("", 400),
    ],
)  # fmt: skip
def test_a_uri_of_another_scheme_is_416_and_one_of_none_400(uri: str, code: int | None) -> None:
    """RFC 3261 §8.2.2.1."""
    assert sane.refusal_of(uri) == code


@pytest.mark.parametrize("value", ["1 INVITE", "0009  INVITE", f"{2**31 - 1} INVITE", " 7\tINVITE "])
def test_a_cseq_of_its_request(value: str) -> None:
    """However it is spaced."""
    sane.check_cseq(value, "INVITE")


@pytest.mark.parametrize(
    "value", ["", "1", "INVITE", "1 BYE", f"{2**31} INVITE", "-1 INVITE", "1 INVITE x", "١ INVITE"]
)
def test_a_cseq_of_another_request_is_an_error(value: str) -> None:
    """Without number, of another method, above 2^31."""
    with pytest.raises(ValueError, match="CSeq"):
        sane.check_cseq(value, "INVITE")


def test_a_body_ends_where_its_length_says() -> None:
    """In octets; the rest of a datagram is noise, less of it an error (RFC 3261 §18.3)."""
    assert sane.body_of("v=0 é…", "6") == "v=0 é"
    assert sane.body_of("v=0", "3") == sane.body_of("v=0", "") == "v=0"
    for wrong in ("4", "-1", "five", "99999999999999999999"):
        with pytest.raises(ValueError, match="Content-Length"):
            sane.body_of("v=0", wrong)


class TestServed:
    """The real router, on the fake Kamailio."""

    def test_noise_behind_the_body_is_not_passed_on(self, world: World) -> None:
        """It looks like SDP, and is none."""
        out = world.kam.receive(world.invite() + b"m=audio 9 RTP/AVP 0\r\n", world.TRUNK)
        legs = [sent for sent in out if sent.what == "request"]
        assert legs
        assert all(b"m=audio 4000" in leg.data and b"m=audio 9 " not in leg.data for leg in legs)

    def test_a_body_shorter_than_it_says_is_400(self, world: World) -> None:
        """Half an offer rings nobody."""
        out = world.kam.receive(world.invite()[:-20], world.TRUNK)
        assert [sent.status for sent in out if sent.status != 100] == [400]

    @pytest.mark.parametrize("method", [b"INVITE", b"OPTIONS", b"REGISTER", b"BYE"])
    def test_a_cseq_of_another_method_is_400(self, world: World, method: bytes) -> None:
        """RFC 3261 §8.1.1.5."""
        data = world.invite().replace(b"INVITE", method).replace(b" " + method + b"\r\n", b" PUBLISH\r\n")
        out = world.kam.receive(data, world.TRUNK)
        assert [sent.status for sent in out if sent.status != 100] == [400]

    @pytest.mark.parametrize("method", [b"INVITE", b"OPTIONS"])
    def test_what_a_proxy_must_know_and_does_not_is_420_and_named(self, world: World, method: bytes) -> None:
        """RFC 3261 §16.3 step 5; privacy is known (RFC 3323)."""
        more = b"Proxy-Require: privacy, nobodys\r\nUser-Agent"
        data = world.invite().replace(b"User-Agent", more, 1).replace(b"INVITE", method)
        [reply] = [sent for sent in world.kam.receive(data, world.TRUNK) if sent.status != 100]
        assert reply.status == 420
        assert b"\r\nUnsupported: nobodys\r\n" in reply.data

    def test_who_asks_for_privacy_is_served(self, world: World) -> None:
        """It is what we do anyway."""
        data = world.invite().replace(b"User-Agent", b"Proxy-Require: privacy\r\nUser-Agent", 1)
        assert any(sent.what == "request" for sent in world.kam.receive(data, world.TRUNK))
