"""A real UDP socket, one thread, timers, and a memory of every byte that passed: what the endpoints stand on."""

import heapq
import itertools
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

from deploy.wait import readable
from kemi.audit.packet import Packet
from tests.sip.message import Address, Message, parse

__all__ = ["DEADLINE", "Endpoint", "NothingHappened", "Packet", "Recording"]

DEADLINE: Final = 5.0  # seconds that a fact may take on this loopback, two cores shared by many
_BUFFER: Final = 4 << 20


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
    """A SIP element's socket. Subclasses answer `on_message`; its state changes only under `changed`."""

    def __init__(self, host: str, port: int = 0, recording: Recording | None = None) -> None:
        self.recording = recording if recording is not None else Recording()
        self.changed = threading.Condition(threading.RLock())
        self.errors: list[BaseException] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.bind((host, port))
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
            for each in (self._socket, self._wake_r, self._wake_w):
                each.close()
        if self.errors:
            raise self.errors[0]

    def send(self, message: Message | bytes, to: Address) -> None:
        """Send one datagram and remember it."""
        raw = message if isinstance(message, bytes) else message.raw
        self.recording.add(Packet(time.monotonic(), self.address, to, raw))
        self._socket.sendto(raw, to)

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
            ready = readable([self._socket, self._wake_r], wait)
            if self._wake_r in ready:
                self._wake_r.recv(4096)
            with self.changed:
                try:
                    if self._socket in ready:
                        self._receive()
                    self._fire()
                except Exception as error:
                    self.errors.append(error)
                self.changed.notify_all()

    def _receive(self) -> None:
        raw, source = self._socket.recvfrom(65535)
        self.recording.add(Packet(time.monotonic(), source, self.address, raw))
        if raw.strip(b"\r\n\0"):  # keep-alives say nothing
            self.on_message(parse(raw), source)

    def _fire(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            _, _, act = heapq.heappop(self._timers)
            again = act()
            if again is not None:
                heapq.heappush(self._timers, (time.monotonic() + again, next(self._order), act))
