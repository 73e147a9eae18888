"""What Kamailio loads to show that the walk finds a leak: the same edge, that lets one thing through.

The leak is planted here, from outside; WALK_LEAK says which. The production code has no hook for this.
"""

import importlib
import os
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), *filter(None, [os.environ.get("EDGE_SITE")])]

from kemi.domain import masking, sdp  # noqa: E402

LEAK = os.environ["WALK_LEAK"]


def shown_whole(self: sdp.Description, origin: sdp.Origin) -> str:
    """The body as it should be, and a line more."""
    return scrubbed(self, origin) + f"i={self.version} {OVERHEARD[-1]}\r\n"


scrubbed = sdp.Description.shown_by
read = sdp.read
OVERHEARD: list[str] = [""]


def read_and_keep(body: str) -> sdp.Description:
    """Read the SDP, and keep its owner's name; what comes back from rtpengine has ours, which is none."""
    if (name := next((line[2:].split()[0] for line in body.splitlines() if line.startswith("o=")), "")) != "-":
        OVERHEARD.append(name)
    return read(body)


if LEAK == "sdp":
    setattr(sdp.Description, "shown_by", shown_whole)  # noqa: B010
    setattr(sdp, "read", read_and_keep)  # noqa: B010
else:
    masking.FATES[LEAK] = masking._LOWER[LEAK.lower()] = masking.Fate.CHECK
    masking._FORMS[LEAK.lower()] = re.compile(r".*", re.DOTALL)

edge: Any = importlib.import_module("kemi.entry.edge")
mod_init = edge.mod_init
