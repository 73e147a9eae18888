"""The texts are the product's signature: they come out word for word."""

from datetime import datetime

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.messages import Kind, national, text

CALLED = datetime(2019, 9, 19, 19, 9, 59)


def test_the_text_of_a_missed_call() -> None:
    assert text("missed", "vContact", "+84909789846", CALLED) == (
        "(vContact) Ban da bi nho 1 cuoc goi tu so 0909789846 vao luc 19:09 19/09/2019."
        " Vui long kiem tra va lien he lai"
    )


def test_the_text_of_an_answered_call() -> None:
    assert text("answered", "vContact", "+84909789846", CALLED) == (
        "(vContact) Ban vua nhan cuoc goi tu so 0909789846."
    )


def test_the_texts_about_a_caller_whose_number_is_not_known() -> None:
    """Nobody is asked to call back: nobody could."""
    assert text("missed", "vContact", None, CALLED) == (
        "(vContact) Ban da bi nho 1 cuoc goi tu so an vao luc 19:09 19/09/2019."
    )
    assert text("answered", "vContact", None, CALLED) == "(vContact) Ban vua nhan cuoc goi tu so an."


@pytest.mark.parametrize("kind", ["answered", "missed"])
@pytest.mark.parametrize("caller", [None, "+84909789846"])
def test_every_text_is_one_segment_of_the_gsm_alphabet(kind: Kind, caller: str | None) -> None:
    """GSM 03.38: its letters here are ASCII; 160 of them are one SMS."""
    written = text(kind, "x" * 30, caller, CALLED)
    assert written.isascii()
    assert len(written) <= 160


def test_a_brand_with_braces_is_a_brand() -> None:
    """It is filled in, not filled out."""
    assert text("answered", "{number}", "+84909789846", CALLED).startswith("({number}) ")


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
