"""A tenant's own words are checked when they are saved; the database counts segments as the sender does."""

from datetime import datetime

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection

from sms.gsm import is_gsm, segments
from sms.messages import DEFAULTS, Told, text
from tests.database import ask

SAVE = "insert into sms_template (tenant_id, kind, text) values (1, %s, %s)"


@pytest.mark.parametrize(
    ("kind", "words", "why"),
    [
        ("missed", "Goi lai {number}", r"the field \{number\} of the text is not known"),
        ("missed", "{Caller}", r"the field \{Caller\} of the text is not known"),
        ("missed", "{}", r"the field \{\} of the text is not known"),
        ("missed", "{caller", "a brace that belongs to no field"),
        ("missed", "{{caller}}", "a brace that belongs to no field"),
        ("missed", "{caller}\r\nTo: x", "not one line"),
        ("missed", "{caller}\u2028", "not one line"),
        ("missed", " ", "the text is blank"),
        ("missed_withheld", "{brand} {caller}", r"a text of kind missed_withheld cannot have \{caller\}"),
        ("late", "{brand}", "sms_template_kind_is_known"),
    ],
)
def test_words_that_cannot_be_sent_are_refused(conn: connection, kind: str, words: str, why: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match=why):
        ask(conn, SAVE, kind, words)


def test_every_field_is_taken(conn: connection) -> None:
    ask(conn, SAVE, "missed", "{brand} {caller} {time} {date} {hotline} {group} {member} {calls}")
    ((text,),) = ask(conn, "select example from sms_template_check where kind = 'missed'")
    assert text == "vContact 0909789846 19:09 19/09/2019 00000000000 Kinh doanh Văn phòng 10"


def test_the_defaults_are_the_sender_s(conn: connection) -> None:
    for kind, words in DEFAULTS.items():
        assert ask(conn, "select sms_default_text(%s)", kind) == [(words,)]


def test_texts_over_one_segment_are_warned_of(conn: connection) -> None:
    """By name of what makes them so; the defaults are one, unless the brand is not in the alphabet."""
    warned = "select kind, alphabet, segments, warning from sms_template_check where warning is not null order by 1"
    assert ask(conn, warned) == []
    ask(conn, "update tenant set brand = 'Công ty'")
    found = ask(conn, warned)
    assert [row[:3] for row in found] == [("missed", "ucs2", 2)]
    assert found[0][3] == "2 SMS each: ô is not in the GSM alphabet, so that 70 letters are one SMS instead of 160"
    ask(conn, SAVE, "answered", "{brand} " + "x" * 200)
    ask(conn, "update tenant set brand = 'v'")
    assert ask(conn, warned) == [("answered", "gsm", 2, "2 SMS each")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.text(st.sampled_from("abc ÄΩ€^{}[]~|\\\n\f\rôế😀"), max_size=330))
def test_segments_are_counted_as_the_sender_counts(conn: connection, words: str) -> None:
    found = ask(conn, "select sms_alphabet(%s), sms_segments(%s)", words, words)
    assert found == [("gsm" if is_gsm(words) else "ucs2", segments(words))]


def test_the_example_is_what_the_sender_writes(conn: connection) -> None:
    ((example,),) = ask(conn, "select example from sms_template_check where kind = 'missed'")
    told = Told("missed", "vContact", "+84909789846", datetime(2019, 9, 19, 19, 9), calls=10)
    assert example == text(told)
