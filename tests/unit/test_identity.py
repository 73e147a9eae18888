"""Who calls: what the trunk asserts, else what the caller presents; nobody where he asked for that."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kemi.domain.identity import Caller, caller
from tests.unit.given import HEADER_TEXT

ME = Caller("+84909789846", withheld=False)
OTHER = Caller("+84912345678", withheld=False)
NOBODY = Caller(None, withheld=False)
WITHHELD = Caller(None, withheld=True)
FROM = "<sip:0909789846@10.9.9.9>;tag=1"

PRESENTED = [
    (FROM, ME),
    ("sip:0909789846@10.9.9.9;tag=1", ME),
    ("<sip:+84909789846@10.9.9.9;user=phone>;tag=1", ME),
    ("<sip:0909789846;phone-context=vn@10.9.9.9>;tag=1", ME),
    ("<sips:0909789846@10.9.9.9>;tag=1", ME),
    ("<tel:+84-909-789-846;ext=1>;tag=1", ME),
    ("<TEL:0909789846>;tag=1", ME),
    ('"Nguyen <Van> A" <sip:0909789846@10.9.9.9>;tag=1', ME),
    ('"<sip:0912345678@10.9.9.9>" <sip:0909789846@10.9.9.9>;tag=1', ME),
    ('"a \\" <sip:0912345678@x> \\"" <sip:0909789846@10.9.9.9>;tag=1', ME),
    ('"0912345678" <sip:alice@10.9.9.9>;tag=1', NOBODY),
    ("<sip:alice@10.9.9.9>;tag=1", NOBODY),
    ("<sip:10.9.9.9>;tag=1", NOBODY),
    ("<sip:0909789846@10.9.9.9", NOBODY),
    ("", NOBODY),
]


@pytest.mark.parametrize(("from_", "who"), PRESENTED)
def test_without_an_assertion_the_caller_is_who_he_presents(from_: str, who: Caller) -> None:
    """The URI counts, never the display name."""
    assert caller(from_, [], []) == who


ASSERTED = [
    (["<sip:0912345678@10.9.9.9>"], OTHER),
    (['"Nguyen, Van" <sip:0912345678@10.9.9.9>'], OTHER),
    (["<sip:0912345678@10.9.9.9>, <tel:0900000000>"], OTHER),
    (["<sip:alice@10.9.9.9>, <tel:+84912345678>"], OTHER),
    (["<sip:alice@10.9.9.9>", "<tel:+84912345678>"], OTHER),
    (['"a\\\\" <sip:alice@x>, <tel:+84912345678>'], OTHER),
    (["<sip:alice@10.9.9.9>"], ME),
    (["nonsense", "", ",", "<sip:0912345678@x"], ME),
    ([], ME),
]


@pytest.mark.parametrize(("asserted", "who"), ASSERTED)
def test_what_the_trunk_asserts_goes_before_what_the_caller_presents(asserted: list[str], who: Caller) -> None:
    """The first assertion that is a telephone number; none: the presented one."""
    assert caller(FROM, asserted, []) == who


ASKING = [
    ["id"], ["user"], ["header"], ["ID"], [" id "], ["id;critical"], ["critical; id"], ["session;user"], ["none", "id"],
    ["session", "critical", "id"], ["id,critical"], ["header, user"], ["none;id"],
]  # fmt: skip
NOT_ASKING = [[], [""], ["none"], ["session"], ["critical"], ["history"], ["ident"], ["my id"]]


@pytest.mark.parametrize("privacy", ASKING)
def test_who_asks_for_privacy_is_withheld_though_a_number_is_asserted(privacy: list[str]) -> None:
    """In whichever Privacy line, in whatever company (RFC 3323 §4.2, RFC 3325 §9.3)."""
    assert caller(FROM, ["<sip:0912345678@10.9.9.9>"], privacy) == WITHHELD


@pytest.mark.parametrize("privacy", NOT_ASKING)
def test_other_privacy_values_withhold_nothing(privacy: list[str]) -> None:
    """`none` asks for the contrary; `session` speaks of media."""
    assert caller(FROM, [], privacy) == ME


ANONYMOUS = [
    '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', "<sip:anonymous@10.9.9.9>;tag=1",
    "<sip:Anonymous@10.9.9.9>;tag=1", "sip:anonymous@anonymous.invalid;tag=1", "<sip:unknown@10.9.9.9>;tag=1",
    "<sip:restricted@10.9.9.9>;tag=1", "<sip:x@ANONYMOUS.INVALID>;tag=1", "<sip:anonymous.invalid>;tag=1",
    "<sip:anonymous:pw@10.9.9.9>;tag=1", "<sips:anonymous;x=1@10.9.9.9>;tag=1",
]  # fmt: skip


@pytest.mark.parametrize("from_", ANONYMOUS)
def test_an_anonymous_from_is_withheld_though_a_number_is_asserted(from_: str) -> None:
    """The assertion is for the network, not for the members (RFC 3325 §7)."""
    assert caller(from_, ["<sip:0912345678@10.9.9.9>"], []) == WITHHELD


@settings(max_examples=300, deadline=None)
@given(HEADER_TEXT, st.lists(HEADER_TEXT, max_size=3), st.lists(HEADER_TEXT, max_size=3))
def test_whatever_stands_in_the_headers_the_answer_is_a_caller(
    from_: str, asserted: list[str], privacy: list[str]
) -> None:
    """Nothing raises, and who is withheld has no number."""
    who = caller(from_, asserted, privacy)
    assert who.number is None or (not who.withheld and who.number.startswith("+"))
