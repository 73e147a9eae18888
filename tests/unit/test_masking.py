"""Headers pass by allow-list, and an allow-listed one only with a value of the form its RFC gives it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kemi.domain import masking
from kemi.domain.masking import FATES, Fate
from tests.unit.given import HEADER_TEXT

KNOWN = {
    "CSeq": Fate.CSEQ, "Max-Forwards": Fate.MAX_FORWARDS, "Content-Length": Fate.CONTENT_LENGTH,
    "l": Fate.CONTENT_LENGTH,
    "Via": Fate.VIA, "v": Fate.VIA, "From": Fate.FROM, "f": Fate.FROM, "To": Fate.TO, "t": Fate.TO,
    "Call-ID": Fate.CALL_ID, "i": Fate.CALL_ID, "Contact": Fate.CONTACT, "m": Fate.CONTACT,
    "Record-Route": Fate.RECORD_ROUTE, "Route": Fate.ROUTE, "P-Asserted-Identity": Fate.ASSERTED,
    "Privacy": Fate.PRIVACY,
    "Content-Type": Fate.CONTENT_TYPE, "c": Fate.CONTENT_TYPE, "Supported": Fate.SUPPORTED, "k": Fate.SUPPORTED,
    "Require": Fate.REQUIRE, "RSeq": Fate.RSEQ, "Unsupported": Fate.CHECK, "Allow": Fate.CHECK, "Accept": Fate.CHECK,
    "Expires": Fate.CHECK, "Session-Expires": Fate.CHECK, "x": Fate.CHECK, "Min-SE": Fate.CHECK, "RAck": Fate.CHECK,
    "Retry-After": Fate.CHECK, "Proxy-Require": Fate.PROXY_REQUIRE,
}  # fmt: skip
LOWER = {name.lower() for name in KNOWN}
TELLING = [
    "P-Preferred-Identity", "Remote-Party-ID", "Diversion", "History-Info", "Identity", "Subject", "s",
    "Reason", "User-Agent", "Server", "Organization", "Call-Info", "Alert-Info", "Reply-To", "Referred-By", "b",
    "Refer-To", "r", "Warning", "Error-Info", "Date", "Timestamp", "In-Reply-To", "Geolocation", "User-to-User",
    "P-Charging-Vector", "P-Access-Network-Info", "P-Called-Party-ID", "Authorization", "Proxy-Authorization",
    "Allow-Events", "u", "Content-Disposition", "Content-Encoding", "e", "MIME-Version", "X-Caller", "",
]  # fmt: skip
NEAR = [
    "CSeq ",
    " From",
    "To\t",
    "Call-ID\u00a0",
    "CSeq\x1f",
    "Max-Forwards\x0b",
    "Via:",
    "C\u017feq",
    "Call_ID",
    "CSeq\0",
]


@pytest.mark.parametrize(("name", "fate"), KNOWN.items())
def test_a_header_that_a_call_needs_has_its_fate_in_every_spelling(name: str, fate: Fate) -> None:
    """Compact forms and any mixture of cases (RFC 3261 §7.3.3)."""
    assert [FATES[each] for each in (name, name.lower(), name.upper(), name.swapcase())] == [fate] * 4


@pytest.mark.parametrize("name", TELLING + NEAR)
def test_a_header_that_tells_who_someone_is_is_dropped(name: str) -> None:
    """Also one that only looks like a header which passes."""
    assert FATES[name] is Fate.DROP


@settings(max_examples=1000, deadline=None)
@given(st.text(min_size=1, max_size=30) | st.from_regex(r"(P|X|Content|Call|C)-[A-Za-z-]{1,12}", fullmatch=True))
def test_a_header_invented_tomorrow_is_dropped(name: str) -> None:
    """And nothing is remembered of it: callers choose names, and memory must not grow."""
    size = len(FATES)
    if name.lower() not in LOWER:
        assert FATES[name] is Fate.DROP
    assert len(FATES) == size


VALUES = [
    ("Supported", "100rel, timer , replaces", "100rel, timer, replaces"),
    ("Supported", "timer,nguyen,100rel", "timer, 100rel"),
    ("k", "timer", "timer"),
    ("Supported", "", ""),
    ("Require", "100rel;x=0909789846", ""),
    ("Unsupported", "0909789846", ""),
    ("Allow", "INVITE,ACK, BYE, NGUYEN, invite", "INVITE, ACK, BYE"),
    ("Accept", "application/sdp, text/nguyen;q=0.9", "application/sdp"),
    ("Accept", "Application/SDP;v=0909", "application/sdp"),
    ("Accept", "*/*", "application/sdp"),
    ("Accept", "text/plain", ""),
    ("Expires", " 180 ", "180"),
    ("Expires", "1800000", ""),
    ("Expires", "Thu, 01 Dec 1994 16:00:00 GMT", ""),
    ("Expires", "\u0661\u0668\u0660", ""),
    ("Min-SE", "90", "90"),
    ("Min-SE", "90;x=0909789846", ""),
    ("Session-Expires", "1800;refresher=uas", "1800;refresher=uas"),
    ("x", "1800 ; Refresher = UAC", "1800 ; Refresher = UAC"),
    ("Session-Expires", "1800;refresher=nguyen", ""),
    ("Session-Expires", "1800;refresher=uas;x=1", ""),
    ("RSeq", "4294967295", "4294967295"),
    ("RSeq", "1 Nguyen", ""),
    ("RAck", "1 2 INVITE", "1 2 INVITE"),
    ("RAck", "1 2 INVITE Nguyen", ""),
    ("Retry-After", "120", "120"),
    ("Retry-After", "120 (call 0909789846)", ""),
    ("Retry-After", "120\r\nX: 1", ""),
    ("Subject", "180", ""),
]


@pytest.mark.parametrize(("name", "value", "passes"), VALUES)
def test_of_a_value_passes_what_its_grammar_knows(name: str, value: str, passes: str) -> None:
    """Of lists the words that are registered, of others all or nothing."""
    assert masking.clean(name, value) == masking.clean(name.upper(), value) == passes


GRAMMAR = re.compile(
    r"|[0-9]{1,10}|[0-9]{1,6}\s*;\s*refresher\s*=\s*ua[cs]|[0-9]{1,10} [0-9]{1,10} [A-Z]{1,16}|application/sdp"
    r"|(?:[a-zA-Z0-9-]{3,17}(?:, |$))+",
    re.ASCII | re.IGNORECASE,
)


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(sorted(KNOWN)), HEADER_TEXT | st.text("0123456789 ;=refshuacINVTE", max_size=30))
def test_nothing_outside_the_grammar_passes(name: str, value: str) -> None:
    """Whatever is written into whichever header; and what passed would pass again."""
    passed = masking.clean(name, value)
    assert GRAMMAR.fullmatch(passed)
    assert masking.clean(name, passed) == passed


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["100rel", "timer", "0909789846", "nguyen", "", " timer "]), max_size=8))
def test_an_option_tag_can_be_left_out(words: list[str]) -> None:
    """100rel, where an 18x is not sent on reliably."""
    passed = masking.clean("Supported", ",".join(words), "100rel")
    assert set(filter(None, passed.split(", "))) <= {"timer"}


@pytest.mark.parametrize("name", ["Supported", "Require", "Allow", "Accept", "Unsupported"])
def test_a_value_longer_than_all_we_know_is_nothing_and_is_not_remembered(name: str) -> None:
    """Strangers must not fill a worker's memory through the cache."""
    before = masking._clean.cache_info().currsize
    assert masking.clean(name, "timer, INVITE, application/sdp," * 1000) == ""
    assert masking._clean.cache_info().currsize == before


