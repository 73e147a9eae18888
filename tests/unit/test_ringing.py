"""What a leg's answer means, for every code there is, and what the caller is told when nobody answers."""

from itertools import product

import pytest

from kemi.domain import ringing
from kemi.domain.events import LegFailure, MissedCause
from kemi.domain.ringing import BUSY, DECLINED, OTHER, TOO_BRIEF, UNREACHABLE

NAMED: dict[int, LegFailure] = {
    403: "rejected", 404: "not_found", 408: "no_answer", 410: "not_found", 480: "no_answer", 484: "not_found",
    486: "busy", 487: "no_answer", 600: "busy", 603: "declined", 604: "not_found", 607: "declined",
}  # fmt: skip
BY_CLASS: dict[int, LegFailure] = {3: "moved", 4: "rejected", 5: "unreachable", 6: "rejected"}


@pytest.mark.parametrize("code", range(300, 700))
def test_every_negative_code_has_its_meaning(code: int) -> None:
    """A named one its own, any other that of its class."""
    assert ringing.leg_failure(code) == NAMED.get(code, BY_CLASS[code // 100])


@pytest.mark.parametrize("all_refused_code", [603, 480])
@pytest.mark.parametrize("seen", range(32))
def test_the_final_code_is_what_the_legs_said_whatever_could_not_be_reached(seen: int, all_refused_code: int) -> None:
    """All busy, or busy and declined: 486; all declined: as the group says; all too brief: 422; else 480."""
    table = {BUSY: 486, BUSY | DECLINED: 486, DECLINED: all_refused_code, TOO_BRIEF: 422}
    table |= {said | UNREACHABLE: code for said, code in table.items()} | {UNREACHABLE: 503}
    assert ringing.final_code(seen, all_refused_code) == table.get(seen, 480)


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ((486, 486, 486), 486),
        ((486, 600), 486),
        ((603, 607), 603),
        ((503, 500, 580), 503),
        ((486, 404, 503), 480),
        ((486, 603), 486),
        ((486, 503), 486),
        ((603, 500, 503), 603),
        ((603, 480), 480),
        ((603, 404), 480),
        ((422, 503), 422),
        ((404, 410, 484), 480),
        ((408, 480), 480),
        ((302,), 480),
        ((401, 407), 480),
        ((604,), 480),
        ((422, 422), 422),
        ((422, 486), 480),
        ((), 480),
    ],
)
def test_the_caller_is_told_one_code_of_ours(codes: tuple[int, ...], told: int) -> None:
    """Never a leg's 3xx, 401 or 407, and never 404: the hotline does exist."""
    seen = 0
    for code in codes:
        seen |= ringing.seen_bit(ringing.leg_failure(code), code)
    assert ringing.final_code(seen) == told


@pytest.mark.parametrize("code", range(300, 700))
def test_what_was_seen_of_any_leg_is_exactly_one_bit(code: int) -> None:
    """So that a flag each can hold it."""
    assert ringing.seen_bit(ringing.leg_failure(code), code) in {BUSY, DECLINED, UNREACHABLE, OTHER, TOO_BRIEF}


@pytest.mark.parametrize(("canceled", "timed_out", "seen"), list(product([True, False], [True, False], range(16))))
def test_a_missed_call_has_one_cause(canceled: bool, timed_out: bool, seen: int) -> None:
    """He hung up; else time ran out, or nobody refused; else all refused."""
    expected: MissedCause = "all_refused"
    if canceled:
        expected = "caller_gave_up"
    elif timed_out or seen in {0, OTHER}:
        expected = "no_answer"
    assert ringing.missed_cause(canceled=canceled, timed_out=timed_out, seen=seen) == expected
