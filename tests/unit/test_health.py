"""A gateway is down when two OPTIONS running got no answer, and up with its first answer."""

import pytest

from kemi.domain.health import ANSWER_SECONDS, Health, Verdict

EVERY = 10.0
DOWN = Verdict(True, "no answer in 2 s, 2 times")


def asked(health: Health, at: float) -> None:
    assert health.sends(at)


def fails(health: Health, at: float) -> Verdict | None:
    """It is asked at `at`, and silent."""
    asked(health, at)
    return health.silent(at + ANSWER_SECONDS, EVERY)


def test_who_answers_is_asked_again_when_its_time_has_come() -> None:
    health = Health(100.0)
    asked(health, 100.0)
    assert health.answered(200, 100.1, EVERY) is None
    assert not health.sends(110.0)
    asked(health, 110.1)


def test_an_options_is_repeated_while_it_is_waited_for() -> None:
    health = Health(100.0)
    asked(health, 100.0)
    assert [health.sends(100.0 + n * 0.25) for n in range(1, 5)] == [False, True, False, True]
    assert health.silent(101.9, EVERY) is None


def test_one_silence_is_no_verdict_and_is_looked_into_at_once() -> None:
    health = Health(100.0)
    assert fails(health, 100.0) is None
    asked(health, 102.0)
    assert health.answered(200, 102.1, EVERY) is None
    assert fails(health, 112.1) is None


def test_two_in_a_row_are_a_verdict_and_the_first_answer_is_another() -> None:
    health = Health(100.0)
    fails(health, 100.0)
    assert fails(health, 102.0) == DOWN
    assert not health.sends(113.9)
    assert fails(health, 114.0) is None  # said once
    asked(health, 126.0)
    assert health.answered(200, 126.1, EVERY) == Verdict(False, "it answers 200")
    assert not health.is_down


@pytest.mark.parametrize("code", [200, 404, 405, 401, 480, 500])
def test_whatever_it_answers_somebody_is_there(code: int) -> None:
    health = Health(100.0)
    fails(health, 100.0)
    fails(health, 102.0)
    asked(health, 114.0)
    assert health.answered(code, 114.1, EVERY) == Verdict(False, f"it answers {code}")


def test_a_gateway_that_says_503_wants_no_calls() -> None:
    health = Health(100.0)
    asked(health, 100.0)
    assert health.answered(503, 100.1, EVERY) is None
    asked(health, 100.1)
    assert health.answered(503, 100.2, EVERY) == Verdict(True, "it answers 503")
