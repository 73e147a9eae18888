"""The pure parts of the benchmark: what the kernel and SIPp write is read rightly, and figures follow from it."""

import os
import re
import subprocess
from math import isnan

import pytest

from sipp_scenarios.bench import counts, cpu
from sipp_scenarios.bench.counted import WHOLE, Count
from sipp_scenarios.bench.counted import counts as instructions
from sipp_scenarios.bench.counts import Counts
from sipp_scenarios.bench.cpu import Stat
from sipp_scenarios.bench.figures import Cost, Window, cost, held, ratio, summed
from sipp_scenarios.bench.program import EDGE
from sipp_scenarios.bench.steps import WHAT, prices
from sipp_scenarios.scenario import ROOM

_STAT = "4711 ({name}) S 4700 4711 4711 0 -1 4194304 812 90 0 0 150 25 7 3 20 0 1 0 190713 51200000 1200 184467"


@pytest.mark.parametrize("name", ["kamailio", "a b", "x) S 1 (y", ")"])
def test_a_stat_line_is_read_whatever_the_name(name: str) -> None:
    """proc(5): the name stands in parentheses and may hold some itself."""
    assert cpu.parse_stat(_STAT.format(name=name)) == Stat(4711, 4700, 150 + 25 + 7 + 3, 7 + 3, 1)


def test_what_is_no_stat_line_is_refused() -> None:
    """A process that ends leaves an empty file."""
    with pytest.raises(ValueError, match="not a line"):
        cpu.parse_stat("")


def test_a_process_counts_with_everything_below_it() -> None:
    """Children and theirs, in any order; not its parent, not its sisters."""
    stats = [Stat(30, 20, 4), Stat(20, 10, 2), Stat(10, 1, 1), Stat(11, 1, 8), Stat(21, 10, 16)]
    assert sum(each.ticks for each in cpu.tree(10, stats)) == 1 + 2 + 4 + 16
    assert cpu.tree(99, stats) == []


def test_our_own_process_has_used_time() -> None:
    """The real /proc is read."""
    assert cpu.seconds(os.getpid()) > 0


def sipp(*rows: tuple[float, int, int, int]) -> str:
    """A statistics file: (seconds since the start, calls created, failed, retransmissions) a line."""
    lines = [
        "StartTime;CurrentTime;ElapsedTime(C);TotalCallCreated;FailedCall(P);SuccessfulCall(C);Retransmissions(C);"
    ]
    for at, calls, failed, again in rows:
        now = f"2026-11-24\t16:38:{at:09.6f}\t{1795538306.25 + at}"
        start = "2026-11-24\t16:38:00.000000\t1795538306.25"
        lines.append(f"{start};{now};00:00:{at:02.0f};{calls};0;{calls - failed};{again};")
    return "\n".join(lines) + "\n"


def test_sipps_last_line_counts_and_the_rate_is_that_of_beginning_calls() -> None:
    """The tail, when only old calls are waited for, does not make the rate smaller."""
    told = counts.parse(sipp((1.0, 100, 0, 0), (8.0, 800, 1, 2), (10.0, 800, 3, 7)))
    assert told == Counts(calls=800, failed=3, retransmissions=7, rate=100.0)


def test_the_rate_is_not_made_smaller_by_when_sipp_writes() -> None:
    """400/s for half a second: the line that has all 200 comes a tick late; the others tell."""
    told = counts.parse(sipp((0.1, 20, 0, 0), (0.2, 60, 0, 0), (0.4, 140, 0, 0), (0.7, 200, 0, 0)))
    assert told.rate == pytest.approx(400.0)


def test_a_sipp_that_has_counted_nothing_is_an_error() -> None:
    """Neither an empty file nor one with its heading alone is a result of zero failures."""
    for text in ("", sipp()):
        with pytest.raises(ValueError, match="no statistics"):
            counts.parse(text)


def window(edge: float, *, failed: int = 0, held: float = 400.0, again: int = 1) -> Window:
    """2000 calls in 5 s."""
    used = {EDGE: edge, "ledger": 2 * edge}
    return Window("ours", 5, "answered", 400, held, 2000, failed, 2 * failed, again, 5.0, used)


