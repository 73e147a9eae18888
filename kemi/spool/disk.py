"""What the workers have written reaches the disk within a second or so, without a worker waiting for it."""

import os
import time
from pathlib import Path
from typing import Final

from kemi.spool.tail import SUFFIX

_SLACK_NS: Final = 1_000_000_000  # a file's mtime comes from a coarser clock than ours


class DiskSync:
    """Calls fdatasync on the spool files that changed since the last time; any process may, for any file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._last_ns = 0

    def sync(self) -> int:
        """Bring the files to the disk; return how many. Raises `OSError` where the disk fails."""
        now = time.time_ns()
        try:
            changed = [
                entry.path
                for entry in os.scandir(self._directory)
                if entry.name.endswith(SUFFIX) and entry.stat().st_mtime_ns > self._last_ns - _SLACK_NS
            ]
        except FileNotFoundError:  # no edge has started here yet, or a file was deleted meanwhile
            return 0
        for path in changed:
            fd = os.open(path, os.O_RDONLY)
            try:
                os.fdatasync(fd)
            finally:
                os.close(fd)
        self._last_ns = now
        return len(changed)
