"""Retries come later and later, never all at once, and the README says when."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sms.retry import DELAYS, GIVE_UP_SECONDS, delay


def test_delays_grow() -> None:
    middle = [delay(attempt, 0.5) for attempt in range(1, len(DELAYS) + 1)]
    assert middle == sorted(set(middle))
    assert middle == list(map(float, DELAYS))


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_delay_stays_within_a_tenth_and_the_last_one_repeats(attempt: int, dice: float) -> None:
    wanted = DELAYS[min(attempt, len(DELAYS)) - 1]
    assert 0.9 * wanted <= delay(attempt, dice) <= 1.1 * wanted


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True), st.floats(0, 3600))
def test_what_a_provider_asks_for_is_waited_for_and_spread_behind_it(attempt: int, dice: float, asked: float) -> None:
    assert delay(attempt, dice, asked) >= max(asked, delay(attempt, dice))
    assert delay(attempt, dice, asked) <= max(1.2 * asked, delay(attempt, dice))


def test_the_table_in_the_readme_is_this_table() -> None:
    readme = (Path(__file__).parents[2] / "sms" / "README.md").read_text(encoding="utf-8")
    passed = 0
    for attempt, seconds in enumerate(DELAYS, start=1):
        passed += seconds
        assert f"| {attempt} | {seconds} | {passed} |" in readme
    assert f"`SMS_GIVE_UP_SECONDS` | {GIVE_UP_SECONDS} |" in readme
