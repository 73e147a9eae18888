"""Datagrams that the kernel threw away because a socket's buffer was full, of the sockets that a window is about alone.

/proc/net/snmp counts those of the whole machine, on which others lose some, too. /proc/net/udp has a count for each
socket, which ends with the socket: so SIPp's are looked at again and again.
"""

import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from deploy.hosts import in_proc
from tests.sip.message import Address

_UDP: Final = Path("/proc/net/udp")
_EVERY: Final = 0.1  # seconds between two looks
Drops = dict[tuple[Address, str], int]  # by address and inode


def parse(text: str, wanted: Iterable[Address]) -> Drops:
    """Read /proc/net/udp: how many each socket that is bound to one of `wanted` has lost."""
    names = {in_proc(*each): each for each in wanted}
    lines = [line.split() for line in text.splitlines()[1:]]
    return {(names[line[1]], line[9]): int(line[12]) for line in lines if len(line) == 13 and line[1] in names}


class Lost:
    """Counts in `count` what these sockets lose within the `with`, also those that are opened in it."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self._addresses = list(addresses)
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="sockets", daemon=True)
        self._before: Drops = {}
        self._seen: Drops = {}

    def __enter__(self) -> Self:
        self._before = self._look()
        self._watcher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over.set()
        self._watcher.join()

    @property
    def count(self) -> int:
        """How many, by the last look."""
        return sum(lost - self._before.get(each, 0) for each, lost in self._seen.items())

    def _watch(self) -> None:
        while True:
            self._seen |= self._look()
            if self._over.wait(_EVERY):
                break
        self._seen |= self._look()

    def _look(self) -> Drops:
        return parse(_UDP.read_text(), self._addresses)


def listening(address: Address) -> socket.socket:
    """Return a socket that takes what comes for `address`. Raises `OSError` where another has it."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setblocking(False)
    one.bind(address)
    return one


def emptied(one: socket.socket) -> int:
    """Take what has come; return how many datagrams."""
    count = 0
    while True:
        try:
            one.recv(1)
        except BlockingIOError:
            return count
        count += 1
