"""The texts are the product's signature: they come out word for word."""

from datetime import datetime

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.messages import DEFAULTS, Kind, Told, is_number, national, one_line, text, unaccented, words, written

CALLED = datetime(2019, 9, 19, 19, 9, 59)


def test_the_text_of_a_missed_call() -> None:
    assert text(Told("missed", "vContact", "+84909789846", CALLED)) == (
        "(vContact) Ban da bi nho 1 cuoc goi tu so 0909789846 vao luc 19:09 19/09/2019."
        " Vui long kiem tra va lien he lai"
    )


def test_the_text_of_an_answered_call() -> None:
    assert text(Told("answered", "vContact", "+84909789846", CALLED)) == (
        "(vContact) Ban vua nhan cuoc goi tu so 0909789846."
    )


def test_the_texts_about_a_caller_whose_number_is_not_known() -> None:
    """Nobody is asked to call back: nobody could."""
    assert text(Told("missed", "vContact", None, CALLED)) == (
        "(vContact) Ban da bi nho 1 cuoc goi tu so an vao luc 19:09 19/09/2019."
    )
    assert text(Told("answered", "vContact", None, CALLED)) == "(vContact) Ban vua nhan cuoc goi tu so an."


@pytest.mark.parametrize("kind", ["answered", "missed"])
@pytest.mark.parametrize("caller", [None, "+84909789846"])
def test_every_text_is_one_segment_of_the_gsm_alphabet(kind: Kind, caller: str | None) -> None:
    """GSM 03.38: its letters here are ASCII; 160 of them are one SMS."""
    told = written(Told(kind, "x" * 30, caller, CALLED, calls=99))
    assert (told.alphabet, told.segments) == ("gsm", 1)
    assert told.text.isascii()


def test_a_brand_with_braces_is_a_brand() -> None:
    """It is filled in, not filled out."""
    assert text(Told("answered", "{caller}", "+84909789846", CALLED)).startswith("({caller}) ")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+84909789846", "0909789846"),
        ("+842727777787", "02727777787"),
        ("+842838123456", "02838123456"),
        ("+14155552671", "+14155552671"),
    ],
)
def test_numbers_are_written_as_people_here_dial_them(number: str, written: str) -> None:
    assert national(number) == written


@given(st.from_regex(r"\+84[2-9][0-9]{7,9}", fullmatch=True))
def test_what_is_written_here_can_be_dialled_back(number: str) -> None:
    parsed = phonenumbers.parse(national(number), "VN")
    assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number


def test_a_tenant_s_own_words_have_every_field() -> None:
    told = Told("missed", "ACME", "+84909789846", CALLED, "+842727777787", "Kinh doanh", "Hằng", 3)
    words = "{brand}|{caller}|{time}|{date}|{hotline}|{group}|{member}|{calls}"
    assert written(told, words) == ("ACME|0909789846|19:09|19/09/2019|02727777787|Kinh doanh|Hằng|3", "ucs2", 1)


def test_what_a_name_holds_is_not_looked_at_again() -> None:
    told = Told("missed", "{caller}", "+84909789846", CALLED, group="{time}", member="{brand}")
    assert text(told, "{brand} {group} {member}") == "{caller} {time} {brand}"


WRONG = ["anonymous", "", "0909789846", "+84909789846\r\nX: 1", "+84 909", "+٨٤٩٠٩٧٨٩٨٤٦", "+0909789846"]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_caller_who_is_no_telephone_number_is_not_told(wrong: str) -> None:
    """Nor is a text used that is for callers who are known."""
    line = text(Told("missed", "v", wrong, CALLED), "{caller}")
    assert line == "(v) Ban da bi nho 1 cuoc goi tu so an vao luc 19:09 19/09/2019."


ANYTHING = st.text(max_size=40)
TEMPLATES = st.sampled_from([None, *DEFAULTS.values(), "{group} {member} {hotline} {caller}"])
NEVER = frozenset(map(chr, [*range(32), 0x7F, 0x85, 0x2028, 0x2029, 0x202E, 0x200B]))


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING, TEMPLATES)
def test_whatever_comes_from_people_or_the_wire_a_text_is_one_line(
    brand: str, caller: str, hotline: str, group: str, member: str, template: str | None
) -> None:
    """No control character, no line break, nothing that turns text around; no caller that is no telephone number."""
    told = Told("missed", brand, caller, CALLED, hotline, group, member)
    line = text(told, template)
    assert one_line(line) == line
    assert not NEVER.intersection(line)
    if not is_number(caller):
        assert line == text(told._replace(caller=None)), "something of it came through"


def test_the_words_of_a_text_one_by_one() -> None:
    told = Told("missed", "ACME", "+84909789846", CALLED, "+842727777787", "Kinh\ndoanh", "Hằng", 3)
    assert words(told) == {
        "kind": "missed", "brand": "ACME", "caller": "0909789846", "time": "19:09", "date": "19/09/2019",
        "hotline": "02727777787", "group": "Kinh doanh", "member": "Hằng", "calls": "3",
    }  # fmt: skip
    for nobody in (None, "anonymous"):
        assert words(told._replace(kind="answered", caller=nobody))["caller"] == "so an"


@pytest.mark.parametrize(
    ("accented", "plain"),
    [
        ("Bạn vừa nhận cuộc gọi", "Ban vua nhan cuoc goi"),
        ("Đặng Đức Dũng, điện", "Dang Duc Dung, dien"),
        ("Cà phê & Trà", "Ca phe va Tra"),
        ("Ưu đãi 😀", "Uu dai ?"),
        ("A\u0323", "A"),
    ],
)
def test_accents_are_taken_off(accented: str, plain: str) -> None:
    assert unaccented(accented) == plain


@given(st.text())
def test_whatever_it_was_it_is_ascii_without_an_ampersand_and_stays_so(anything: str) -> None:
    plain = unaccented(anything)
    assert plain.isascii()
    assert "&" not in plain
    assert unaccented(plain) == plain
