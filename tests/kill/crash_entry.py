"""What Kamailio loads instead of `kemi/entry/edge.py`: the same edge, whose sink may be deadly.

A process that writes the event it was told to die of is killed with SIGKILL between the write and whatever would
follow from it: the message that the event tells of never leaves. The production code has no hook for this.
"""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), *filter(None, [os.environ.get("EDGE_SITE")])]

from kemi.domain.events import Event  # noqa: E402
from kemi.spool import sink  # noqa: E402
from tests.kill import bomb  # noqa: E402

COUNTDOWN = bomb.folder(Path(os.environ["VAR_DIR"]))


class MortalSink(sink.SpoolSink):
    """The real sink, and then perhaps the end."""

    def put(self, event: Event) -> None:
        """Append `event`; it survives the process from here on."""
        super().put(event)
        bomb.count_down(COUNTDOWN, str(type(event).__struct_config__.tag))


setattr(sink, "SpoolSink", MortalSink)  # noqa: B010
edge: Any = importlib.import_module("kemi.entry.edge")
mod_init = edge.mod_init
