"""Answers that meet something on the way: another answer, the caller's CANCEL, the end of the ring time; and losses.

Each has one outcome in the ledger, one SMS a member at most, and leaves nobody on a telephone without anybody at the
other end. What comes when even the transaction is gone: test_glare_gone.py.
"""

from collections.abc import Callable, Iterator

import pytest

from deploy.wait import until
from kemi.table.store import TableReader
from tests.edge import BOB, CALLER, CAROL, DAVE, HOTLINE, RING_SECONDS, Edge, Ledger, Texts
from tests.rtpengine import Sessions
from tests.sip import Call, Carrier, Customer, Member
from tests.sip.dialog import ClientTransaction
from tests.sip.message import build

pytestmark = pytest.mark.usefixtures("sessions")
RECEIVED = f"(vContact) Ban vua nhan cuoc goi tu so {CALLER}."


@pytest.fixture
def sessions(edge: Edge) -> Iterator[Sessions]:
    """What the edge's rtpengine has open: at a test's end nothing of its calls, whoever had answered."""
    sessions = Sessions(edge)
    before = set(sessions.calls())
    yield sessions
    assert until(lambda: set(sessions.calls()) <= before, 10.0), "a call has ended, and its session has not"


def answer_together(carrier: Carrier, *members: Member) -> None:
    """All of them pick up within the same millisecond."""
    legs = [member.leg for member in members]
    with carrier.changed:
        for leg in legs:
            leg.replies(200, None, (), leg.describes())


def winner_and_loser(ledger: Ledger, call: Call, *members: Member) -> tuple[Member, Member]:
    """Wait until the ledger knows that both have answered; exactly one of them won."""
    row = ledger.call(call.call_id, "answered", ended=True)
    outcomes = ledger.outcomes(call.call_id)
    [won] = [one for one in members if outcomes[one.number] == "answered"]
    [lost] = [one for one in members if outcomes[one.number] == "answered_elsewhere"]
    assert ledger.legs(call.call_id)[won.number]["leg"] == row["answered_leg"]
    return won, lost


@pytest.mark.parametrize("turn", range(16))
def test_a_first_reply_within_the_same_millisecond_does_not_cost_its_leg_the_cancel(
    customer: Customer, carrier: Carrier, bob: Member, carol: Member, turn: int
) -> None:
    """Eleven of sixteen such telephones rang on once, after the call was answered (kemi/decisions/0049)."""
    carol.stays_silent()
    call = customer.calls(HOTLINE)
    legs = [bob.leg, carol.leg]
    carol.is_silent = False
    with carrier.changed:
        legs[0].replies(200, None, (), legs[0].describes())
        legs[1].replies(180 if turn % 2 else 100, None, (), b"")
    assert call.is_answered
    assert carol.was_cancelled
    assert call.hangs_up() == 200


@pytest.mark.parametrize("turn", range(6))
def test_two_answer_within_a_millisecond(
    customer: Customer, carrier: Carrier, bob: Member, carol: Member, ledger: Ledger, sms: Texts, turn: int
) -> None:
    """The edge hangs up the second (kemi/decisions/0022): the caller sees one answer, and who talks to him is told."""
    call = customer.calls(HOTLINE)
    answer_together(carrier, *((bob, carol) if turn % 2 else (carol, bob)))
    assert call.is_answered
    assert bob.was_acked
    assert carol.was_acked
    carrier.must(lambda: "BYE" in bob.got + carol.got, "a BYE for the second")
    kept, other = (bob, carol) if "BYE" in carol.got else (carol, bob)
    assert "BYE" not in kept.got
    assert (call.saw, call.forks) == ([200], [])
    assert call.hangs_up() == 200
    assert kept.was_hung_up
    assert other.got.count("BYE") == 1
    won, lost = winner_and_loser(ledger, call, bob, carol)
    assert (won.number, lost.number) == (kept.number, other.number)
    assert ledger.legs(call.call_id)[lost.number]["ended_at"] is not None
    assert sms.of(call.call_id) == {won.number: RECEIVED}


def test_a_bye_of_the_edge_s_own_that_is_lost(customer: Customer, carrier: Carrier, bob: Member, carol: Member) -> None:
    """It is repeated, as any request is: the ACK has come, so the second member's telephone repeats nothing."""
    carrier.losing = ["BYE", "BYE"]
    call = customer.calls(HOTLINE)
    answer_together(carrier, bob, carol)
    assert call.is_answered
    carrier.must(lambda: "BYE" in bob.got + carol.got, "a BYE for the second")
    assert call.hangs_up() == 200


