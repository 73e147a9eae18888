"""One question to a gateway that speaks TCP: a connection of its own, for that is what its INVITEs need (RFC 3261 §18).

opened ──> it takes the connection: the text is sent ──> heard(what it said so far)
  └── failed(why): refused, closed, no way there
"""

import errno
import os
import selectors
import socket
from collections.abc import Callable
from typing import Final

from kemi.domain.addresses import Hop

_MOST: Final = 65_535  # bytes of an answer


class Connection:
    """Never waits: `read` is to be called when `socket` is ready for `events`."""

    def __init__(self, listen: str, heard: Callable[[bytes], None], failed: Callable[[str], None]) -> None:
        """`listen`: the IP address to ask from; `heard` and `failed`: told what came of it."""
        self.socket = socket.socket(socket.AF_INET6 if ":" in listen else socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.events = selectors.EVENT_WRITE
        self._listen, self._heard, self._failed = listen, heard, failed
        self._text = self._said = b""

    def ask(self, hop: Hop, text: Callable[[int], str]) -> None:
        """Open it, and send `text` (of the port it is sent from) once it is there."""
        try:
            self.socket.bind((self._listen, 0))
            self._text = text(self.socket.getsockname()[1]).encode()
            code = self.socket.connect_ex((hop.ip, hop.port))
        except OSError as error:  # no port is left
            code = error.errno or errno.EIO
        if code not in {0, errno.EINPROGRESS}:
            self._end(code)

    def read(self) -> None:
        """Go on: send what is to be sent, or take what has come."""
        try:
            if self.events == selectors.EVENT_WRITE:
                self._sends()
            else:
                self._takes()
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error.errno or errno.EIO)

    def close(self) -> None:
        """Ask no more."""
        self.socket.close()

    @property
    def is_open(self) -> bool:
        """Whether something is still waited for."""
        return self.socket.fileno() >= 0

    def _sends(self) -> None:
        if code := self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._end(code)
            return
        self.socket.send(self._text)  # a few hundred bytes into an empty buffer
        self.events = selectors.EVENT_READ

    def _takes(self) -> None:
        new = self.socket.recv(_MOST)
        self._said += new
        if not new or len(self._said) > _MOST:
            self._end(errno.ECONNRESET)
        elif b"\r\n\r\n" in self._said:
            said, self._said = self._said, b""  # a 100 may come before the answer
            self._heard(said)

    def _end(self, code: int) -> None:
        self.close()
        self._failed(os.strerror(code).lower())
