"""Whose session at an rtpengine is nobody's: a call that rang when its edge died, and no other."""

from kemi.domain.events import Event, Missed, Stamped
from kemi.domain.orphans import Orphans
from tests.told import ANSWERED_0, RANG_0, RECEIVED

MISSED = Missed("c1", "no_answer", 480)


def told(*events: Event, instance: str = "old") -> Orphans:
    orphans = Orphans()
    for number, event in enumerate(events):
        orphans.take(Stamped(f"e{number}", 0, instance, 1_000_000 + number, number, event))
    return orphans


def gone(orphans: Orphans, now_us: int = 2_000_000) -> list[str]:
    return orphans.found(now_us, {"old"})


def test_a_call_that_rang_is_found_once() -> None:
    orphans = told(RECEIVED, RANG_0)
    assert gone(orphans) == ["c1"]
    assert gone(orphans) == []


def test_not_while_its_edge_lives() -> None:
    assert gone(told(RECEIVED, instance="new")) == []


def test_not_one_that_was_answered_or_missed_in_whatever_order_it_is_told() -> None:
    """Two people talk on without their edge."""
    for settled in (ANSWERED_0, MISSED):
        assert gone(told(RECEIVED, settled)) == []
        assert gone(told(settled, RECEIVED)) == []


def test_what_is_settled_is_forgotten() -> None:
    orphans = told(ANSWERED_0)
    gone(orphans, 62_000_000)
    assert not orphans.settled
