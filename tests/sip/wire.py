"""Real sockets, one thread, timers, and a memory of every byte that passed: what the endpoints stand on."""

import heapq
import itertools
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, Self

from deploy.wait import readable
from kemi.audit.packet import Packet
from tests.sip.message import Address, Message, address_of, parse, transport_of
from tests.sip.streams import Connection, Streams

__all__ = ["DEADLINE", "Endpoint", "NothingHappened", "Packet", "Recording", "Transport"]

DEADLINE: Final = 5.0  # seconds that a fact may take on this loopback, two cores shared by many
_BUFFER: Final = 4 << 20
Transport = Literal["udp", "tcp"]


@dataclass
class Recording:
    """What all endpoints of one test sent and received, in order."""

    packets: list[Packet] = field(default_factory=list)

    def add(self, packet: Packet) -> None:
        self.packets.append(packet)  # list.append is atomic; every endpoint has its own thread

    def ladder(self) -> str:
        """The recording as text, for the message of a failed test."""
        return "\n".join(str(packet) for packet in sorted(self.packets, key=lambda p: p.at))


class NothingHappened(AssertionError):
    """A fact that a test waited for did not come true before its deadline."""


class Endpoint:
    """A SIP element's address. Subclasses answer `on_message`; its state changes only under `changed`.

    It speaks one transport and no other, as behind a firewall that lets nothing else through.
    """

    def __init__(
        self, host: str, port: int = 0, recording: Recording | None = None, transport: Transport = "udp"
    ) -> None:
        self.recording = recording if recording is not None else Recording()
        self.changed = threading.Condition(threading.RLock())
        self.errors: list[BaseException] = []
        self.transport = transport
        self._streams = Streams(host, port) if transport == "tcp" else None
        self._socket = self._streams.listener if self._streams else _datagrams(host, port)
        self.address: Address = self._socket.getsockname()
        self._wake_r, self._wake_w = socket.socketpair()
        self._timers: list[tuple[float, int, Callable[[], float | None]]] = []
        self._order = itertools.count()
        self._open = True
        self._thread = threading.Thread(target=self._run, name=f"sip {self.address}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop and free the port. Raises the first error that the endpoint's own thread met."""
        if self._open:
            self._open = False
            self._wake_w.send(b".")
            self._thread.join()
            if self._streams:
                self._streams.close()
            for each in (self._socket, self._wake_r, self._wake_w):
                each.close()
        if self.errors:
            raise self.errors[0]

    def send(self, message: Message | bytes, to: Address) -> None:
        """Send one message and remember it: a datagram, or down the connection to `to`.

        A reply whose connection is gone opens one to where the request's Via says (RFC 3261 §18.2.2). What nobody
        takes is lost, as a datagram is.
        """
        raw = message if isinstance(message, bytes) else message.raw
        if self._streams is None:
            self.recording.add(Packet(time.monotonic(), self.address, to, raw))
            self._socket.sendto(raw, to)
            return
        with self.changed:
            if isinstance(message, Message) and message.status and not self._streams.is_open(to):
                to = address_of("sip:" + message.get("via").split()[1])
            self._stream(self._streams, raw, to)
        self._wake_w.send(b".")

    def _stream(self, streams: Streams, raw: bytes, to: Address) -> None:
        for _ in range(2):  # the other side may have closed what is open here
            try:
                one = streams.to(to)
                self.recording.add(Packet(time.monotonic(), one.me, one.peer, raw))
                one.socket.sendall(raw)
            except ConnectionError:
                streams.forget(to)
            else:
                return

    def way(self, uri: str) -> Address:
        """Where a request to `uri` goes (RFC 3261 §12.2.1.1, RFC 3263 §4.1). Raises `NothingHappened`: nowhere.

        What is sent by another transport than this side speaks reaches nobody.
        """
        if transport_of(uri) != self.transport:
            raise NothingHappened(f"a request to {uri} does not go by {self.transport}\n{self.recording.ladder()}")
        return address_of(uri)

    @property
    def connections(self) -> list[tuple[Address, Address]]:
        """The connections that are open: this end, and the other. It does not wait."""
        with self.changed:
            return self._streams.ends() if self._streams else []

    def loses_connections(self) -> None:
        """Close every connection there is; the next message opens another."""
        with self.changed:
            assert self._streams is not None, "over UDP there are none"
            self._streams.drop_all()
        self._wake_w.send(b".")

    def later(self, seconds: float, act: Callable[[], float | None]) -> None:
        """Call `act` in `seconds`; again after as many seconds as it returns, until it returns None."""
        with self.changed:
            heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), act))
        self._wake_w.send(b".")

    def soon(self, fact: Callable[[], object], within: float = DEADLINE) -> bool:
        """Wait until `fact()` holds, at most `within` seconds; whether it came to hold."""
        with self.changed:
            return bool(self.changed.wait_for(fact, within))

    def must(self, fact: Callable[[], object], what: str, within: float = DEADLINE) -> None:
        """Wait until `fact()` holds. Raises `NothingHappened`, with the ladder so far."""
        if not self.soon(fact, within):
            raise NothingHappened(f"not within {within} s: {what}\n{self.recording.ladder()}")

    def on_message(self, message: Message, source: Address) -> None:
        """Called under `changed` for every SIP message that came."""
        raise NotImplementedError

    def _run(self) -> None:
        while self._open:
            wait = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
            with self.changed:
                sockets = self._streams.sockets() if self._streams else [self._socket]
            ready = readable([self._wake_r, *(one for one in sockets if one.fileno() >= 0)], wait)
            if self._wake_r in ready:
                self._wake_r.recv(4096)
            with self.changed:
                try:
                    for one in ready:
                        if one is not self._wake_r:
                            self._receive(one)
                    self._fire()
                except Exception as error:
                    self.errors.append(error)
                self.changed.notify_all()

    def _receive(self, sock: socket.socket) -> None:
        if self._streams is None:
            raw, source = sock.recvfrom(65535)
            self._take(raw, source, self.address)
        elif sock is self._streams.listener:
            self._streams.accepts()
        elif (one := self._streams.of(sock)) is not None:
            self._receive_stream(self._streams, one)

    def _receive_stream(self, streams: Streams, one: Connection) -> None:
        found = one.reads()
        if found is None:
            streams.drops(one)
        for raw in found or ():
            self._take(raw, one.peer, one.me)

    def _take(self, raw: bytes, source: Address, me: Address) -> None:
        self.recording.add(Packet(time.monotonic(), source, me, raw))
        if raw.strip(b"\r\n\0"):  # keep-alives say nothing
            self.on_message(parse(raw), source)

    def _fire(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            _, _, act = heapq.heappop(self._timers)
            again = act()
            if again is not None:
                heapq.heappush(self._timers, (time.monotonic() + again, next(self._order), act))


def _datagrams(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    sock.bind((host, port))
    return sock
