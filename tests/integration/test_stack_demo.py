"""`make demo`, as a newcomer runs it."""

import subprocess
import sys

from deploy.demo.stories import CALLER, STORIES, TEXTABLE
from deploy.settings import ROOT


def test_the_demo_keeps_its_promises_and_shows_them() -> None:
    """Three ladders, the SMS and the rows are printed; every promise is ticked; the exit status is 0."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.demo"], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for story in STORIES:
        assert story.title in done.stdout
    assert "✗" not in done.stdout
    assert done.stdout.count(f"Ban da bi nho 1 cuoc goi tu so {CALLER}") == 2 * len(TEXTABLE)
    assert done.stdout.count(f"(vContact) Ban vua nhan cuoc goi tu so {CALLER}.") == 1
