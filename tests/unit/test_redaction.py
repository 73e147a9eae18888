"""A telephone number where it does not belong is shortened, in every spelling; what holds one does not print it."""

import re
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain import redaction
from kemi.domain.events import OfferedLeg, SkippedLeg
from kemi.domain.identity import Caller
from kemi.domain.model import Member, SkippedMember
from kemi.domain.outcome import fold
from kemi.domain.routing import Leg
from kemi.ledger.store import DeadLetter
from kemi.spool.tail import Line
from kemi.table.compiler import MemberRow
from sms import redaction as twin
from sms.providers import Accepted, Message, Refused, Unknown
from sms.store import Claimed
from tests.fakes.world import MemoryTable
from tests.told import GAVE_UP, RECEIVED, REFUSED, stamp
from tests.unit.given import gateway
from tests.unit.test_call import invited

NUMBER: Final = "+84909789846"
_TEXT: Final = "Ban vua nhan cuoc goi tu so 0909789846."
_MESSAGE: Final = Message(1, "0844441909", "+84844441909", _TEXT, "vContact", "r-0")
RECORDS: Final[list[Any]] = [
    Caller(NUMBER, withheld=False),
    Member(1, NUMBER, True),
    SkippedMember(1, NUMBER, "x"),
    OfferedLeg(0, 0, 1, NUMBER, 1, True),
    SkippedLeg(1, NUMBER, "x"),
    RECEIVED,
    REFUSED.__class__("c", 1, None, None, "0909789846", NUMBER, False, "0909789846@10.9.9.9", "x", 404),
    stamp(RECEIVED)[0],
    fold(stamp(RECEIVED, GAVE_UP)),
    MemoryTable().hotline("+842727777787"),
    Leg(0, 0, Member(1, NUMBER, True), gateway(), "sip:0909789846@192.0.2.1"),
    invited(),
    MemberRow(1, NUMBER, enabled=True, is_hotline=False),
    DeadLetter("n", "f", 0, f'{{"caller":"{NUMBER}"}}', "x"),
    Line(0, f'{{"caller":"{NUMBER}"}}'.encode()),
    _MESSAGE,
    Claimed(1, 1, 1, 0, _MESSAGE, None, None),
    Accepted(200, '{"to": "0844441909"}', "0844441909-1"),
    Refused("x", final=True, reply='{"to": "0844441909"}'),
    Unknown("x", reply='{"to": "0844441909"}'),
]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NUMBER, "+84…846"),
        ("0909789846", "…846"),
        ("0084909789846", "…846"),
        ("0909 789 846", "…846"),
        ("(0909) 789-846", "(…846"),
        ("84.909.789.846", "…846"),
        ("0909789846-abc@10.9.9.9", "…846-abc@10.9.9.9"),
        ("sip:0909789846@192.168.172.16:5060", "sip:…846@192.168.172.16:5060"),
        ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
        ("code=487 trunk=12", "code=487 trunk=12"),
        ("203.0.113.255", "203.0.113.255"),
        ("090.978.984.600", "…600"),
    ],
)
def test_a_number_is_shortened_and_an_address_is_not(text: str, said: str) -> None:
    assert redaction.redacted(text) == said


@given(st.text(alphabet="0123456789 .-()+/_ab@"))
def test_no_eight_digits_in_a_row_are_left(text: str) -> None:
    """And what was redacted once does not change again."""
    said = redaction.redacted(text)
    assert not re.search(r"\d{7}", said)
    assert redaction.redacted(said) == said


@given(st.text(alphabet="0123456789 .-()+/_ab@"))
def test_the_senders_twin_says_the_same(text: str) -> None:
    """`sms` and `kemi` meet only in SQL, so there are two."""
    assert twin.redacted(text) == redaction.redacted(text)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_that_holds_a_number_does_not_print_it(record: Any) -> None:
    for text in (repr(record), str(record), f"{record}", repr([record])):
        assert "909789846" not in text
        assert "84444190" not in text


def test_a_record_still_says_what_else_it_holds() -> None:
    assert repr(SkippedMember(7, NUMBER, "x")) == "SkippedMember(id=7, number='+84…846', reason='x')"


def test_records_are_compared_and_hashed_as_before() -> None:
    assert Member(7, NUMBER, True) == Member(7, NUMBER, True)
    assert len({Member(7, NUMBER, True), Member(7, NUMBER, True)}) == 1
