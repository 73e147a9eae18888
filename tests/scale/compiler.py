"""The compiler as a process of its own, watched from outside while it fills the table."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import lmdb

from deploy.wait import until
from kemi.table.store import MAX_READERS
from tests.scale import memory

_PATIENCE: Final = 3600.0  # seconds: a million hotlines on a busy machine
_PACE: Final = 0.2  # seconds between two looks at how far it is


class CompilerDied(Exception):
    """The compiler ended, or what was waited for did not come."""


class Compiler:
    """`python -m kemi.table.sync` over one database and one VAR_DIR."""

    def __init__(self, url: str, var: Path) -> None:
        self._env = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(var), "LOG_LEVEL": "error"}
        self._ready = var / "run" / "table.ready"
        self._table = var / "table"
        self._process: subprocess.Popen[bytes] | None = None
        self.peak_mib = 0.0  # the most memory of its own that was seen; pages of the table are not its own

    def start(self) -> None:
        """Start it; raises `OSError`."""
        self._ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "kemi.table.sync"]
        self._process = subprocess.Popen(command, env=self._env, stderr=subprocess.DEVNULL)

    def build(self, look: Callable[[int], None]) -> float:
        """Start it; return the seconds until the table is complete. `look` hears how many records there are."""
        began = time.monotonic()
        self.start()

        def watch() -> None:
            self.weigh()
            look(self.records())

        self.until(self._ready.exists, watch)
        return time.monotonic() - began

    def until(
        self, fact: Callable[[], bool], look: Callable[[], None], every: float = _PACE, seconds: float = _PATIENCE
    ) -> None:
        """Wait for a fact that the compiler brings about. Raises `CompilerDied`."""

        def is_over() -> bool:
            look()
            return fact() or not self._is_alive()

        if not until(is_over, seconds, every) or not fact():
            raise CompilerDied(CompilerDied.__doc__)

    def weigh(self) -> None:
        """Note how much memory it has now."""
        if self._process is not None:
            self.peak_mib = max(self.peak_mib, memory.private_mib(self._process.pid))

    def records(self) -> int:
        """Return how many records the table has; for a process that has no reader open."""
        try:
            with lmdb.open(str(self._table), readonly=True, create=False, max_readers=MAX_READERS) as env:
                entries: int = env.stat()["entries"]
                return entries
        except lmdb.Error:  # not there yet
            return 0

    def end(self) -> None:
        """End it, and wait for it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
            self._process = None

    def _is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None
