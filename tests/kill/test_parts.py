"""What the kill tests stand on: plans that repeat, a bomb that one process dies of, packets that are allotted."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kill import bomb
from tests.kill.counts import Counts
from tests.kill.faults import FAULTS
from tests.kill.rounds import allot
from tests.kill.stories import RINGING_STORIES, plan
from tests.sip.message import build
from tests.sip.wire import Packet

_COUNTS_DOWN = (
    "import sys, pathlib; from tests.kill import bomb; bomb.count_down(pathlib.Path(sys.argv[1]), sys.argv[2])"
)


def test_a_plan_is_the_same_for_ever_and_another_for_another_seed() -> None:
    assert plan(7, 3) == plan(7, 3)
    assert plan(7, 3) != plan(8, 3)
    assert plan(7, 3).stories != plan(7, 4).stories


@pytest.mark.parametrize("seed", range(5))
def test_every_fault_comes_once_in_as_many_runs_as_there_are(seed: int) -> None:
    plans = [plan(seed, number) for number in range(2 * len(FAULTS))]
    for half in (plans[: len(FAULTS)], plans[len(FAULTS) :]):
        assert sorted(one.fault.name for one in half) == sorted(one.name for one in FAULTS)
    assert all(1 <= one.nth <= one.fault.most for one in plans)
    assert all(len(one.stories) == len(RINGING_STORIES) + 2 for one in plans)


def counts_down(room: Path, kind: str) -> int:
    return subprocess.run([sys.executable, "-c", _COUNTS_DOWN, str(room), kind], check=False).returncode


def test_the_process_that_counts_the_last_one_dies_and_nobody_after_it(tmp_path: Path) -> None:
    room = tmp_path / "bomb"
    bomb.lay(room, "rang", 2)
    assert counts_down(room, "answered") == 0
    assert counts_down(room, "rang") == 0
    assert not bomb.is_spent(room)
    assert counts_down(room, "rang") == -signal.SIGKILL
    assert bomb.is_spent(room)
    assert counts_down(room, "rang") == 0


def test_of_many_at_once_exactly_one_dies(tmp_path: Path) -> None:
    room = tmp_path / "bomb"
    bomb.lay(room, "rang", 3)
    command = [sys.executable, "-c", _COUNTS_DOWN, str(room), "rang"]
    ends = [process.wait(30) for process in [subprocess.Popen(command) for _ in range(6)]]
    assert sorted(ends) == [-signal.SIGKILL, *[0] * 5]


def test_a_bomb_of_another_kind_with_a_like_name_is_not_touched(tmp_path: Path) -> None:
    room = tmp_path / "bomb"
    bomb.lay(room, "answered_elsewhere", 1)
    bomb.count_down(room, "answered")
    assert not bomb.is_spent(room)
    bomb.defuse(room)
    assert bomb.is_spent(room)


def test_a_repetition_that_comes_when_the_next_run_has_begun_belongs_to_its_own() -> None:
    def packet(at: float, call_id: str) -> Packet:
        return Packet(at, ("a", 1), ("b", 2), build("BYE sip:x SIP/2.0", [("Call-ID", call_id)]).raw)

    first, second, late = packet(1.0, "one"), packet(2.5, "two"), packet(2.6, "one")
    assert allot([first, second, late], [0.5, 2.0, 3.0]) == [[first, late], [second], []]


def test_figures_add_up() -> None:
    assert Counts(runs=1, seconds=1.5) + Counts(runs=2, problems=1) == Counts(runs=3, problems=1, seconds=1.5)