@pytest.mark.parametrize("turn", range(4))
def test_an_answer_and_the_caller_s_cancel_meet_at_the_edge(
    customer: Customer, carrier: Carrier, bob: Member, ledger: Ledger, sms: Texts, turn: int
) -> None:
    """Whichever the edge reads first, the caller gets the 200: the call is answered, and he hangs up."""
    bob.ignores_cancel = True
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.is_ringing
    leg = bob.leg
    with customer.changed, carrier.changed:
        if turn % 2:
            leg.replies(200, None, (), leg.describes())
        cancel = sends_cancel(customer, call)
        if not turn % 2:
            leg.replies(200, None, (), leg.describes())
    assert cancel.outcome().status == 200
    assert call.final() == 200
    assert bob.was_acked
    assert call.hangs_up() == 200
    assert bob.was_hung_up
    row = ledger.call(call.call_id, "answered", ended=True)
    assert row["ended_by"] == "caller"
    assert sms.of(call.call_id) == {BOB: RECEIVED}


def sends_cancel(customer: Customer, call: Call) -> ClientTransaction:
    """The caller's CANCEL, on its way."""
    same = [(name, call.invite.get(name)) for name in ("Via", "From", "To", "Call-ID")]
    fields = [*same, ("CSeq", f"{call.invite.cseq.split()[0]} CANCEL"), ("Max-Forwards", "70")]
    return customer.transact(build(f"CANCEL {call.invite.uri} SIP/2.0", fields), call.edge)


@pytest.fixture
def three_seconds(edge: Edge) -> Iterator[None]:
    """The shortest ring time a group may have."""

    def rings(seconds: int) -> Callable[[TableReader], bool]:
        return lambda table: table.group_of("+842727777787").ring_seconds == seconds  # type: ignore[union-attr]

    statement = "update external_group set ring_seconds = %(n)s where name = 'Kinh doanh'"
    edge.sql(statement, n=3)
    assert edge.table_says(rings(3))
    yield
    edge.sql(statement, n=RING_SECONDS)
    assert edge.table_says(rings(RING_SECONDS))


@pytest.mark.usefixtures("three_seconds")
def test_an_answer_after_the_ring_time(
    customer: Customer, bob: Member, carol: Member, ledger: Ledger, sms: Texts
) -> None:
    """The caller has had his 480: the edge hangs up the telephone that picks up, and everybody is told "bi nho"."""
    bob.ignores_cancel = True
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.final(within=8) == 480
    assert bob.was_cancelled
    bob.answers()
    assert bob.was_acked
    assert bob.was_hung_up
    assert carol.was_cancelled
    row = ledger.call(call.call_id, "missed")
    assert (row["reason"], row["final_code"], row["answered_leg"]) == ("no_answer", 480, None)
    assert set(sms.of(call.call_id)) == {BOB, CAROL, DAVE}
    assert {one["kind"] for one in ledger.notifications(call.call_id)} == {"missed"}
    assert "BYE" not in call.got


def test_an_answer_that_is_lost_on_its_way_to_the_caller(
    customer: Customer, bob: Member, carol: Member, ledger: Ledger
) -> None:
    """The member repeats it, as he has no ACK; the caller's comes with the second."""
    customer.losing = ["INVITE 200"]
    call = customer.calls(HOTLINE)
    bob.answers()
    assert carol.was_cancelled
    assert call.is_answered
    assert bob.was_acked
    assert call.saw == [200]
    assert call.hangs_up() == 200
    assert bob.was_hung_up
    assert ledger.call(call.call_id, "answered", ended=True)["answered_leg"] == ledger.legs(call.call_id)[BOB]["leg"]


def test_an_ack_that_is_lost_on_its_way_to_the_member(
    customer: Customer, carrier: Carrier, bob: Member, carol: Member, dave: Member, office: Member
) -> None:
    """He repeats his 200, the caller his ACK; both pass, masked."""
    call = customer.calls(HOTLINE)
    for other in (carol, dave, office):  # else the ACK that is lost may be one to a 487 of theirs
        other.refuses(486)
        assert other.was_acked
    carrier.losing = ["ACK"]
    bob.answers()
    assert bob.was_acked
    assert sum(reply.status == 200 for reply in call.tx.replies) >= 2
    assert call.saw == [200]
    assert call.hangs_up() == 200
    assert bob.got.count("ACK") == 1


def test_a_caller_whose_ack_never_comes(customer: Customer, bob: Member, ledger: Ledger) -> None:
    """His line is dead: the member gives up (§13.3.1.4), his BYE goes through, and the call is over on both sides."""
    call = customer.calls(HOTLINE, acks=False)
    bob.answers()
    assert call.is_answered
    assert bob.hangs_up() == 200
    assert call.was_hung_up
    row = ledger.call(call.call_id, "answered", ended=True)
    assert row["ended_by"] == "member"


def test_a_cancel_that_is_lost_on_its_way_to_a_member(
    customer: Customer, carrier: Carrier, bob: Member, ledger: Ledger
) -> None:
    """The edge repeats it until it is answered, and the telephone stops ringing."""
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.is_ringing
    carrier.losing = ["CANCEL"] * 4
    assert call.cancels() == 200
    assert bob.was_cancelled
    assert call.final() == 487
    assert bob.was_acked
    assert ledger.call(call.call_id, "missed")["reason"] == "caller_gave_up"
