"""How the benchmark looks for a rate, when it calls one held, and what it says was full: none of it measured here."""

from typing import Any

import pytest

from sipp_scenarios.bench import alone, full
from sipp_scenarios.bench.capacity import is_open
from sipp_scenarios.bench.figures import Window, held, missing
from sipp_scenarios.bench.program import EDGE
from sipp_scenarios.bench.ramp import Holds, Ramp, again, is_hiccup, next_rate


def window(rate: int, seconds: float = 1.0, **more: Any) -> Window:
    """Five-way calls that went well, but for `more`."""
    calls = int(rate * seconds)
    told: dict[str, Any] = {"failed": 0, "failed_legs": 0, "retransmissions": 0, **more}
    return Window("ours", 5, "answered", rate, float(rate), calls, seconds=seconds, cpu={EDGE: 1.0}, **told)


def climbed(ramp: Ramp, limit: int) -> list[int]:
    """Return what a ramp tries on a program that holds `limit`."""
    tried = []
    while ramp.next is not None:
        tried.append(ramp.next)
        ramp.told(ramp.next <= limit)
    return tried


@pytest.mark.parametrize("limit", [30, 99, 100, 377, 3200, 6100])
def test_a_ramp_ends_near_the_limit_wherever_that_is(limit: int) -> None:
    """Also below where it began; no step twice."""
    ramp = Ramp(100, 25_600)
    tried = climbed(ramp, limit)
    assert ramp.best <= limit <= ramp.best * 1.15 + 1
    assert len(set(tried)) == len(tried)


def test_a_ramp_that_nothing_stops_ends_at_the_most() -> None:
    """And one that holds nothing, at the least."""
    assert climbed(Ramp(100, 1000), 9999) == [100, 200, 400, 800, 1000]
    assert climbed(Ramp(100, 1000), 0) == [100, 50, 25, 12]


def test_a_later_round_begins_below_what_the_first_has_found_and_goes_beyond_it() -> None:
    """Few steps, for each that fails is slow; and as high as it comes, whatever the first has found."""
    assert climbed(again(1000, 100, 25_600), 1100) == [800, 1000, 1250, 1125]
    ramp = again(500, 100, 25_600)
    climbed(ramp, 1100)
    assert 1100 / 1.15 <= ramp.best <= 1100
    assert climbed(again(0, 100, 25_600), 100)[:2] == [100, 200]


def holding(first: int, limit: int) -> tuple[int, list[int]]:
    """Return the rate found, and what was held for it."""
    holds, tried = Holds(first), list[int]()
    while holds.next is not None:
        rate = holds.next
        tried.append(rate)
        holds.told(window(rate, 60.0, failed=0 if rate <= limit else 20 * rate))
    return holds.best, tried


def test_after_a_hold_that_failed_the_rate_goes_up_again_by_halves() -> None:
    """A third fails at 1000/s: 666/s is what was served, and not the most that would have been."""
    assert holding(1000, 900) == (874, [1000, 666, 833, 916, 874])


def test_holds_end() -> None:
    """With one where that is held, with zero where none is."""
    assert holding(1000, 1000) == (1000, [1000])
    assert holding(0, 1000) == (0, [])
    best, tried = holding(1000, 0)
    assert best == 0
    assert len(tried) == 4


@pytest.mark.parametrize(("failed", "then"), [(30_000, 500), (10, 720), (79_000, 400)])
def test_after_a_rate_that_was_not_held_comes_what_was_served_of_it(failed: int, then: int) -> None:
    """60 s of 800/s; a handful of failures is no reason to ask for the same, nor a collapse for next to nothing."""
    assert next_rate(window(800, 100.0, failed=failed)) == then


def test_a_step_of_which_little_failed_is_tried_twice() -> None:
    """It may have been the machine; a program that has collapsed would only collapse again."""
    assert is_hiccup(window(1000, retransmissions=3))
    assert not is_hiccup(window(1000, failed=200, retransmissions=3))
    assert not is_hiccup(window(1000))


@pytest.mark.parametrize(
    "fault", [{"missing_legs": 1}, {"failed_legs": 1}, {"dropped": 1}, {"retransmissions": 1}, {"failed": 2}]
)
def test_what_is_held_has_no_fault(fault: dict[str, int]) -> None:
    """Nobody who was not rung, no leg that ended otherwise, no datagram that a full socket lost."""
    assert held(window(10_000))
    assert not held(window(10_000, **fault))


def test_the_legs_of_a_failed_call_are_not_missed_and_may_fail_with_it() -> None:
    """It may have had any number of them; those of the others must all be there."""
    assert missing(calls=100, failed=2, members=5, legs=490) == 0
    assert missing(calls=100, failed=2, members=5, legs=489) == 1
    assert missing(calls=100, failed=2, members=5, legs=500) == 0
    assert held(window(20_000, failed=1, failed_legs=5))
    assert not held(window(20_000, failed=1, failed_legs=6))


def test_what_was_full_is_read_at_the_lowest_rate_above_the_one_that_was_held() -> None:
    """A hiccup below it says nothing of the limit."""
    failed = [
        window(400, retransmissions=2),
        window(2000, failed=900, busy=0.99, cores=1.5, calling=0.2, answering=0.25, dropped=7),
        window(3200, failed=3000, busiest=0.99),
    ]
    found = full.first([*failed, window(1600)], 1600)
    assert "the cores, 7 datagrams were lost at full sockets; at 2000/s: the program 1.50, SIPp 0.45 of" in found
    assert full.first([window(100)], 100) == full.NOTHING


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"complaint": "caller: … received 'SIP/2.0 503 Service"}, "503"),
        ({"busiest": 0.97}, "one process of the program (0.97 of a core)"),
        ({"missing_legs": 9}, "9 legs were never rung"),
        ({"sipp_busiest": 0.99, "calling": 0.99}, "SIPp's caller has all of its one core"),
        ({"sipp_busiest": 0.99, "calling": 0.3, "answering": 0.99}, "SIPp's gateway has all of its one core"),
        ({}, "no core was full all the time"),
    ],
)
def test_each_limit_has_its_words(more: dict[str, Any], words: str) -> None:
    """By what was full while calls began."""
    assert words in full.why(window(100, failed=50, **more))


def test_a_limit_of_sipp_is_none_of_the_program() -> None:
    """Then it holds at least so much; where the cores are full, SIPp is slow like everybody."""
    slow = window(4000)._replace(held=3000.0)
    assert is_open([window(2000), slow], 2000, False)
    assert not is_open([window(2000), slow._replace(busy=0.99)], 2000, False)
    assert not is_open([window(2000), window(4000, failed=9)], 2000, False)
    assert is_open([window(2000)], 2000, False)
    assert not is_open([window(2000)], 2000, True)


def test_which_limit_of_its_own_sipp_has_is_said() -> None:
    """Its one core, its clock, its socket; or that none was reached."""
    assert alone.which([window(1000)], 1000) == "none was reached"
    said = alone.which([window(1000), window(2000, sipp_busiest=0.98, calling=0.98, dropped=40)], 1000)
    assert said.startswith("SIPp's caller has all of its one core (0.98), 40 datagrams were lost at its full sockets;")
    assert "messages were late" in alone.which([window(2000, retransmissions=4)], 1000)
