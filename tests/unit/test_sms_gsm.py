"""A text is cut where no letter is torn, and costs what the networks count."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.gsm import encode, is_gsm, parts, segments, units

MISSED = (
    "(vContact) Ban da bi nho 1 cuoc goi tu so 0909789846 vao luc 19:09 19/09/2019. Vui long kiem tra va lien he lai"
)
LETTERS = st.characters(exclude_categories=["Cs"])
GSM = st.text(st.sampled_from(string.ascii_letters + string.digits + " @$_{}[]\\|^~€é§ÄñüàΩ\n"), max_size=700)


@pytest.mark.parametrize(
    ("text", "length", "cost"),
    [
        ("", 0, 1),
        (MISSED, 111, 1),
        ("x" * 160, 160, 1),
        ("x" * 161, 161, 2),
        ("x" * 306, 306, 2),
        ("x" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("ạ" * 70, 70, 1),
        ("ạ" * 71, 71, 2),
        ("ạ" + "x" * 134, 135, 3),
        ("😀" * 35, 70, 1),
        ("😀" * 36, 72, 2),
        ("`", 1, 1),  # not in the GSM alphabet, though in ASCII
    ],
)
def test_a_text_costs_what_the_networks_count(text: str, length: int, cost: int) -> None:
    assert (units(text), segments(text)) == (length, cost)


@given(st.one_of(st.text(LETTERS, max_size=400), GSM))
def test_the_parts_are_the_text_and_each_fits(text: str) -> None:
    found = parts(text)
    assert "".join(found) == text
    if len(found) > 1:
        gsm = is_gsm(text)
        sizes = [len(encode(part)) if gsm else len(part.encode("utf-16-be")) // 2 for part in found]
        assert max(sizes) <= (153 if gsm else 67)
        assert min(sizes[:-1]) >= (152 if gsm else 66)  # no more parts than it takes


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("@£$", "000102"),
        ("Az 09", "417a203039"),
        ("[a]", "1b3c611b3e"),
        ("€|", "1b651b40"),
        ("Ñ§", "5d5f"),
        ("\n\r", "0a0d"),
    ],
)
def test_the_alphabet_is_that_of_ts_23_038(text: str, octets: str) -> None:
    assert encode(text).hex() == octets


def test_every_septet_is_one_letter() -> None:
    """All of both tables, and no two letters the same."""
    basic = [letter for letter in map(chr, range(0x10000)) if is_gsm(letter) and len(encode(letter)) == 1]
    assert sorted(encode(letter)[0] for letter in basic) == [code for code in range(128) if code != 0x1B]


@pytest.mark.parametrize("letter", ["`", "ạ", "đ", "\x1b", "\t", "ç", "😀"])
def test_what_is_not_in_it_is_said_not_replaced(letter: str) -> None:
    assert not is_gsm("a" + letter)
    with pytest.raises(UnicodeEncodeError, match="GSM alphabet"):
        encode("a" + letter)
