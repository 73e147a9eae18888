"""Groups that do not ring everybody at once: one after the other, later, shorter (kemi/decisions/0020, 0021)."""

from collections.abc import Callable, Iterator

import pytest

from kemi.domain.model import Group
from tests.edge import BOB, CALLER, CAROL, DAVE, HOTLINE, RING_SECONDS, Edge, Ledger, Texts
from tests.sip import Customer, Member

RECEIVED = f"(vContact) Ban vua nhan cuoc goi tu so {CALLER}."
Setting = Callable[..., None]


@pytest.fixture
def group(edge: Edge) -> Iterator[Setting]:
    """Set columns of the group, and of members by their numbers; afterwards all is as the seed has it."""

    def put(strategy: str = "simultaneous", ring: int = 3, **of_member: dict[str, int]) -> None:
        edge.sql(
            "update external_group set strategy = %(s)s, ring_seconds = %(r)s where name = 'Kinh doanh'",
            s=strategy,
            r=ring,
        )
        edge.sql("update group_member set delay_seconds = 0, ring_seconds = null")
        for number, columns in of_member.items():
            for column, value in columns.items():
                edge.sql(f"update group_member set {column} = %(v)s where number = e164(%(n)s)", v=value, n=number[1:])  # noqa: S608
        delays = {columns.get("delay_seconds", 0) for columns in of_member.values()} - {0}
        rings = {columns.get("ring_seconds") for columns in of_member.values()} - {None}

        def holds(found: Group | None) -> bool:
            return (
                found is not None
                and (found.strategy, found.ring_seconds) == (strategy, ring)
                and {one.delay_seconds for one in found.members} - {0} == delays
                and {one.ring_seconds for one in found.members} - {None} == rings
            )

        assert edge.table_says(lambda table: holds(table.group_of("+842727777787")))

    yield put
    put(ring=RING_SECONDS)


def test_one_after_the_other(
    customer: Customer, bob: Member, carol: Member, dave: Member, group: Setting, ledger: Ledger, sms: Texts
) -> None:
    """Bob is busy, Carol does not answer in her three seconds, Dave talks; who was not called is in no row."""
    group("sequential")
    call = customer.calls(HOTLINE)
    bob.refuses(486)
    carol.rings()
    assert "INVITE" not in dave.got
    assert carol.was_cancelled
    dave.rings().answers()
    assert call.is_answered
    assert dave.was_acked
    assert call.hangs_up() == 200
    assert dave.was_hung_up
    ledger.call(call.call_id, "answered", ended=True)
    assert ledger.attempts(call.call_id) == [(BOB, 0, "busy"), (CAROL, 0, "no_answer"), (DAVE, 0, "answered")]
    assert sms.of(call.call_id) == {DAVE: RECEIVED}
    ids = {one.invite.call_id for one in (bob, carol, dave)}
    assert len(ids) == 3


def test_nobody_takes_it_in_any_step(
    customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, group: Setting, ledger: Ledger,
    sms: Texts,
) -> None:  # fmt: skip
    """All busy, one after the other: 486, and everybody is told."""
    group("sequential")
    call = customer.calls(HOTLINE)
    for member in (bob, carol, dave, office):
        member.refuses(486)
    assert call.final() == 486
    row = ledger.call(call.call_id, "missed")
    assert row["reason"] == "all_refused"
    assert set(sms.of(call.call_id)) == {BOB, CAROL, DAVE}


def test_the_caller_gives_up_in_the_second_step(
    customer: Customer, bob: Member, carol: Member, dave: Member, group: Setting, ledger: Ledger, sms: Texts
) -> None:
    """Who was called is told; who would have been is not."""
    group("sequential")
    call = customer.calls(HOTLINE)
    bob.refuses(603)
    carol.rings()
    assert call.is_ringing
    assert call.cancels() == 200
    assert call.final() == 487
    assert carol.was_cancelled
    ledger.call(call.call_id, "missed")
    assert ledger.attempts(call.call_id) == [(BOB, 0, "declined"), (CAROL, 0, "cancelled")]
    assert set(sms.of(call.call_id)) == {BOB, CAROL}
    assert dave.got == []


def test_a_member_rings_later(
    customer: Customer, bob: Member, carol: Member, group: Setting, ledger: Ledger, sms: Texts
) -> None:
    """Carol a second after the others, while Bob rings; she answers."""
    group(ring=6, **{f"n{CAROL}": {"delay_seconds": 1}})
    call = customer.calls(HOTLINE)
    bob.rings()
    assert "INVITE" not in carol.got
    carol.rings().answers()
    assert call.is_answered
    assert bob.was_cancelled
    assert call.hangs_up() == 200
    ledger.call(call.call_id, "answered", ended=True)
    legs = ledger.legs(call.call_id)
    later = (legs[CAROL]["offered_at"] - legs[BOB]["offered_at"]).total_seconds()
    assert 0.9 < later < 2
    assert sms.of(call.call_id) == {CAROL: RECEIVED}


def test_when_all_others_have_refused_the_delayed_one_rings_at_once(
    customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, group: Setting, ledger: Ledger
) -> None:
    """She was to ring after 20 seconds."""
    group(ring=6, **{f"n{CAROL}": {"delay_seconds": 20}})
    call = customer.calls(HOTLINE)
    for member in (bob, dave, office):
        member.refuses(486)
    carol.refuses(486)
    assert call.final() == 486
    ledger.call(call.call_id, "missed")


def test_the_caller_gives_up_before_the_delayed_one_has_rung(
    customer: Customer, bob: Member, carol: Member, group: Setting, ledger: Ledger, sms: Texts
) -> None:
    """She is not called any more, and not told."""
    group(ring=6, **{f"n{CAROL}": {"delay_seconds": 2}})
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.is_ringing
    assert call.cancels() == 200
    assert call.final() == 487
    ledger.call(call.call_id, "missed")
    assert CAROL not in sms.of(call.call_id)
    assert carol.got == []


def test_a_member_has_a_waiting_time_of_his_own(
    customer: Customer, bob: Member, carol: Member, group: Setting, ledger: Ledger
) -> None:
    """Bob's telephone rings three seconds, the others' ten; Carol answers after his has stopped."""
    group(ring=10, **{f"n{BOB}": {"ring_seconds": 3}})
    call = customer.calls(HOTLINE)
    carol.rings()
    bob.rings()
    assert bob.was_cancelled
    assert bob.cancel.call_id == bob.invite.call_id
    assert bob.cancel.get("from") == bob.invite.get("from")
    assert "CANCEL" not in carol.got
    carol.answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    ledger.call(call.call_id, "answered", ended=True)
    assert ledger.outcomes(call.call_id)[BOB] == "no_answer"


@pytest.mark.parametrize("strategy", ["round_robin", "longest_idle"])
def test_each_call_begins_with_another_member(
    customer: Customer, bob: Member, carol: Member, dave: Member, group: Setting, strategy: str
) -> None:
    """Whose turn it is, or who has been idle longest: whichever worker has the call."""
    group(strategy)
    for member in (bob, carol, dave):
        call = customer.calls(HOTLINE)
        member.answers()
        assert call.is_answered
        assert call.hangs_up() == 200
        assert member.was_hung_up
    assert [len(member.legs) for member in (bob, carol, dave)] == [1, 1, 1]
