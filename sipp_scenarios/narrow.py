"""A scenario on a wire as narrow as Ethernet: in a network namespace whose loopback has the MTU that it wants.

`problems(scenario)` starts this file in one (network and processes: when it ends, everything in it does), with an edge
of its own, and returns what that one found; and says if the wire was not narrow for it after all.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from sipp_scenarios.check import problems as found
from sipp_scenarios.play import play
from sipp_scenarios.scenario import Scenario, load
from tests import fragments_room
from tests.edge import running_edge

_SECONDS: Final = 100.0
_UNSHARE: Final = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--")


def problems(scenario: Scenario) -> list[str]:
    """Play `scenario` in its namespace. Raises `OSError` or `TimeoutError` where there can be none."""
    command = [*_UNSHARE, sys.executable, "-m", "sipp_scenarios.narrow", scenario.name]
    try:
        done = subprocess.run(
            command, cwd=fragments_room.ROOT, check=True, capture_output=True, text=True, timeout=_SECONDS
        )
    except subprocess.CalledProcessError as wrong:
        raise OSError(f"a network namespace of its own, which needs root: {wrong.stderr.strip()[-900:]}") from wrong
    except subprocess.TimeoutExpired as wrong:
        raise TimeoutError(f"not over after {_SECONDS:.0f} s") from wrong
    words: list[str] = json.loads(done.stdout.splitlines()[-1])
    return words


def _played(scenario: Scenario, folder: Path) -> list[str]:
    fragments_room.set_mtu(scenario.given.mtu)
    with running_edge(folder, say=lambda _: None) as edge:
        before = fragments_room.counters()
        words = found(scenario, edge, play(scenario, edge))
        after = fragments_room.counters()
    if after["FragCreates"] == before["FragCreates"]:
        words.append(f"nothing of it was larger than {scenario.given.mtu}")
    if after["ReasmFails"] != before["ReasmFails"]:
        words.append("fragments were not put together again")
    return words


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="narrow-") as name:
        print(json.dumps(_played(load(sys.argv[1]), Path(name))))
