"""SDP passes by allow-list, line by line and form by form: media works, and nothing tells who sent it."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kemi.domain import sdp
from kemi.domain.sdp import Origin

ORIGIN = Origin(77, 1000, "192.0.2.1")
SESSION = ["v=0", "o=- 1 5 IN IP4 10.9.9.9", "s=-", "c=IN IP4 203.0.113.9", "t=0 0"]
SHOWN = ["v=0", "o=- 77 1005 IN IP4 192.0.2.1", "s=-", "c=IN IP4 203.0.113.9", "t=0 0"]
PASS = [
    "m=audio 4000 RTP/AVP 8 0 18 101", "m=audio 0 RTP/SAVP 8", "m=video 5000/2 UDP/TLS/RTP/SAVPF 96 97",
    "m=image 5004 udptl t38", "m=image 5004 UDPTL t38", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "m=message 2855 TCP/MSRP *",
    "c=IN IP4 0.0.0.0", "c=IN IP4 233.252.0.1/127/3", "c=IN IP6 2001:db8::9", "c=IN IP6 ::ffff:203.0.113.9",
    "b=AS:64", "b=TIAS:64000", "b=RR:0",
    "a=rtpmap:8 PCMA/8000", "a=rtpmap:96 opus/48000/2", "a=rtpmap:101 telephone-event/8000", "a=rtpmap:97 G726-32/8000",
    "a=fmtp:101 0-16", "a=fmtp:101 0-15,32,36", "a=fmtp:18 annexb=no", "a=fmtp:97 octet-align=0; mode-set=0,2,4,7",
    "a=fmtp:98 profile-level-id=42e01f;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==;packetization-mode=1",
    "a=fmtp:103 111/111", "a=fmtp:96 minptime=10;useinbandfec=1;",
    "a=ptime:20", "a=maxptime:150", "a=rtcp:4001", "a=rtcp:4001 IN IP4 203.0.113.9", "a=rtcp-mux",
    "a=rtcp-fb:* nack pli", "a=rtcp-fb:96 ccm fir", "a=mid:0", "a=mid:audio", "a=group:BUNDLE 0 1",
    "a=silenceSupp:off - - - -",
    "a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive",
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|1048576|1:32",
    "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR UNENCRYPTED_SRTCP",
    "a=fingerprint:sha-256 " + ":".join(["4A"] * 32), "a=setup:actpass", "a=connection:new",
    "a=T38FaxVersion:0", "a=T38MaxBitRate:14400", "a=T38FaxFillBitRemoval", "a=T38FaxFillBitRemoval:0",
    "a=T38FaxTranscodingMMR:0", "a=T38FaxTranscodingJBIG", "a=T38FaxRateManagement:transferredTCF",
    "a=T38FaxMaxBuffer:262", "a=T38FaxMaxDatagram:90", "a=T38FaxUdpEC:t38UDPRedundancy",
]  # fmt: skip
# each holds a word of the sender's: NGUYEN, or a telephone number
DROPPED = [
    "i=NGUYEN", "u=http://NGUYEN.example.net", "e=NGUYEN@example.net", "p=+84 909 789 846", "k=clear:NGUYEN",
    "r=0909789846", "z=0909789846 0", "x=NGUYEN", "NGUYEN", "", "=NGUYEN", "a", "a=", "b=X-NGUYEN:1", "b=AS:NGUYEN",
    "b=AS:0909789846",
    "a=tool:NGUYEN", "a=ssrc:1 cname:NGUYEN@host", "a=cname:NGUYEN", "a=msid:NGUYEN", "a=label:NGUYEN", "a=ice-lite",
    "a=candidate:1 1 UDP 1 10.9.9.9 4000 typ host", "a=ice-ufrag:NGUYEN", "a=ice-pwd:NGUYEN", "a=identity:NGUYEN",
    "a=X-NGUYEN", "a=NGUYEN", "a=sendrecv:NGUYEN", "a=sendrecv NGUYEN", "A=sendrecv:NGUYEN", "a =sendrecvNGUYEN",
    "a=rtcp-mux:NGUYEN", "a=rtpmap:8 NGUYEN VAN/8000", "a=rtpmap:8 PCMA/8000/NGUYEN", "a=rtpmap:NGUYEN",
    "a=fmtp:101 0909789846", "a=fmtp:101 x=+84909789846", "a=fmtp:101 name=NGUYEN VAN", "a=fmtp:101 NGUYEN@example.net",
    'a=fmtp:101 x="NGUYEN"', "a=fmtp:NGUYEN 0-16", "a=rtcp:4001 IN IP4 NGUYEN.example.net", "a=rtcp:4001 NGUYEN",
    "a=rtcp-fb:* NGUYEN", "a=rtcp-fb:* nack NGUYEN", "a=mid:NGUYEN", "a=mid:0909789846", "a=group:BUNDLE NGUYEN",
    "a=group:NGUYEN 0", "a=ptime:20 NGUYEN", "a=ptime:0909789846", "a=silenceSupp:off - - - NGUYEN",
    "a=setup:NGUYEN", "a=connection:NGUYEN", "a=fingerprint:sha-256 NGUYEN", "a=crypto:1 NGUYEN",
    "a=crypto:1 AES_CM_128 inline:abc sip:NGUYEN@host", "a=crypto:0909789846 AES_CM_128 inline:abc",
    "a=T38FaxVersion:NGUYEN", "a=T38MaxBitRate:0909789846", "a=T38FaxFillBitRemoval:NGUYEN", "a=T38FaxUdpEC:NGUYEN",
]  # fmt: skip
IDENTITY = ("NGUYEN", "909789846", "909 789 846", "10.9.9.9")


def scrubbed(lines: list[str], end: str = "\r\n") -> list[str]:
    """The lines that the other side gets."""
    out = sdp.scrub(end.join([*lines, ""]), ORIGIN)
    assert out.endswith("\r\n")
    return out[:-2].split("\r\n")


@pytest.mark.parametrize("line", PASS)
def test_what_makes_media_work_passes(line: str) -> None:
    """As it stands: codecs, hold, T.38, SRTP."""
    assert scrubbed([*SESSION, line]) == [*SHOWN, line]


@pytest.mark.parametrize("line", DROPPED)
def test_what_could_tell_who_someone_is_does_not_pass(line: str) -> None:
    """Not as a line of its own, nor in the value of one that passes."""
    assert scrubbed([*SESSION, "m=audio 4000 RTP/AVP 8", line]) == [*SHOWN, "m=audio 4000 RTP/AVP 8"]


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from(PASS + DROPPED), max_size=12),
    st.sampled_from(["\r\n", "\n", "\r", " \r\n", "\x0b", "\x85", "\u2028", "\0\r\n"]),
)
def test_nothing_planted_survives_in_any_order_behind_any_line_end(lines: list[str], end: str) -> None:
    """And every line that comes out ends with CRLF."""
    try:
        out = scrubbed([*SESSION, *lines], end)
    except ValueError:
        return
    assert not [word for word in IDENTITY if any(word in line for line in out)]
    assert all(line[1] == "=" and line.isprintable() and line.isascii() for line in out)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted({line.partition(":")[0] for line in PASS})), st.text(max_size=40))
def test_a_value_that_is_invented_passes_only_in_printable_words_of_the_form(name: str, value: str) -> None:
    """No stranger's alphabet, quotes, brackets, @ or line end comes through in any attribute."""
    try:
        out = scrubbed([*SESSION, f"{name}:{value}"])
    except ValueError:
        return
    assert not set("".join(out[5:])) & set('<>"@%\\\0')
    assert all(line.isprintable() and line.isascii() for line in out)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_any_line_end_is_read_and_crlf_is_written(end: str) -> None:
    """RFC 8866 §5: parsers should accept a bare LF."""
    assert scrubbed([*SESSION, "m=audio 4000 RTP/AVP 8"], end) == [*SHOWN, "m=audio 4000 RTP/AVP 8"]


