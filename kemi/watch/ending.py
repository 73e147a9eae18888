"""Hangs up the calls that have lasted as long as they may (kemi/decisions/0027).

Both BYEs go to Kamailio's own SIP port, from the one socket whose BYEs it takes without asking for the peer. A side is
done with when it, or the edge, has given a final answer; until then its BYE is sent again.
"""

import logging
import re
import secrets
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from kemi import curfew
from kemi.domain.events import Timed
from kemi.domain.open_calls import OpenCall
from kemi.errors import TokenRefused
from kemi.tokens import Keyring

_AGAIN_SECONDS: Final = 8.0  # tm gives up after 5 s (fr_timer) and says so: 8 s without a word, and Kamailio was away
_PARTING_TRIES: Final = 5  # of a call that is over for the spool: 40 s, in which Kamailio is back
_NO_ROOM: Final = 503
_STATUS: Final = re.compile(rb"SIP/2\.0 ([2-6]\d\d) ")
_BRANCH: Final = re.compile(rb"branch=(z9hG4bK[\w-]+)")
_log: Final = logging.getLogger("watch")


class _Try(NamedTuple):
    """BYEs that were sent: for what, when (monotonic), how often, and to which sides (0 caller, 1 member) still."""

    timed: Timed
    at: float
    tried: int
    sides: frozenset[int]

    @property
    def is_under_way(self) -> bool:
        """Whether a side has yet to answer that is asked again, though the call is over by one BYE."""
        return bool(self.sides) and self.tried < _PARTING_TRIES


class Ending:
    """The calls that are being hung up."""

    def __init__(self, keyring: Keyring, host: str, listen: tuple[str, int], door: socket.socket) -> None:
        """`host`: what the edge calls itself; `listen`: where Kamailio listens; `door`: the socket that it trusts."""
        self._keys = keyring
        self._host = host
        self._listen = listen
        self.socket = door
        door.setblocking(False)
        me = door.getsockname()
        self._via = f"SIP/2.0/UDP [{me[0]}]:{me[1]}" if ":" in me[0] else f"SIP/2.0/UDP {me[0]}:{me[1]}"
        self._tries: dict[str, _Try] = {}
        self._sent: dict[str, tuple[str, int]] = {}  # Via branch → call, side

    def look(self, calls: Mapping[str, OpenCall], now_us: int) -> None:
        """Hang up those of `calls` whose time is over; `now_us`: the wall clock, µs since the epoch."""
        over = {
            call: one.timed
            for call, one in calls.items()
            if one.timed is not None and one.answered_us and now_us >= one.answered_us + one.timed.seconds * 1_000_000
        }
        self._tries = {call: one for call, one in self._tries.items() if call in over or one.is_under_way}
        self._sent = {branch: sent for branch, sent in self._sent.items() if sent[0] in self._tries}
        # The first BYE ends the call for the spool; the other side may not have had its own yet.
        for call, timed in {**{call: one.timed for call, one in self._tries.items()}, **over}.items():
            self._hang_up(call, timed)

    def _hang_up(self, call: str, timed: Timed) -> None:
        last, now = self._tries.get(call), time.monotonic()
        if last is not None and (not last.sides or now < last.at + _AGAIN_SECONDS):
            return
        last = last or _Try(timed, now, 0, frozenset({0, 1}))
        if last.tried == 0:
            _log.info("hangs up call=%s after=%d s", call, timed.seconds)
        try:
            both = curfew.byes(timed, self._keys, self._host, last.tried)
        except TokenRefused as error:
            _log.error("alarm=not_hung_up call=%s why=%s", call, error)
            self._tries[call] = _Try(timed, now, 1, frozenset())
            return
        for side in sorted(last.sides):
            branch = f"z9hG4bK{secrets.token_hex(9)}"
            self._sent[branch] = (call, side)
            with suppress(OSError):  # sent again
                self.socket.sendto(both[side].text(f"{self._via};branch={branch}").encode(), self._listen)
        self._tries[call] = _Try(timed, now, last.tried + 1, last.sides)

    def read(self) -> None:
        """Take the answers that have come."""
        while True:
            try:
                data = self.socket.recv(65_535)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error: Kamailio is away
                continue
            status, branch = _STATUS.match(data), _BRANCH.search(data)
            sent = self._sent.pop(branch[1].decode(), None) if status and branch else None
            if status is None or sent is None or int(status[1]) == _NO_ROOM:
                continue
            call, side = sent
            last = self._tries.get(call)
            if last is not None:
                self._tries[call] = last._replace(sides=last.sides - {side})
            if int(status[1]) >= 300:
                _log.warning("call=%s side=%d answered the BYE with %d", call, side, int(status[1]))
