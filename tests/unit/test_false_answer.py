"""An answer that ends too soon counts as missed; nobody is told anything before it is known which it is."""

from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain.events import Answered, Ended, Event, Stamped
from kemi.domain.outcome import Folded, fold
from tests.told import ANSWERED_0, ANSWERED_1, BUSY_1, BYE, GAVE_UP, LATE_1, RANG_0, RANG_1, changed

BOB, CAROL, OFFICE = "+84844441909", "+84844441910", "+842838123456"
ASKS_5: Final = changed(min_talk_seconds=5)
CALLER_BYE, LOSER_BYE = Ended("c1", 0, "caller"), Ended("c1", 1, "caller")
HERE, REBOOTED, ELSEWHERE = "edge-b-1", "edge-c-2", "other-b-1"
MISSED: Final = {BOB: "missed", CAROL: "missed", OFFICE: "missed"}
WON: Final = {BOB: "answered"}


def at(seconds: float, event: Event, instance: str = HERE) -> Stamped:
    """`event`, written `seconds` after the call arrived; each boot has a monotonic clock of its own."""
    boot = {HERE: 500, REBOOTED: 3, ELSEWHERE: 77_000}[instance]
    ns = round((boot + seconds) * 10**9)
    return Stamped(f"{instance}-9.{seconds}.{event}", 0, instance, round(seconds * 10**6), ns, event)


def folded(*events: Stamped, stood: bool = False) -> Folded:
    result = fold(events, stood=stood)
    assert result is not None
    return result


def told(result: Folded) -> dict[str, str]:
    return {one.member_number: one.kind for one in result.notifications}


# what happened, in seconds after the arrival; whether the ledger saw it stand → the call's answer, who is told
TABLE: list[Any] = [
    ("it waits", [at(2, ANSWERED_0)], False, "waits", {}),
    ("it stood", [at(2, ANSWERED_0)], True, "counts", WON),
    ("over after 4.999 s", [at(2, ANSWERED_0), at(6.999, BYE)], False, "false", MISSED),
    ("over after 5 s", [at(2, ANSWERED_0), at(7, BYE)], False, "counts", WON),
    ("over after a minute, and the ledger was away", [at(2, ANSWERED_0), at(62, BYE)], False, "counts", WON),
    ("it stood, then it is over", [at(2, ANSWERED_0), at(62, BYE)], True, "counts", WON),
    ("the end was read too late", [at(2, ANSWERED_0), at(3, BYE)], True, "false", MISSED | WON),
    ("another node's slow clock", [at(2, ANSWERED_0), at(1, BYE, ELSEWHERE)], True, "counts", WON),
    ("another node's clock, all there is", [at(2, ANSWERED_0), at(4, BYE, ELSEWHERE)], False, "false", MISSED),
    ("the node was booted anew", [at(2, ANSWERED_0), at(30, BYE, REBOOTED)], False, "counts", WON),
    ("the caller hangs up on a voicemail", [at(2, ANSWERED_0), at(3, CALLER_BYE)], False, "false", MISSED),
    ("the loser's end is not the call's", [at(2, ANSWERED_0), at(2, LATE_1), at(3, LOSER_BYE)], False,
     "waits", {}),
    ("the landline's announcement", [at(2, Answered("c1", 2, 0)), at(3, Ended("c1", 2, "member"))], False, "false",
     MISSED),
    ("he gave up, and the 200 crossed", [at(2, GAVE_UP), at(2, ANSWERED_0), at(2.1, BYE)], False, "false", MISSED),
    ("nobody answered", [at(2, GAVE_UP)], False, "none", MISSED),
]  # fmt: skip


@pytest.mark.parametrize(("events", "stood", "answer", "who"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE])
def test_who_is_told(events: list[Stamped], stood: bool, answer: str, who: dict[str, str]) -> None:
    result = folded(at(0, ASKS_5), *events, stood=stood)
    assert told(result) == who
    assert result.call.false_answer is (answer == "false")
    assert (result.call.confirm_us is not None) is (answer == "waits")
    assert result.call.outcome == ("missed" if answer == "none" else "answered")


