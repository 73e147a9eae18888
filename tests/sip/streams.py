"""TCP as an endpoint has it (RFC 3261 §18): a listener, connections by the address at their other end, messages."""

import re
import socket
from typing import Final

from tests.sip.message import Address

_LENGTH: Final = re.compile(rb"^(?:content-length|l)[ \t]*:[ \t]*(\d{1,7})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_SECONDS: Final = 5.0  # that a connection of ours may take


class Connection:
    """One connection and what has come of its next message."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.me: Address = sock.getsockname()
        self.peer: Address = sock.getpeername()
        self._text = b""

    def reads(self) -> list[bytes] | None:
        """The messages that are whole now; None: it is closed."""
        try:
            new = self.socket.recv(65535)
        except ConnectionResetError:
            return None
        if not new:
            return None
        self._text += new
        found = []
        while (size := _first_message(self._text)) is not None:
            found.append(self._text[:size])
            self._text = self._text[size:].lstrip(b"\r\n")
        return found


class Streams:
    """The listener of an endpoint, and its open connections. To be used under the endpoint's lock."""

    def __init__(self, host: str, port: int) -> None:
        self.listener = socket.create_server((host, port))
        self._host = host
        self._open: dict[Address, Connection] = {}

    def of(self, sock: socket.socket) -> Connection | None:
        return next((one for one in self._open.values() if one.socket is sock), None)

    def sockets(self) -> list[socket.socket]:
        return [self.listener, *(one.socket for one in self._open.values())]

    def ends(self) -> list[tuple[Address, Address]]:
        return [(one.me, one.peer) for one in self._open.values()]

    def is_open(self, peer: Address) -> bool:
        return peer in self._open

    def accepts(self) -> None:
        sock, _ = self.listener.accept()
        self._add(sock)

    def to(self, peer: Address) -> Connection:
        """The connection to `peer`, opened if there is none. Raises `OSError`."""
        if peer not in self._open:
            self._add(socket.create_connection(peer, _SECONDS, (self._host, 0)))
        return self._open[peer]

    def drops(self, one: Connection) -> None:
        self._open.pop(one.peer, None)
        one.socket.close()

    def forget(self, peer: Address) -> None:
        if peer in self._open:
            self.drops(self._open[peer])

    def drop_all(self) -> None:
        for one in list(self._open.values()):
            self.drops(one)

    def close(self) -> None:
        self.drop_all()
        self.listener.close()

    def _add(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one = Connection(sock)
        self._open[one.peer] = one


def _first_message(text: bytes) -> int | None:
    """The length of the message that `text` begins with, None while it is not whole (§18.3)."""
    head, blank, _ = text.partition(b"\r\n\r\n")
    if not blank:
        return None
    found = _LENGTH.search(head)
    size = len(head) + len(blank) + (int(found[1]) if found else 0)
    return size if size <= len(text) else None