@pytest.mark.parametrize(
    "session",
    [
        ["v=0", "o=NGUYEN 0909789846 5 IN IP4 10.9.9.9", "s=NGUYEN", "c=IN IP4 203.0.113.9", "t=0909789846 0"],
        ["v=0 NGUYEN", "o=NGUYEN 1 5 IN IP6 ::1", "c=IN IP4 203.0.113.9", "t="],
        ["v=0", "o=- 1 5 IN IP4 NGUYEN.example.net", "o=NGUYEN 1 7 IN IP4 x", "s=", "c=IN IP4 203.0.113.9", "t=1 2"],
    ],
)
def test_the_session_is_ours(session: list[str]) -> None:
    """Its name, its times, its origin."""
    assert scrubbed(session) == SHOWN


def test_an_origin_of_ipv6_says_so() -> None:
    """RFC 8866 §5.2."""
    assert "o=- 77 1005 IN IP6 2001:db8::1\r\n" in sdp.scrub("\n".join(SESSION), Origin(77, 1000, "2001:db8::1"))


def version(sent: int, origin: Origin) -> int:
    return int(sdp.scrub(f"v=0\r\no=a 1 {sent} IN IP4 x\r\n", origin).split()[3])


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 1000), st.integers(0, 2**31 - 1))
def test_the_version_grows_exactly_as_the_senders_does(sent: int, by: int, offset: int) -> None:
    """RFC 3264 §8; modulo 2^31, and never his own clock."""
    origin = Origin(77, offset, "192.0.2.1")
    assert (version(sent + by, origin) - version(sent, origin)) % 2**31 == by
    assert 0 <= version(sent, origin) < 2**31


