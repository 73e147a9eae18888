"""A packet capture of the loopback: dumpcap writes, tshark reads, raw SIP messages come out."""

import os
import secrets
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from kemi.audit.capture import read_packets
from tests.sip.wire import DEADLINE, Packet

_TICK: Final = 0.02  # seconds between looks at the capture file
_MARK: Final = b"capture mark "
_TAIL: Final = 1 << 20  # bytes at the end of the file in which a new mark is looked for
_FRAGMENT: Final = "ip[6:2] & 0x1fff != 0"  # a later one has no port
_HEADER: Final = 24  # bytes before the first packet of a pcap file


class Capture:
    """Everything UDP on `ports` (any, if none are given) from entering to leaving the `with`.

    Needs the right to capture (root, or CAP_NET_RAW on dumpcap). dumpcap buffers, so beginning and end are marked by
    datagrams of our own, and both wait until the mark stands in the file.
    """

    def __init__(self, *ports: int, tcp: Sequence[int] = ()) -> None:
        """`tcp`: ports whose connections are captured, too."""
        self._folder = tempfile.TemporaryDirectory(prefix="capture-")
        self.file = Path(self._folder.name) / "wire.pcap"
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._marks = f"port {self._socket.getsockname()[1]}"
        wanted = " or ".join((*(f"port {each}" for each in ports), self._marks))
        self._filter = f"udp and ({wanted})" if ports else "udp"
        self._filter += "".join(f" or (tcp and port {each})" for each in tcp)
        self._filter += f" or ({_FRAGMENT})" if ports else ""
        self.packets: list[Packet] = []

    def __enter__(self) -> Self:
        command = ["dumpcap", "-q", "-P", "-i", "lo", "-s", "0", "-B", "16", "-f", self._filter, "-w", str(self.file)]
        self._dumpcap = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._mark()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._mark()
        finally:
            self._dumpcap.send_signal(signal.SIGINT)
            self._dumpcap.communicate(timeout=DEADLINE)
            self._socket.close()
        self.packets = read(self.file)
        self._folder.cleanup()

    def begins(self) -> bytes:
        """Send a datagram that will stand in the file, and return it."""
        mark = _MARK + secrets.token_hex(8).encode()
        self._socket.sendto(mark, self._socket.getsockname())
        return mark

    def _mark(self) -> bytes:
        """Return a datagram when it stands in the file. Raises `TimeoutError` with what dumpcap said."""
        mark, until = self.begins(), time.monotonic() + 2 * DEADLINE
        while time.monotonic() < until and self._dumpcap.poll() is None:
            if self.file.exists() and mark in self.file.read_bytes()[-_TAIL:]:
                return mark
            self._socket.sendto(mark, self._socket.getsockname())
            os.sched_yield()
            time.sleep(_TICK)  # polling a file that another process writes, up to the deadline
        self._dumpcap.kill()
        raise TimeoutError(f"dumpcap captures nothing: {self._dumpcap.communicate()[1].decode()}")


class Tape(Capture):
    """A capture that goes on, for many: dumpcap needs a second to start and to end.

    with tape.cut() as cut: …          # cut.packets: what passed within it
    """

    _at = _HEADER  # where the file has not been read from

    @contextmanager
    def cut(self) -> Iterator["Cut"]:
        """Note what passes from entering to leaving. Raises `TimeoutError` with what dumpcap said."""
        begin, cut = self.begins(), Cut()
        try:
            yield cut
        finally:
            end = self._mark()
            self._at, records = _between(self.file.read_bytes(), self._at, begin, end)
            file = self.file.with_name("cut.pcap")
            file.write_bytes(self.file.read_bytes()[:_HEADER] + records)
            cut.packets = read(file)


class Cut:
    """What passed within a `with`, when it is over."""

    packets: list[Packet]


def _between(raw: bytes, at: int, begin: bytes, end: bytes) -> tuple[int, bytes]:
    """Return where the record of `end` begins, and the records before it from that of `begin` on (pcap-savefile(5))."""
    records: list[bytes] = []
    while True:
        (length,) = struct.unpack_from("=I", raw, at + 8)
        record = raw[at : at + 16 + length]
        if begin in record:
            records = []
        if end in record:
            return at, b"".join(records)
        records.append(record)
        at += len(record)


def read(file: Path) -> list[Packet]:
    """The SIP messages (and other UDP payloads) of a capture file, in order; times are seconds since the epoch."""
    return [packet for packet in read_packets(file) if not packet.raw.startswith(_MARK)]
