"""The fold of a call is one of a set: order and doubling of the events change nothing."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain.events import Event
from kemi.domain.outcome import fold
from tests.told import (
    ALL_REFUSED,
    ANSWERED_0,
    ANSWERED_1,
    BUSY_1,
    BYE,
    GAVE_UP,
    LATE_1,
    NOT_SENT,
    OFF_2,
    RANG_0,
    RANG_1,
    RECEIVED,
    REFUSED,
    TIMED_OUT,
    stamp,
)
from tests.unit.test_outcome_hunted import ELSEWHERE, STEP

_EVENTS = st.lists(
    st.sampled_from(
        [
            RECEIVED, RANG_0, RANG_1, ANSWERED_0, ANSWERED_1, LATE_1, BUSY_1, OFF_2, GAVE_UP, TIMED_OUT,
            ALL_REFUSED, NOT_SENT, BYE, REFUSED, STEP, ELSEWHERE,
        ]
    ),
    max_size=10,
)  # fmt: skip


@given(_EVENTS, st.integers(0, 2), st.booleans(), st.data())
def test_any_order_and_any_doubling_gives_the_same_rows(
    events: list[Event], step: int, interrupted: bool, data: st.DataObject
) -> None:
    """Even with equal or odd clocks."""
    happened = stamp(*events, step_us=step)
    shuffled = data.draw(
        st.permutations(happened + data.draw(st.lists(st.sampled_from(happened)) if happened else st.just([])))
    )
    assert fold(shuffled, interrupted=interrupted) == fold(happened, interrupted=interrupted)


@given(_EVENTS, st.booleans())
def test_nobody_is_told_twice_and_nobody_who_was_not_offered(events: list[Event], interrupted: bool) -> None:
    result = fold(stamp(*events), interrupted=interrupted)
    if result is not None:
        told = [one.member_number for one in result.notifications]
        assert len(told) == len(set(told))
        offered = RECEIVED.legs + (STEP.legs if STEP in events else ())
        assert set(told) <= {leg.number for leg in offered}


def test_a_call_that_ends_on_another_edge_is_measured_by_the_wall_clock() -> None:
    """Two nodes' monotonic clocks have nothing to do with each other."""
    events = stamp(RECEIVED, ANSWERED_0)
    (bye,) = stamp(BYE, instance="other-b-1")
    bye = msgspec.structs.replace(bye, at_us=events[1].at_us + 5_500_000, mono_ns=1)
    result = fold([*events, bye])
    assert result is not None
    assert (result.call.talk_ms, result.call.ended_by) == (5500, "member")