@pytest.mark.parametrize(
    "body",
    [
        "",
        " v=0\r\n",
        "NGUYEN",
        "\0v=0",
        "v=1\r\no=- 1 1 IN IP4 x\r\n",
        "v=0\r\n",
        "v=0\r\no=- 1 NGUYEN IN IP4 x\r\n",
        "v=0\r\no=Nguyen Van A 1 1 IN IP4 x\r\n",
        "v=0\r\no=- 1 \u0661 IN IP4 x\r\n",
        "v=0\r\no=- 1 -1 IN IP4 x\r\n",
        "v=0\r\no=- 1 " + "9" * 5000 + " IN IP4 x\r\n",
        "v=0\r\no=- 1 1 IN IP4 x\r\nc=IN IP4 nguyen.example.net\r\n",
        "v=0\r\no=- 1 1 IN IP4 x\r\nc=IN IP4 10.9.9.9 NGUYEN\r\n",
        "v=0\r\no=- 1 1 IN IP4 x\r\nc=IN IP4 10.9.9.9\0\r\n",
        "v=0\r\no=- 1 1 IN IP4 x\r\nm=NGUYEN 4000 RTP/AVP 8\r\n",
        "v=0\r\no=- 1 1 IN IP4 x\r\nm=audio 4000 RTP/AVP NGUYEN\r\n",
        "v=0\r\no=- 1 1 IN IP4 x\r\nm=audio 4000 RTP/AVP 8\0\r\n",
        "v=0\r\no=- 1 1 IN IP4 x\r\nm=\r\n",
    ],
)
def test_what_is_no_sdp_or_whose_media_cannot_be_read_is_refused(body: str) -> None:
    """A media line cannot be left out: offer and answer count them."""
    with pytest.raises(ValueError):  # noqa: PT011 - int's own words among them
        sdp.scrub(body, ORIGIN)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_reading_a_body_raises_nothing_but_value_error(text: str) -> None:
    """Whatever comes after a good beginning, too."""
    for body in (text, "v=0\r\no=- 1 1 IN IP4 x\r\n" + text):
        with contextlib.suppress(ValueError):
            sdp.scrub(body, ORIGIN)


def test_what_an_rtpengine_would_pass_on_as_it_is_does_not_get_there() -> None:
    """`m=message` keeps its place and nothing else, and a session's `a=rtcp` goes; a medium's stays."""
    audio, chat = (
        ["m=audio 4000 RTP/AVP 8", "a=rtcp:4001 IN IP4 203.0.113.9", "a=rtcp-mux"],
        "m=message 2855 TCP/MSRP *",
    )
    theirs = ["c=IN IP4 203.0.113.9", "a=rtcp:2856 IN IP4 203.0.113.9"]
    body = "\r\n".join(
        [*SESSION, "a=fmtp:1 m=1", "a=rtcp:4001 IN IP4 203.0.113.9", "a=rtcp-mux", *audio, chat, *theirs, *audio, ""]
    )
    refused = ["m=message 0 TCP/MSRP *", "c=IN IP4 0.0.0.0"]
    shown = sdp.read(body).anchorable().shown_by(ORIGIN)
    assert shown.split("\r\n") == [*SHOWN, "a=fmtp:1 m=1", "a=rtcp-mux", *audio, *refused, *audio, ""]
    last = sdp.read("\r\n".join([*SESSION, *audio, chat, *theirs, ""])).anchorable().shown_by(ORIGIN)
    assert last.split("\r\n") == [*SHOWN, *audio, *refused, ""]


def test_more_media_than_any_call_has_is_refused() -> None:
    """Each takes ports of an rtpengine: a few such calls would leave none to all others."""
    lines = [*SESSION, *["m=audio 4000 RTP/AVP 8"] * 16, ""]
    assert sdp.scrub("\r\n".join(lines), ORIGIN)
    with pytest.raises(ValueError, match="more media"):
        sdp.scrub("\r\n".join([*lines[:-1], "m=audio 4000 RTP/AVP 8", ""]), ORIGIN)
