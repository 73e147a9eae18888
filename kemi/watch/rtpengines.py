"""Asks the rtpengines whether they are there, so that no SIP worker has to (kemi/decisions/0050).

A worker that got no answer has said so in the table `down`, and none asks that node again; here it is asked on, and the
table is told when it answers, or that it still does not. Where the watch is gone, a verdict is forgotten by itself.
"""

import logging
import secrets
import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from kemi.domain.media import Node
from kemi.watch.rpc import Rpc, RpcError

_TABLE: Final = "down"
_DELETE: Final = "d7:command6:delete7:call-id{}:{}12:delete-delayi0ee"
_HOLD: Final = 30  # seconds that a verdict holds; it is said again every second
_SILENT_SECONDS: Final = 2.0  # without any answer
_log: Final = logging.getLogger("watch")


class Rtpengines:
    """The nodes of RTPENGINE, and what each has last said."""

    def __init__(self, rpc: Rpc, nodes: Sequence[Node]) -> None:
        self._rpc = rpc
        self._nodes = nodes
        now = time.monotonic()
        self._heard = [now] * len(nodes)
        self._down: set[int] = set()
        self._sockets = [_socket(node) for node in nodes]

    def look(self) -> None:
        """Take the answers, judge, ask again; to be called every second. Raises `RpcError`: then it is said again."""
        now = time.monotonic()
        for number, sock in enumerate(self._sockets):
            if _answered(sock):
                self._heard[number] = now
            self._judge(number, silent=now - self._heard[number] > _SILENT_SECONDS)
            with suppress(OSError):  # nobody listens there: its silence is judged
                sock.send(f"{secrets.token_hex(6)} d7:command4:pinge".encode())
        for number in range(len(self._nodes)):
            if number in self._down:
                self._rpc.ask("htable.setxi", _TABLE, f"r{number}", 1, _HOLD)
            elif self._heard[number] == now:
                with suppress(RpcError):  # no worker has said that it is down
                    self._rpc.ask("htable.delete", _TABLE, f"r{number}")

    def delete(self, calls: Iterable[str]) -> None:
        """End what any node has of these calls; nobody waits for that, and what is lost ends by its own timeouts."""
        for call in calls:
            for sock in self._sockets:
                with suppress(OSError):
                    sock.send(f"{secrets.token_hex(6)} {_DELETE.format(len(call), call)}".encode())

    def close(self) -> None:
        """Ask no more."""
        for sock in self._sockets:
            sock.close()

    def _judge(self, number: int, *, silent: bool) -> None:
        node = self._nodes[number]
        if silent and number not in self._down:
            self._down.add(number)
            _log.error("alarm=rtpengine_down rtpengine=%d address=%s:%d why=silent", number, node.ip, node.port)
        elif not silent and number in self._down:
            self._down.discard(number)
            _log.warning("rtpengine_up rtpengine=%d address=%s:%d", number, node.ip, node.port)


def _socket(node: Node) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in node.ip else socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.connect((node.ip, node.port))
    return sock


def _answered(sock: socket.socket) -> bool:
    """Take all that has come; whether anything has."""
    answered = False
    while True:
        try:
            sock.recv(65_535)
            answered = True
        except BlockingIOError:
            return answered
        except OSError:  # an ICMP error of an earlier question
            continue
