"""A short walk: the same calls every time. `make audit` walks further, and elsewhere each time."""

from pathlib import Path

import pytest

from tests.walk.report import by_problem, figures
from tests.walk.run import Told, walk

CALLS, SEED = 150, 7
LEAKY = Path(__file__).with_name("leaky_entry.py")
pytestmark = pytest.mark.timeout(300)  # the machine may be busy


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return walk(tmp_path_factory.mktemp("walk"), CALLS, SEED, restarts=1, every=3)


def test_nothing_is_found(told: Told) -> None:
    """No leak, no call and no request without its end, nothing to anybody's address but the parties'."""
    assert told.findings == []


def test_it_went_everywhere(told: Told) -> None:
    """… and was no walk around the house: every outcome, every carrier, requests both ways within calls."""
    counted = figures(told, SEED)
    assert counted["calls"] == CALLS
    assert counted["never planted"] == []
    assert counted["in dialog"] > 100
    assert len(counted["by outcome"]) >= 9
    assert told.restarts == 1


@pytest.mark.parametrize("leak", ["Subject", "sdp"])
def test_a_leak_planted_on_purpose_turns_it_red(leak: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One header let through, or one line of SDP: both audits find it, each by itself."""
    monkeypatch.setenv("WALK_LEAK", leak)
    told = walk(tmp_path, 12, SEED, entry=LEAKY)
    kinds = by_problem(told.findings)
    assert any("heard a" in text for text in kinds), kinds
    assert any("heard a" not in text and (leak.lower() in text.lower() or "body i=" in text) for text in kinds), kinds