def test_idle_time_is_subtracted_and_failed_calls_carry_no_cost() -> None:
    """(2.1 s - 5 s of 2 % idle) for 2000 calls is 1 s per 1000; for 1000 answered ones, 2 s."""
    assert cost(window(2.1), EDGE, 0.02) == pytest.approx(1.0)
    assert cost(window(2.1, failed=1000), EDGE, 0.02) == pytest.approx(2.0)
    assert isnan(cost(window(2.1, failed=2000), EDGE, 0.02))


def test_a_cost_is_the_median_of_its_rounds() -> None:
    """Of each part; failures and retransmissions of all rounds together; the lowest rate that was held."""
    rounds = [window(2.0), window(9.0, failed=4, held=350.0), window(4.0)]
    found = summed(rounds, {EDGE: 0.0, "ledger": 0.0})
    assert found.cost == {EDGE: 2.0, "ledger": 4.0}
    assert found.rounds[0] == 1.0
    assert (found.failed, found.failed_legs, found.retransmissions, found.held) == (4, 8, 3, 350.0)


def of(program: str, *rounds: float) -> Cost:
    """A cost with these rounds."""
    return Cost(program, 5, "answered", 400, 400.0, {}, list(rounds), 0, 0, 0)


def test_the_ratio_is_taken_round_by_round() -> None:
    """What slows the machine for a while slows both neighbours: 2.0 each time, though the medians say otherwise."""
    assert ratio(of("ours", 2.0, 6.0, 20.0), of("native script", 1.0, 3.0, 10.0)) == 2.0


@pytest.mark.parametrize(
    ("changes", "is_held"),
    [
        ({"again": 0}, True),
        ({"again": 1}, False),
        ({"again": 0, "failed": 1}, False),
        ({"again": 0, "held": 380.0}, False),
    ],
)
def test_a_rate_is_held_without_failures_repetitions_or_lag(changes: dict[str, int], is_held: bool) -> None:
    """One call of 2000 is more than 0.01 %."""
    assert held(window(2.0, **changes)) is is_held


def test_a_step_costs_what_its_neighbour_in_time_saves() -> None:
    """The median of the differences within each round: what the machine does besides hits both."""

    def window(step: str, cpu: float) -> Window:
        return Window(step, 5, "answered", 100, 100.0, 1000, 0, 0, 0, 10.0, {EDGE: cpu})

    whole, without = (2.0, 3.0, 9.0), (1.5, 2.75, 8.0)
    windows = {
        "nothing": [window("nothing", cpu) for cpu in whole],
        "events": [window("events", cpu) for cpu in without],
    }
    events = prices(windows, {"nothing": 0.0, "events": 0.0})[1]
    assert (events.without_ms, events.price_ms, events.rounds) == (2.75, 0.5, [0.5, 0.25, 1.0])


def test_every_step_is_explained() -> None:
    """What can be left out has a line in the table."""
    found = re.findall(r'^    "(\w+)": _\w+,$', (ROOM / "bench" / "without.py").read_text(), re.MULTILINE)
    assert found == list(WHAT)


def test_each_steps_instructions_are_a_share_of_the_whole_calls() -> None:
    """In thousands."""
    found = instructions(2_000_000.0, {"sealing": 100_000.0, "bodies": 500_000.0})
    assert found == [Count(WHOLE, 2000.0, 1.0), Count("sealing", 100.0, 0.05), Count("bodies", 500.0, 0.25)]


def test_who_reads_a_process_log_is_found() -> None:
    """By the pipe between them: Kamailio's log goes through a process that costs CPU, too."""
    read, write = os.pipe()
    with subprocess.Popen(["cat"], stdin=read, stdout=subprocess.DEVNULL) as reader:
        os.close(read)
        with subprocess.Popen(["sleep", "60"], stderr=write) as writer:
            os.close(write)
            assert cpu.readers(writer.pid) == [reader.pid]
            writer.kill()
