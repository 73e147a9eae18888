"""What a number is: reached by SMS or not, somebody's own or one that costs."""

import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumber

from kemi.table.numbers import NO_SMS, can_text, is_persons

MOBILE, LANDLINE = "+84844441909", "+842838123456"


@given(st.from_regex(r"\+84[1-9][0-9]{4,12}", fullmatch=True))  # no area begins with 0
def test_numbers_at_home_are_judged_as_phonenumbers_judges_them(number: str) -> None:
    assert can_text(number) is (phonenumbers.number_type(phonenumbers.parse(number)) not in NO_SMS)


def test_the_first_digits_and_the_length_decide_at_home() -> None:
    """Every beginning of four digits; the compiler asks the library once for five and their length."""
    dice = random.Random(1)
    for beginning in range(1000, 10000):
        for rest in (3, 4, 5, 6):
            kinds = {
                phonenumbers.number_type(PhoneNumber(84, beginning * 10**rest + last))
                for last in (0, dice.randrange(10**rest))
            }
            assert len(kinds) == 1, (beginning, rest)


@pytest.mark.parametrize(
    ("number", "reached"),
    [
        (MOBILE, True),
        ("+84909789846", True),
        (LANDLINE, False),
        ("+842727777787", False),
        ("+841800123456", False),  # toll free
        ("+14155550123", True),  # the USA: landline or mobile, nobody can tell
        ("+84599999999", True),  # a prefix that the library may not know yet
        ("+999123456", False),  # no country
    ],
)
def test_who_can_be_reached_by_sms(number: str, reached: bool) -> None:
    assert can_text(number) is reached


@pytest.mark.parametrize("number", [MOBILE, LANDLINE, "+84909789846", "+84599999999", "+14155550123", "+6581234567"])
def test_who_may_be_a_member(number: str) -> None:
    """Mobiles and landlines, at home and abroad; also of prefixes that the library does not know yet."""
    assert is_persons(number)


@pytest.mark.parametrize(
    "number",
    ["+841900123456", "+8419001234", "+841800123456", "+8418001234", "+84108123", "+8459999999999",
     "+849012345678", "+8490123456", "+84283812345678", "+19005550123",
     "+448712345678", "+80012345678", "+999123456"],
)  # fmt: skip
def test_who_may_not(number: str) -> None:
    """1900 and 1800 in every length, services, premium and toll-free numbers of other countries, no country at all."""
    assert not is_persons(number)


@given(st.from_regex(r"\+841[0-9]{5,12}", fullmatch=True))
def test_nothing_that_begins_with_1_is_a_persons_at_home(number: str) -> None:
    assert not is_persons(number)
