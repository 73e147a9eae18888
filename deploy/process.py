"""One supervised process: started, kept up with growing pauses, ended with everything it started."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from deploy.discreet import Sieve, opened
from deploy.parts import Part
from deploy.settings import ROOT
from deploy.wait import until

_FIRST_PAUSE: Final = 0.2  # seconds before the first restart; doubles up to the longest
_LONGEST_PAUSE: Final = 10.0
_SETTLED: Final = 30.0  # seconds it must live for the pause to be forgotten


class Process:
    """A `Part` with its process, its log file and whether it is wanted."""

    def __init__(self, part: Part, environment: dict[str, str], log: Path) -> None:
        self.part = part
        self.log = log
        self.wanted = False
        self._environment = environment
        self._child: subprocess.Popen[bytes] | None = None
        self._sieve: Sieve | None = None
        self._started = 0.0
        self._pause = 0.0
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        """The process id, None while it does not run."""
        return None if self._child is None or self._ended(self._child) else self._child.pid

    @property
    def done(self) -> bool:
        """Whether a `once` part has done its work."""
        return self.part.once and self._child is not None and self._ended(self._child) and self._bury(self._child) == 0

    def ready(self) -> bool:
        """Say whether it can be used now."""
        return self.done if self.part.once else self.pid is not None and self.part.ready()

    def start(self) -> None:
        """Start it, and want it from now on."""
        self.wanted = True
        # The kernel ends it when the supervisor is gone, however that went. The group is its own, so that a
        # Ctrl-C at the terminal reaches the supervisor alone, and that everything it forks can be ended with it.
        guarded = self.part.command[0] == "setpriv"
        prefix = [] if guarded else ["setpriv", "--pdeathsig", "TERM", "--"]
        self._end_sieve()
        if self.part.sieve:
            self._sieve = Sieve(self.part.sieve, self.log)
        with opened(self.log) as log:
            output = log.fileno() if self._sieve is None else self._sieve.fileno()
            self._child = subprocess.Popen(
                [*prefix, *self.part.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env=self._environment,
                process_group=0,
                pass_fds=self.part.fds,
            )
        self._started, self._not_before = time.monotonic(), 0.0

    def stop(self) -> None:
        """End it in its own way, then what is left of its group; it is not wanted any more."""
        self.wanted = False
        if self._child is not None:
            if self.pid is not None:
                os.kill(self._child.pid, self.part.stop_signal)
                until(lambda: self.pid is None, self.part.stop_seconds)
            self._bury(self._child)
            self._end_sieve()

    def kill(self) -> None:
        """Kill -9 the whole group; it stays down until `start`."""
        self.wanted = False
        if self._child is not None:
            self._bury(self._child)
            self._end_sieve()

    def tend(self) -> str | None:
        """Restart it if it died and its pause is over. Returns a line for the log when something happened."""
        if self.wanted and self._sieve is not None:
            self._sieve.tend()
        if not self.wanted or self._child is None or self.pid is not None or self.done:
            return None
        now = time.monotonic()
        if not self._not_before:
            how = _how(self._bury(self._child))
            self._end_sieve()
            settled = now - self._started > _SETTLED
            self._pause = _FIRST_PAUSE if settled or not self._pause else min(self._pause * 2, _LONGEST_PAUSE)
            self._not_before = now + self._pause
            return f"{self.part.name} ended ({how}); starts again in {self._pause:.1f} s"
        if now >= self._not_before:
            self.start()
        return None

    def _end_sieve(self) -> None:
        """Have the last lines in the log."""
        if self._sieve is not None:
            self._sieve.close()
            self._sieve = None

    @staticmethod
    def _ended(child: subprocess.Popen[bytes]) -> bool:
        """Say whether it ended, without reaping it: until then its id cannot come to mean another's group."""
        if child.returncode is not None:
            return True
        try:
            return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # the thread that tends it has just reaped it, and sets the code next
            return True

    @staticmethod
    def _bury(child: subprocess.Popen[bytes]) -> int:
        """Kill what is left of the group, reap the child, return its exit code."""
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            until(lambda: not _living(child.pid), 5.0)
        return child.wait()

    def last_words(self) -> str:
        """Return the last line of its log, for an error."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else "(its log is empty)"


def _living(group: int) -> bool:
    """Say whether the process group has a member that is not a zombie (orphans' parent may never reap them)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(pgrp) == group and state not in "ZX":
            return True
    return False


def _how(code: int) -> str:
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name
