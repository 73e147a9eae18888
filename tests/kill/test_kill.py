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
from tests.logs import KILLED, faults, numbers_of

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


def test_no_death_leaves_an_error_of_ours_in_a_log_or_a_number(runs: Mapping[str, Evidence], var_dir: Path) -> None:
    """What a new start cannot serve is refused in words, never with a traceback; PostgreSQL says that it died."""
    assert len(runs) == len(FAULTS)
    stories = [story for run in runs.values() for story in run.plan.stories]
    secrets = numbers_of({number for story in stories for number in (story.caller, *dict(story.members))})
    logs = {path.stem: path.read_text(errors="replace") for path in (var_dir / "log").glob("*.log")}
    assert {"kamailio", "ledger", "sender", "watch", "recorder", "table", "postgres"} <= logs.keys()
    assert [
        (part, each) for part, log in logs.items() for each in faults(part, log, secrets, KILLED.get(part, ()))
    ] == []
