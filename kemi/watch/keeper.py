"""`python -m kemi.watch.keeper`: what the edge must know that no single worker can.

    every second    what is new in the spool → which calls are open → the limits' counters (kemi/watch/counters.py);
                    calls that have lasted long enough are hung up (kemi/watch/ending.py);
                    what rtpengines have of calls that rang when their edge died is deleted;
                    which gateways and rtpengines there are, who is down (kemi/watch/probing.py, rtpengines.py)
    every 0.25 s    OPTIONS to gateways, as each wants it
    every minute, and at the end    how far it has read, and what is open, into VAR_DIR/run/watch.state

It needs neither PostgreSQL nor the ledger writer, and begins again where it was, after its own death or Kamailio's.
Environment: VAR_DIR, MAX_CALL_SECONDS, SIP_LISTEN, SIP_ADVERTISE, EDGE_KEY, RTPENGINE, LOG_LEVEL; WATCH_FD, the socket
whose BYEs Kamailio takes. Ends on SIGTERM.
"""

import logging
import os
import selectors
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from kemi.domain.media import Node, parse_nodes
from kemi.domain.open_calls import OpenCalls
from kemi.domain.orphans import Orphans
from kemi.errors import TableUnavailable
from kemi.spool import elsewhere
from kemi.table.store import TableReader
from kemi.tokens import Keyring
from kemi.watch import state
from kemi.watch.counters import Counters
from kemi.watch.ending import Ending
from kemi.watch.probing import Probing
from kemi.watch.rpc import Rpc, RpcError
from kemi.watch.rtpengines import Rtpengines
from kemi.watch.spools import Spools

LOOK_SECONDS: Final = 1.0
TICK_SECONDS: Final = 0.25
KEEP_SECONDS: Final = 60.0
_log: Final = logging.getLogger("watch")


class Watch:
    """What it knows, and one look at a time."""

    def __init__(
        self, var: Path, max_seconds: int, rpc: Rpc, probing: Probing, ending: Ending, nodes: Sequence[Node] = ()
    ) -> None:
        """`var`: VAR_DIR; `max_seconds`: the longest call; `nodes`: the rtpengines."""
        self._file = var / "run" / "watch.state"
        known = state.load(self._file)
        self._spools = Spools(var / "spool", known.offsets, time.time() - max_seconds)
        self.open = OpenCalls(max_seconds, known.calls)
        self._table = TableReader(var / "table")
        self._counters = Counters(rpc)
        self._probing = probing
        self._rtpengines = Rtpengines(rpc, nodes)
        self._orphans = Orphans(known.ringing, known.settled)
        self._ending = ending
        self._rpc_failed = ""
        self._run = var / "run"
        self._ask_at, self._asks = 0.0, True

    def look(self) -> None:
        """Look once; what Kamailio does not answer now it is asked again at the next look."""
        # Asked before the spool is read: a start that was gone by then has told all that it ever will.
        gone = {one for one in self._orphans.starts if not self._spools.is_alive(one)}
        self._spools.look()
        self.truth()
        self._end_orphans(gone)
        self._ask_elsewhere()
        with suppress(TableUnavailable):  # the gateways are asked as they were
            self._probing.know(self._table.gateways())
        try:
            self._counters.look(self.truth)
            self._probing.tell()
            self._rtpengines.look()
            self._rpc_failed = ""
        except RpcError as error:
            if not self._rpc_failed:
                _log.warning("Kamailio does not answer, its counters are looked at again every second: %s", error)
            self._rpc_failed = str(error)
        self._ending.look(self.open.calls, time.time_ns() // 1000)

    def _end_orphans(self, gone: set[str]) -> None:
        """Delete what rtpengines have of calls that rang when their edge died; in doubt, two may be talking."""
        doubtful = {one for one in gone if self._spools.has_gap(one)}
        now_us = time.time_ns() // 1000
        self._rtpengines.delete(self._orphans.found(now_us, gone - doubtful))
        if left := self._orphans.found(now_us, doubtful):
            _log.warning("sessions left to rtpengine's timeouts calls=%d why=the disk was full, who knows", len(left))

    def _ask_elsewhere(self) -> None:
        """Hear of calls that ended at another edge, and ask again (kemi/spool/elsewhere.py)."""
        if ended := self.open.end(elsewhere.read(self._run / elsewhere.ANSWERED)):
            _log.info("ended elsewhere calls=%d", ended)
        now = time.monotonic()
        if now < self._ask_at:
            return
        self._ask_at = now + elsewhere.ASK_SECONDS
        asked = self.open.older(elsewhere.ASK_SECONDS, time.time_ns() // 1000)[: elsewhere.MOST]
        if asked or self._asks:
            with suppress(OSError):  # a full disk: asked again
                elsewhere.write(self._run / elsewhere.ASKED, asked)
        self._asks = bool(asked)

    def truth(self) -> Counter[str]:
        """Return what is open by what the spool says now."""
        for stamped in self._spools.events():
            self.open.take(stamped)
            self._orphans.take(stamped)
        self.open.forget(time.time_ns() // 1000, self._spools.is_alive)
        return self.open.counts()

    def keep(self) -> None:
        """Write down what is known."""
        try:
            known = state.State(self._spools.offsets, self.open.calls, self._orphans.ringing, self._orphans.settled)
            state.keep(self._file, known)
        except OSError as error:
            _log.error("alarm=watch_state_not_kept error=%s the spool is read again after a restart", error.strerror)

    def close(self) -> None:
        """Write down what is known, and look no more."""
        self.keep()
        self._rtpengines.close()

    def tick(self, seconds: float) -> None:
        """Ask gateways, and hear what is answered for `seconds`."""
        self._probing.step()
        # Not select(), which ends at 1023: the door's descriptor is as high as it was in whoever started us.
        with selectors.PollSelector() as waiting:
            for one in (self._probing, self._ending):
                waiting.register(one.socket, selectors.EVENT_READ, one)
            for connection in self._probing.connections():
                waiting.register(connection.socket, connection.events, connection)
            for key, _ in waiting.select(seconds):
                key.data.read()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    var, host = Path(os.environ["VAR_DIR"]), os.environ["SIP_ADVERTISE"]
    rpc = Rpc(var / "run" / "kamailio.rpc")
    listen, _, port = os.environ["SIP_LISTEN"].removeprefix("udp:").rpartition(":")
    door = socket.socket(fileno=int(os.environ["WATCH_FD"]))
    ending = Ending(
        Keyring.parse(os.environ["EDGE_KEY"], host), host, (_reachable(listen.strip("[]")), int(port)), door
    )
    probing = Probing(rpc, listen.strip("[]"), host)
    nodes = parse_nodes(os.environ.get("RTPENGINE", ""))
    watch = Watch(var, int(os.environ.get("MAX_CALL_SECONDS", "86400")), rpc, probing, ending, nodes)
    look_at = keep_at = time.monotonic()
    _log.info("watch ready")
    while not stop.is_set():
        now = time.monotonic()
        if now >= look_at:
            watch.look()
            look_at = now + LOOK_SECONDS
        if now >= keep_at:
            watch.keep()
            keep_at = now + KEEP_SECONDS
        watch.tick(TICK_SECONDS)
    watch.close()


def _reachable(listen: str) -> str:
    """Return an address to reach Kamailio at that listens on `listen`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen, listen)  # noqa: S104 (it is asked about, not listened on)


if __name__ == "__main__":
    main()
