"""Numbers in SQL: the same as in Python, and the same as the phonenumbers library says."""

from collections.abc import Iterator

import phonenumbers
import psycopg2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection

from kemi.domain.e164 import e164
from kemi.errors import NotANumber
from tests.database import fresh_database


@pytest.fixture(scope="module")
def conn() -> Iterator[connection]:
    with fresh_database() as url:
        conn = psycopg2.connect(url)
        conn.autocommit = True
        yield conn
        conn.close()


def in_sql(conn: connection, text: str) -> str | None:
    """What SQL makes of `text`; None where it refuses."""
    with conn.cursor() as cur:
        try:
            cur.execute("select e164(%s)", (text,))
        except psycopg2.errors.InvalidTextRepresentation:
            return None
        row = cur.fetchone()
    return None if row is None else str(row[0])


def in_python(text: str) -> str | None:
    try:
        return e164(text)
    except NotANumber:
        return None


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """Vietnamese numbers, mobile and landline, in the ways that people and carriers write them."""
    national = draw(st.sampled_from(["84444", "90978", "98765", "24381", "28381", "27277", "56212"]))
    national += draw(st.text("0123456789", min_size=3, max_size=6))
    text = draw(st.sampled_from(["0", "84", "+84", "0084", "tel:+84", "tel:0"])) + national
    at = draw(st.lists(st.integers(5, len(text)), max_size=4))
    for place in sorted(at, reverse=True):
        text = text[:place] + draw(st.sampled_from([" ", "-", ".", "\u00a0", "(", ")", "/"])) + text[place:]
    return text + draw(st.sampled_from(["", ";phone-context=vn", " "]))


@settings(max_examples=400, deadline=None)
@given(text=spellings())
def test_sql_and_python_read_every_spelling_alike(conn: connection, text: str) -> None:
    assert in_sql(conn, text) == in_python(text) is not None


@settings(max_examples=400, deadline=None)
@given(text=st.text("0123456789+84 -.()/;tel:x\u00a0\n\u0661\u00b2", max_size=24))
@example("+" + "1" * 16)
@example("84" + "1" * 7)
@example("84" + "1" * 8)
@example("0" + "\u0661" * 9)
@example("tel:tel:02727777787")
@example("02727777787\n")
def test_sql_and_python_agree_on_nonsense(conn: connection, text: str) -> None:
    assert in_sql(conn, text) == in_python(text)


@settings(max_examples=300, deadline=None)
@given(text=spellings())
def test_a_number_that_phonenumbers_finds_valid_comes_out_as_it_says(conn: connection, text: str) -> None:
    number = phonenumbers.parse(text.removeprefix("tel:").partition(";")[0], "VN")
    if phonenumbers.is_valid_number(number):
        assert in_sql(conn, text) == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize("text", ["02727777787", "842727777787", "+842727777787", "00842727777787", "0272 7777 787"])
def test_the_hotline_of_11_digits_is_one_number(conn: connection, text: str) -> None:
    assert in_sql(conn, text) == "+842727777787"


def test_another_country_can_be_home(conn: connection) -> None:
    with conn.cursor() as cur:
        cur.execute("select e164('030 123456', '49')")
        assert cur.fetchone() == ("+4930123456",) == (e164("030 123456", "49"),)


def test_a_refusal_says_what_to_write_instead(conn: connection) -> None:
    with conn.cursor() as cur, pytest.raises(psycopg2.errors.InvalidTextRepresentation) as refused:
        cur.execute("select e164('hotline')")
    assert '"hotline" is not a telephone number' in str(refused.value)
    assert "like 02727777787" in (refused.value.diag.message_hint or "")
