"""`python -m kemi.watch.keeper`: every second, hold Kamailio's counters to what the spool says of open calls.

    read what is new in the spool → which calls are open → the limits' counters (kemi/watch/counters.py)
    every minute, and at the end    how far it has read, and what is open, into VAR_DIR/run/watch.state

It needs neither PostgreSQL nor the ledger writer, and begins again where it was, after its own death or Kamailio's.
Environment: VAR_DIR, MAX_CALL_SECONDS, LOG_LEVEL. Ends on SIGTERM.
"""

import logging
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Final

from kemi.domain.open_calls import OpenCalls
from kemi.watch import state
from kemi.watch.counters import Counters
from kemi.watch.rpc import Rpc, RpcError
from kemi.watch.spools import Spools

LOOK_SECONDS: Final = 1.0
KEEP_SECONDS: Final = 60.0
_log: Final = logging.getLogger("watch")


class Watch:
    """What it knows, and one look at a time."""

    def __init__(self, var: Path, max_seconds: int, rpc: Rpc) -> None:
        """`var`: VAR_DIR; `max_seconds`: the longest call."""
        self._file = var / "run" / "watch.state"
        known = state.load(self._file)
        self._spools = Spools(var / "spool", known.offsets, time.time() - max_seconds)
        self.open = OpenCalls(max_seconds, known.calls)
        self._counters = Counters(rpc)
        self._rpc_failed = ""

    def look(self) -> None:
        """Look once; what Kamailio does not answer now it is asked again at the next look."""
        self._spools.look()
        self.truth()
        try:
            self._counters.look(self.truth)
            self._rpc_failed = ""
        except RpcError as error:
            if not self._rpc_failed:
                _log.warning("Kamailio does not answer, its counters are looked at again every second: %s", error)
            self._rpc_failed = str(error)

    def truth(self) -> Counter[str]:
        """Return what is open by what the spool says now."""
        for stamped in self._spools.events():
            self.open.take(stamped)
        self.open.forget(time.time_ns() // 1000, self._spools.is_alive)
        return self.open.counts()

    def keep(self) -> None:
        """Write down what is known."""
        try:
            state.keep(self._file, state.State(self._spools.offsets, self.open.calls))
        except OSError as error:
            _log.error("alarm=watch_state_not_kept error=%s the spool is read again after a restart", error.strerror)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    var = Path(os.environ["VAR_DIR"])
    watch = Watch(var, int(os.environ.get("MAX_CALL_SECONDS", "86400")), Rpc(var / "run" / "kamailio.rpc"))
    watch.look()
    _log.info("watch ready: open calls that are counted or timed: %d", len(watch.open.calls))
    keep_at = time.monotonic() + KEEP_SECONDS
    while not stop.wait(LOOK_SECONDS):
        watch.look()
        if time.monotonic() >= keep_at:
            watch.keep()
            keep_at = time.monotonic() + KEEP_SECONDS
    watch.keep()


if __name__ == "__main__":
    main()
