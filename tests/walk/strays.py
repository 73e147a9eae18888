"""A capture of what the edge sends to anybody who is no party: it must stay empty."""

import re
from collections.abc import Iterable
from typing import Final

from tests.capture import Capture
from tests.sip.message import Address
from tests.sip.wire import Packet

_CROSSING: Final = re.compile(rb"SIP/2\.0 100 \d+\r\n")


class Strays(Capture):
    """All UDP that leaves `edge` on the loopback for any address but `parties`."""

    def __init__(self, edge: Address, parties: Iterable[Address]) -> None:
        super().__init__(edge[1])
        theirs = " or ".join(f"(dst host {host} and dst port {port})" for host, port in parties)
        self._filter = f"udp and ({self._marks} or (src host {edge[0]} and src port {edge[1]} and not ({theirs})))"

    def found(self) -> list[Packet]:
        """Return what was captured; the stack asks with OPTIONS of its own whether Kamailio is up."""
        ours = self.clocks() + self.crossings()
        return [one for one in self.packets if b"Call-ID: ready-" not in one.raw and one not in ours]

    def clocks(self) -> list[Packet]:
        """Return what the edge said to itself about its clocks (kemi/decisions/0021)."""
        return [one for one in self.packets if one.src == one.dst and b"\r\nCall-ID: clock-" in one.raw]

    def crossings(self) -> list[Packet]:
        """Return the provisional replies that the edge sent to itself once more (kemi/decisions/0049)."""
        return [one for one in self.packets if one.src == one.dst and _CROSSING.match(one.raw)]
