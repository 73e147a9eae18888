"""All parties of the walk on one event loop: a socket an address, every datagram given to the call it belongs to."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Final, Protocol

from tests.sip.message import Address, Message, parse, user_of
from tests.sip.wire import Packet

_DIGITS: Final = 9  # of a number: what every spelling ends with
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_TAG: Final = re.compile(r";\s*tag=([^;>\s]+)", re.IGNORECASE)
_ENTRY: Final = re.compile(r"<[^>]*>")
_BUFFER: Final = 4 << 20
FORGED_CSEQ: Final = 900_000  # and above: whoever receives one has been sent a forgery


class Listener(Protocol):
    """Who gets the messages of one Call-ID."""

    def on_message(self, message: Message, packet: Packet) -> None:
        """Take a message in; `packet` is the datagram it came in."""


class Port(asyncio.DatagramProtocol):
    """One UDP address."""

    def __init__(self, host: str, port: int, heard: Callable[[Packet], None]) -> None:
        self.address: Address = (host, port)
        self._heard = heard
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Bind; with port 0 `address` says which it got."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self.address)
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(1, 8, _BUFFER)  # SOL_SOCKET, SO_RCVBUF
        self.address = sock.getsockname()

    def close(self) -> None:
        """Free the address."""
        if self._transport is not None:
            self._transport.close()

    def send(self, raw: bytes, to: Address) -> Packet:
        """Send one datagram."""
        assert self._transport is not None
        self._transport.sendto(raw, to)
        return Packet(time.monotonic(), self.address, to, raw)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Asyncio's callback."""
        self._heard(Packet(time.monotonic(), addr, self.address, data))


class Wire:
    """Who listens to what."""

    def __init__(self, edge: Address) -> None:
        self.edge = edge
        self.orphans: list[Packet] = []  # what belongs to nobody
        self.errors: list[BaseException] = []
        self.by_call_id: dict[str, Listener] = {}
        self.by_branch: dict[str, Listener] = {}
        self.by_number: dict[str, Listener] = {}  # the last nine digits → the call that rings it now

    async def port(self, host: str, port: int = 0) -> Port:
        """Open an address."""
        made = Port(host, port, self._heard)
        await made.open()
        return made

    def _heard(self, packet: Packet) -> None:
        try:
            self._deliver(packet)
        except Exception as error:
            self.errors.append(error)

    def _deliver(self, packet: Packet) -> None:
        if not packet.raw.strip(b"\r\n\0"):
            return
        message = parse(packet.raw)
        listener = self.by_branch.get(message.branch) if message.status else None
        listener = listener or self.by_call_id.get(message.call_id)
        if listener is None and message.method == "INVITE" and not tag(message.get("to")) and not message.status:
            listener = self.by_number.get(tail(user_of(message.uri)))
        if listener is None:
            self.orphans.append(packet)
        else:
            listener.on_message(message, packet)


def tag(value: str) -> str:
    """Return the tag of a From or To; what a display name or another parameter quotes is none."""
    found = _TAG.findall(_QUOTED.sub("", value))
    return found[-1] if found else ""


def without_tag(value: str) -> str:
    """Return a From or To without its tag."""
    return value.replace(f";tag={tag(value)}", "")


def edge_routes(message: Message, edge: Address) -> tuple[str, ...]:
    """Return the Record-Routes that the edge has put into a message."""
    entries = [entry for value in message.all("record-route") for entry in _ENTRY.findall(value)]
    return tuple(entry for entry in entries if f"{edge[0]}:{edge[1]}" in entry)


def tail(number: str) -> str:
    """Return what every spelling of a number ends with."""
    return "".join(ch for ch in number if ch.isdigit())[-_DIGITS:]