def test_the_ledger_says_how_long_it_was() -> None:
    """The caller did get his 200, and the member's leg did answer: only the SMS says otherwise."""
    result = folded(at(0, ASKS_5), at(2, ANSWERED_0), at(5.049, BYE))
    assert (result.call.outcome, result.call.final_code, result.call.talk_ms) == ("answered", 200, 3049)
    assert result.call.reason == "answered, but only for 3.0 s of 5: counted as missed"
    assert [leg.outcome for leg in result.legs[:3]] == ["answered", "cancelled", "cancelled"]


def test_while_it_waits_the_ledger_says_until_when() -> None:
    """By both clocks; the monotonic one says nothing where call and answer saw different boots."""
    call = folded(at(0, ASKS_5), at(2, ANSWERED_0)).call
    assert (call.confirm_us, call.confirm_mono_ns) == (7_000_000, 507 * 10**9)
    assert folded(at(0, ASKS_5), at(2, ANSWERED_0, REBOOTED)).call.confirm_mono_ns is None


def test_without_asking_every_answer_counts_at_once() -> None:
    """As ever: a call of 100 ms, and the SMS before it is over."""
    for events in ([at(2, ANSWERED_0)], [at(2, ANSWERED_0), at(2.1, BYE)]):
        result = folded(at(0, changed(min_talk_seconds=0)), *events)
        assert told(result) == WON
        assert (result.call.false_answer, result.call.confirm_us, result.call.reason) == (False, None, None)


def test_the_group_s_own_choices_hold_for_false_answers() -> None:
    """Only those whose telephone rang, nobody where the switch is off, no number where it is withheld."""
    false = [at(1, RANG_1), at(2, ANSWERED_0), at(3, BYE)]
    rang = msgspec.structs.replace(ASKS_5, notify_missed="rang")
    assert told(folded(at(0, rang), *false)) == {CAROL: "missed"}
    off = msgspec.structs.replace(ASKS_5, notify_members=False)
    assert told(folded(at(0, off), *false)) == {}
    withheld = msgspec.structs.replace(ASKS_5, caller=None, withheld=True)
    assert {one.state for one in folded(at(0, withheld), *false).notifications} == {"withheld", "not_applicable"}


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from([RANG_0, RANG_1, ANSWERED_0, ANSWERED_1, LATE_1, BUSY_1, GAVE_UP, BYE, LOSER_BYE]),
        st.floats(0, 12),
        st.sampled_from([HERE, REBOOTED, ELSEWHERE]),
    ),
    max_size=8,
)  # fmt: skip


@given(_EVENTS, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_no_order_and_no_doubling_changes_anything(
    events: list[tuple[Event, float, str]], interrupted: bool, stood: bool, dice: Any
) -> None:
    """And a member is told once, of one kind; while an answer waits, nobody is."""
    happened = [at(0, ASKS_5), *(at(seconds, event, instance) for event, seconds, instance in events)]
    shuffled = happened + dice.sample(happened, dice.randrange(len(happened)))
    dice.shuffle(shuffled)
    result = fold(happened, interrupted=interrupted, stood=stood)
    assert fold(shuffled, interrupted=interrupted, stood=stood) == result
    assert result is not None
    assert len(told(result)) == len(result.notifications)
    if result.call.confirm_us is not None:
        assert not result.notifications
    elif result.call.outcome == "answered":
        assert result.notifications


@given(_EVENTS, st.data())
def test_whoever_has_been_told_is_never_told_otherwise(
    events: list[tuple[Event, float, str]], data: st.DataObject
) -> None:
    """One answer and one end, read in any order, and the ledger's conclusion drawn at any moment it may be drawn."""
    once = {event: at(seconds, event, boot) for event, seconds, boot in events if event not in (ANSWERED_1, GAVE_UP)}
    happened = [at(0, ASKS_5), *once.values()]
    read: list[Stamped] = []
    held: dict[str, str] = {}
    stood = False
    for stamped in data.draw(st.permutations(happened)):
        read.append(stamped)
        result = fold(read, stood=stood)
        if result is not None and result.call.confirm_us is not None and data.draw(st.booleans()):
            stood = True
            result = fold(read, stood=stood)
        for number, kind in told(result).items() if result is not None else ():
            assert held.setdefault(number, kind) == kind
