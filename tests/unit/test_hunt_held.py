"""A call whose caller is told something before anybody rings."""

from kemi.domain.routing import MAX_LEGS
from tests.unit.test_hunt import BEGIN, attempt, hunting, names


def test_a_wave_that_is_held_rings_after_its_time_and_no_shorter() -> None:
    """Only the clock runs; a delay counts from then on, and each leg is stopped after its own waiting time."""
    plan = hunting([attempt(0, 6000), attempt(1, 6000, 2000)])
    held = plan.hold(BEGIN, 8000)
    assert (names(held), held.clock_ms) == ([], 8000)
    assert held.ring_ms > 8000, "the clock does not end before"
    first = plan.struck(BEGIN + 8000)
    assert (names(first), first.clock_ms) == ([(0, 0)], 2000)
    second = plan.struck(BEGIN + 10_000)
    assert (names(second), second.clock_ms) == ([(1, 0)], 4000)
    assert [one.leg for one in plan.struck(BEGIN + 14_000).stop] == [0]


def test_a_wave_without_a_branch_for_the_clock_is_not_held() -> None:
    plan = hunting([attempt(leg) for leg in range(MAX_LEGS)])
    held = plan.hold(BEGIN, 8000)
    assert (len(held.ring), held.clock_ms) == (MAX_LEGS, 0)
