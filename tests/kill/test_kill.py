"""Each part is killed with -9 at each of its points, once; `make kill` does it two hundred times.

One stack and one capture for all: the runs are played one after the other, then each is looked at by itself.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.kill.evidence import Evidence
from tests.kill.faults import FAULTS, Fault
from tests.kill.reconcile import reconcile
from tests.kill.room import kill_room
from tests.kill.rounds import play_round
from tests.kill.stories import plan

SEED = 2  # `make kill` begins with 1
pytestmark = pytest.mark.timeout(400)  # the first test waits for all runs; the machine may be busy


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kill")


@pytest.fixture(scope="module")
def runs(var_dir: Path) -> Mapping[str, Evidence]:
    """Every fault's run."""
    with kill_room(var_dir) as room:
        played = play_round(room, [plan(SEED, number) for number in range(len(FAULTS))])
    return {run.plan.fault.name: run for run in played}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_wire_ledger_and_sms_tell_one_story(runs: Mapping[str, Evidence], fault: Fault) -> None:
    """… and nothing of either side leaks to the other, whatever dies."""
    assert reconcile(runs[fault.name]) == []


def test_no_death_leaves_an_error_of_ours_in_the_log(runs: Mapping[str, Evidence], var_dir: Path) -> None:
    """A request that a new start cannot serve is refused in words, never with a traceback."""
    assert len(runs) == len(FAULTS)
    for part in ("kamailio", "ledger", "sender", "watch"):
        log = (var_dir / "log" / f"{part}.log").read_text(errors="replace")
        assert "Traceback" not in log
        assert "failed in=" not in log
