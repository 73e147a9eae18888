"""A group that asks an answer to stand: a voicemail's is a missed call for the SMS, and for nothing else."""

import time
from collections.abc import Callable, Iterator

import pytest

from kemi.table.store import TableReader
from tests.edge import BOB, CALLER, CAROL, DAVE, HOTLINE, MEMBERS, OFFICE, Edge, Ledger, Texts
from tests.sip import Customer, Member

MIN_TALK = 2  # seconds


def asks(seconds: int) -> Callable[[TableReader], bool]:
    """The fact that an answer must stand for so long."""

    def has_it(table: TableReader) -> bool:
        group = table.group_of("+842727777787")
        return group is not None and group.min_talk_seconds == seconds

    return has_it


@pytest.fixture(autouse=True)
def min_talk(edge: Edge) -> Iterator[None]:
    """The seed's group asks for it, in this room only."""
    edge.sql("update external_group set min_talk_seconds = %(n)s where name = 'Kinh doanh'", n=MIN_TALK)
    assert edge.table_says(asks(MIN_TALK))
    yield
    edge.sql("update external_group set min_talk_seconds = 0 where name = 'Kinh doanh'")
    assert edge.table_says(asks(0))


@pytest.mark.parametrize("who", ["member", "caller"])
def test_over_at_once_it_is_missed_for_the_sms(
    customer: Customer, bob: Member, carol: Member, ledger: Ledger, sms: Texts, who: str
) -> None:
    """An announcement hangs up, or the caller does when he hears it: everybody who was offered the call is told."""
    call = customer.calls(HOTLINE)
    assert carol.was_invited
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    assert (bob.hangs_up() if who == "member" else call.hangs_up()) == 200
    row = ledger.call(call.call_id, "answered", ended=True)
    assert (row["false_answer"], row["final_code"], row["ended_by"]) == (True, 200, who)
    assert row["reason"].endswith("s of 2: counted as missed")
    elsewhere = dict.fromkeys(set(MEMBERS) - {BOB}, "cancelled")
    assert ledger.outcomes(call.call_id) == {BOB: "answered", **elsewhere}
    texts = sms.of(call.call_id)
    assert set(texts) == {BOB, CAROL, DAVE}
    assert all(f"Ban da bi nho 1 cuoc goi tu so {CALLER} " in text for text in texts.values())
    states = {each["member_number"].replace("+84", "0"): each["state"] for each in ledger.notifications(call.call_id)}
    assert states[OFFICE] == "not_applicable"


def test_an_answer_that_stands_is_told_when_it_does(
    customer: Customer, bob: Member, ledger: Ledger, sms: Texts
) -> None:
    """While they talk, not before the time; and nothing more is told when they are done."""
    call = customer.calls(HOTLINE)
    began = time.monotonic()
    bob.answers()
    assert call.is_answered
    ledger.call(call.call_id, "answered")
    assert ledger.notifications(call.call_id) == []
    texts = sms.of(call.call_id)
    assert texts == {BOB: f"(vContact) Ban vua nhan cuoc goi tu so {CALLER}."}
    assert time.monotonic() - began > MIN_TALK
    assert call.hangs_up() == 200
    row = ledger.call(call.call_id, "answered", ended=True)
    assert (row["false_answer"], row["reason"]) == (False, None)
    assert sms.of(call.call_id) == texts
