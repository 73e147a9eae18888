"""One number, whatever its spelling; and what is no number is none."""

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kemi.domain.e164 import e164, spell
from kemi.domain.model import NumberFormat
from kemi.errors import NotANumber

HOTLINE = "+842727777787"
NBSP = "\u00a0"
SPELLINGS = [
    "02727777787", "842727777787", "+842727777787", "00842727777787", "tel:02727777787", "tel:+842727777787",
    "tel:+84-272-7777-787;phone-context=vn", "0272 7777 787", "(0272) 7777-787", "0272.7777.787", "0272/7777787",
    "+84 272 7777 787", f"+84{NBSP}272{NBSP}7777{NBSP}787", " 02727777787 ",
]  # fmt: skip
NONSENSE = [
    "", " ", "0", "00", "+", "84", "+84", "hotline", "anonymous", "113", "19001234", "2727777787", "8412345",
    "+0909789846", "+84x909789846", "++84909789846", "+84+909789846", "0909789846x", "02727777787\n", "02727777787\0",
    "0909\r\nX: 1", "0" + "\u0661" * 9, "0\u00b2\u00b2\u00b2\u00b2\u00b2\u00b2\u00b2", "+" + "1" * 16, "+" + "1" * 5,
    "0" * 12, "tel:", "tel:tel:0909789846", "sip:0909789846", "*100#", "0909789846,0909789847",
]  # fmt: skip
FORMATS: tuple[NumberFormat, ...] = ("national", "e164", "e164_no_plus", "international")


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_of_the_hotline_is_the_same_number(text: str) -> None:
    """Eleven digits, one longer than a mobile."""
    assert e164(text) == HOTLINE


@pytest.mark.parametrize("text", NONSENSE)
def test_what_is_no_number_is_refused_without_repeating_it(text: str) -> None:
    """The error may be logged, so it holds no digit of the number."""
    with pytest.raises(NotANumber) as refused:
        e164(text)
    assert str(refused.value) == f"{len(text)} characters that are not a telephone number"


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("030 123456", "49", "+4930123456"),
        ("4930123456", "49", "+4930123456"),
        ("+84909789846", "49", "+84909789846"),
        ("0084909789846", "1", "+84909789846"),
        ("12025550123", "1", "+12025550123"),
    ],
)
def test_a_number_without_its_country_belongs_to_the_one_given(text: str, country: str, number: str) -> None:
    """Vietnam is only the default."""
    assert e164(text, country) == number


@pytest.mark.parametrize(
    ("number", "spelled"),
    [
        (HOTLINE, ("02727777787", HOTLINE, "842727777787", "00842727777787")),
        ("+84909789846", ("0909789846", "+84909789846", "84909789846", "0084909789846")),
        ("+12025550123", ("+12025550123", "+12025550123", "12025550123", "0012025550123")),
    ],
)
def test_a_gateway_gets_the_format_it_wants(number: str, spelled: tuple[str, ...]) -> None:
    """A foreign number has no national form here: it keeps its plus sign."""
    assert tuple(spell(number, form) for form in FORMATS) == spelled


national = st.from_regex(r"[1-9][0-9]{7,9}", fullmatch=True)


@settings(max_examples=300, deadline=None)
@given(number=national, form=st.sampled_from(FORMATS))
def test_what_is_spelled_is_read_as_the_same_number(number: str, form: NumberFormat) -> None:
    """In every format, for every number of the country."""
    assert e164(spell("+84" + number, form)) == "+84" + number


@settings(max_examples=200, deadline=None)
@given(number=national, country=st.sampled_from(["1", "49", "84", "420"]))
def test_the_national_form_is_read_back_at_home(number: str, country: str) -> None:
    """The twin of the above for other countries."""
    assert e164(spell(f"+{country}{number}", "national", country), country) == f"+{country}{number}"


@settings(max_examples=500, deadline=None)
@given(
    prefix=st.sampled_from(["0", "84", "+84", "0084", "tel:+84", "tel:0"]),
    number=st.from_regex(r"(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-9]|2[0-9]{2})[0-9]{7}", fullmatch=True),
    gaps=st.lists(st.tuples(st.integers(6, 14), st.sampled_from(" -.()/")), max_size=4),
)
def test_the_phonenumbers_library_reads_the_same(prefix: str, number: str, gaps: list[tuple[int, str]]) -> None:
    """The oracle: whatever it holds valid in Vietnam, however it is typed."""
    text = prefix + number
    for place, separator in gaps:
        text = text[:place] + separator + text[place:]
    parsed = phonenumbers.parse(text.removeprefix("tel:"), "VN")
    if phonenumbers.is_valid_number(parsed):
        assert e164(text) == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@settings(max_examples=500, deadline=None)
@given(text=st.text(st.sampled_from("0123456789+84 -.()/;tel:x\n\0\u0661") | st.characters(), max_size=24))
@example("0" + "\U0001d7d8" * 9)
def test_whatever_is_typed_a_number_or_a_refusal_comes_out(text: str) -> None:
    """And a number is plain ASCII digits after a plus sign, six to fifteen of them."""
    try:
        number = e164(text)
    except NotANumber:
        return
    assert number[0] == "+"
    assert number[1:].isascii()
    assert number[1:].isdecimal()
    assert 6 <= len(number[1:]) <= 15
    assert e164(number) == number