@pytest.mark.parametrize(
    ("require", "known"),
    [
        ("", True),
        ("100rel", True),
        ("100rel,timer", True),
        (" 100rel ,  timer ,", True),
        ("100rel, nguyen", False),
        ("nguyen", False),
        ("100rel;x", False),
        ("100rel timer", False),
    ],
)
def test_a_required_extension_is_known_or_not_however_the_list_is_spaced(require: str, known: bool) -> None:
    """RFC 3261 §8.2.2.3: for an unknown one the answer is 420."""
    assert (masking.unknown(require) == []) is known


@pytest.mark.parametrize(
    ("to", "is_neutral"),
    [
        ("<sip:02727777787@192.0.2.1:5060>", True),
        (" <sip:02727777787@192.0.2.1> ", True),
        ("<sip:02727777787@192.0.2.2>", False),
        ("<sip:02727777788@192.0.2.1>", False),
        ('"Nguyen" <sip:02727777787@192.0.2.1>', False),
        ("<sip:02727777787@192.0.2.1;user=phone>", False),
        ("<sip:02727777787@192.0.2.1>;tag=1", False),
        ("<sip:02727777787@192.0.2.1>;nguyen", False),
        ("<sips:02727777787@192.0.2.1>", False),
        ("sip:02727777787@192.0.2.1", False),
        ("<sip:02727777787@192.0.2.1>\r\nX: 1", False),
        ("", False),
    ],
)
def test_a_to_is_neutral_when_it_is_the_dialled_number_at_our_address_and_nothing_else(
    to: str, is_neutral: bool
) -> None:
    """Only then it may stay as it is."""
    assert masking.is_neutral_to(to, "02727777787", "192.0.2.1:5060") is is_neutral


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"\+?[0-9]{2,20}", fullmatch=True), st.sampled_from(["192.0.2.1:5060", "[2001:db8::1]:5060"]))
def test_the_neutral_to_is_neutral(dialled: str, host: str) -> None:
    """With a tag, too, but for the tag."""
    assert masking.is_dialled_number(dialled)
    assert masking.is_neutral_to(masking.neutral(dialled, host), dialled, host)
    assert masking.neutral(dialled, host, "t1") == f"<sip:{dialled}@{host}>;tag=t1"


@pytest.mark.parametrize(
    "user", ["", "1", "+", "abc", "0909;x=1", "0909 1", "09\r\n", "1" * 21, "\u0661\u0661", "++11"]
)
def test_what_is_no_number_cannot_be_dialled(user: str) -> None:
    """It stands in every leg's To, so it must be digits."""
    assert not masking.is_dialled_number(user)
