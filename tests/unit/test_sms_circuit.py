"""When a provider is left alone and when it is asked again: every move, and nothing but the probe moves an open one."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.circuit import BALANCE_PROBE, PROBES, Circuit, Moved, moved
from sms.providers.kinds import Accepted, Refused, Result, Unknown

TAKEN = Accepted(200, "", None)
NO = Refused("bad number", final=True)
DOWN = Refused("503", final=False, cause="down")
SILENT = Unknown("silence", down=True)
BROKE = Refused("no money", final=False, cause="balance")
BUSY = Refused("429", final=False, wait_seconds=60, cause="busy")
SETUP = Refused("no secret", final=False, cause="setup")
CLOSED = Circuit()
ILL = Circuit("closed", None, 4)
IS_DOWN = Circuit("probing", "down", 5, 1)
IS_BROKE = Circuit("probing", "balance", 0, 1)

CLOSED_TABLE: list[tuple[Circuit, Result, Moved]] = [
    (CLOSED, TAKEN, Moved(CLOSED)),
    (ILL, TAKEN, Moved(CLOSED)),
    (ILL, NO, Moved(CLOSED)),
    (ILL, Refused("here not", final=True, cause="elsewhere"), Moved(CLOSED)),
    (ILL, Refused("same text", final=True, cause="suppressed"), Moved(CLOSED)),
    (ILL, SETUP, Moved(ILL)),
    (ILL, Unknown("200 without a code"), Moved(ILL)),
    (CLOSED, DOWN, Moved(Circuit("closed", None, 1))),
    (CLOSED, SILENT, Moved(Circuit("closed", None, 1))),
    (ILL, DOWN, Moved(Circuit("open", "down", 5, 1), 10, event="down")),
    (ILL, SILENT, Moved(Circuit("open", "down", 5, 1), 10, event="down")),
    (CLOSED, BROKE, Moved(Circuit("open", "balance", 0, 1), 300, event="no_balance")),
    (CLOSED, BUSY, Moved(CLOSED, pause_seconds=60, event="paused")),
    (CLOSED, BUSY._replace(wait_seconds=0), Moved(CLOSED, pause_seconds=5, event="paused")),
    (CLOSED, DOWN._replace(wait_seconds=90), Moved(Circuit("closed", None, 1), pause_seconds=90, event="paused")),
]
PROBE_TABLE: list[tuple[Circuit, Result, Moved]] = [
    (IS_DOWN, TAKEN, Moved(CLOSED, event="up")),
    (IS_DOWN, NO, Moved(CLOSED, event="up")),
    (IS_DOWN, BUSY, Moved(CLOSED, 60, 60, event="up")),
    (IS_DOWN, DOWN, Moved(Circuit("open", "down", 6, 2), 20)),
    (IS_DOWN, DOWN._replace(wait_seconds=90), Moved(Circuit("open", "down", 6, 2), 90, 90)),
    (IS_DOWN, SILENT, Moved(Circuit("open", "down", 6, 2), 20)),
    (IS_DOWN, SETUP, Moved(Circuit("open", "down", 5, 1), 10)),
    (IS_DOWN, BROKE, Moved(Circuit("open", "balance", 5, 2), 300, event="no_balance")),
    (IS_BROKE, TAKEN, Moved(CLOSED, event="up")),
    (IS_BROKE, NO, Moved(Circuit("open", "balance", 0, 1), 0)),
    (IS_BROKE, BROKE, Moved(Circuit("open", "balance", 0, 2), 300)),
    (IS_BROKE, SETUP, Moved(Circuit("open", "balance", 0, 1), 300)),
    (IS_BROKE, DOWN, Moved(Circuit("open", "down", 1, 2), 20, event="down")),
]


@pytest.mark.parametrize(("circuit", "result", "after"), CLOSED_TABLE)
def test_while_it_works_each_answer_is_heeded(circuit: Circuit, result: Result, after: Moved) -> None:
    assert moved(circuit, result, is_probe=False, breaker_failures=5) == after


@pytest.mark.parametrize(("circuit", "result", "after"), PROBE_TABLE)
def test_the_probe_decides(circuit: Circuit, result: Result, after: Moved) -> None:
    assert moved(circuit, result, is_probe=True, breaker_failures=5) == after


@pytest.mark.parametrize("circuit", [IS_DOWN, IS_DOWN._replace(state="open"), IS_BROKE])
@pytest.mark.parametrize("result", [TAKEN, NO, DOWN, SILENT, BROKE, BUSY, SETUP])
def test_what_was_under_way_before_moves_nothing(circuit: Circuit, result: Result) -> None:
    after = moved(circuit, result, is_probe=False, breaker_failures=1)
    assert (after.circuit, after.event) == (circuit, None)


@given(st.lists(st.sampled_from([DOWN, SILENT]), min_size=1, max_size=20))
def test_probes_come_later_and_later_and_one_that_works_ends_it(results: list[Result]) -> None:
    circuit, waits = CLOSED, []
    for result in results:
        after = moved(circuit, result, is_probe=circuit.state == "probing", breaker_failures=1)
        waits.append(after.probe_seconds)
        circuit = after.circuit._replace(state="probing")
    assert waits == [PROBES[min(number, len(PROBES) - 1)] for number in range(len(results))]
    assert moved(circuit, TAKEN, is_probe=True, breaker_failures=1).circuit == CLOSED


def test_the_numbers_in_the_readme_are_these() -> None:
    readme = (Path(__file__).parents[2] / "sms" / "README.md").read_text(encoding="utf-8")
    assert all(one < later for one, later in pairwise(PROBES))
    assert f"probed after {', '.join(map(str, PROBES[:-1]))}, then every {PROBES[-1]} s" in readme
    assert f"probed every {BALANCE_PROBE} s" in readme
