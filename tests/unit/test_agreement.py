"""A counter is corrected where it is wrong, and left alone while calls come and go."""

from hypothesis import given
from hypothesis import strategies as st

from kemi.domain.agreement import Agreement


def test_a_call_that_was_never_counted_down_is_taken_off_at_the_second_look() -> None:
    agreement = Agreement()
    assert agreement.look("h1", 3, 4, 3) == 0
    assert agreement.look("h1", 3, 4, 3) == -1


def test_a_counter_too_low_is_raised() -> None:
    """Such as one that began at 0 while calls from before a restart went on."""
    agreement = Agreement()
    assert agreement.look("h1", 5, 1, 5) == 0
    assert agreement.look("h1", 5, 1, 5) == 4


def test_what_begins_during_a_look_is_no_difference() -> None:
    agreement = Agreement()
    for _ in range(3):
        assert agreement.look("h1", 3, 4, 5) == 0
        assert agreement.look("h1", 5, 3, 3) == 0


def test_what_is_on_its_way_at_one_look_is_not_taken_for_lost() -> None:
    """Counted, its event not yet written: a difference, but not the same side twice."""
    agreement = Agreement()
    assert agreement.look("h1", 3, 4, 3) == 0
    assert agreement.look("h1", 4, 4, 4) == 0
    assert agreement.look("h1", 4, 5, 4) == 0
    assert agreement.look("h1", 4, 3, 4) == 0


def test_only_what_both_looks_saw_is_corrected() -> None:
    agreement = Agreement()
    agreement.look("h1", 3, 8, 3)
    assert agreement.look("h1", 3, 5, 3) == -2


def test_keys_do_not_mix_and_are_forgotten_together() -> None:
    agreement = Agreement()
    agreement.look("h1", 0, 1, 0)
    assert agreement.look("h2", 0, 1, 0) == 0
    agreement.forget()
    assert agreement.look("h1", 0, 1, 0) == 0


@given(st.integers(0, 9), st.integers(-5, 9))
def test_a_counter_that_nobody_touches_is_right_after_two_looks(truth: int, counter: int) -> None:
    agreement = Agreement()
    for _ in range(2):
        counter += agreement.look("h1", truth, counter, truth)
    assert counter == truth
