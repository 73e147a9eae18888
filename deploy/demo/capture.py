"""What was on the wire: dumpcap on the loopback interface, read back by the auditor."""

import os
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from deploy.wait import until
from kemi.audit import Packet
from kemi.audit.capture import read_packets
from kemi.errors import EdgeError


class CaptureError(EdgeError):
    """Packets cannot be captured."""


class Capture:
    """A capture of the UDP traffic of some ports, running inside its block."""

    def __init__(self, file: Path, ports: list[int]) -> None:
        self._file = file
        # The marker's port is the discard service: nobody listens, and nothing else goes there.
        self._filter = " or ".join(f"udp port {port}" for port in (*ports, _MARK_PORT))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        log = self._file.with_suffix(".log")
        self._file.touch()  # dumpcap drops its rights, and then may write only what is there
        command = ["setpriv", "--pdeathsig", "INT", "--", "dumpcap", "-q", "-i", "lo", "-f", self._filter]
        with log.open("wb") as out:
            self._process = subprocess.Popen([*command, "-w", str(self._file)], stdout=out, stderr=out)
        if not self._sees_mark():
            self._process.kill()
            self._process.wait()
            words = log.read_text().strip()
            raise CaptureError(f"dumpcap cannot capture on lo (it needs root or CAP_NET_RAW): {words}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._process is not None:
            self._sees_mark()  # everything sent before is in the file then
            self._process.terminate()
            self._process.wait()

    def packets(self) -> list[Packet]:
        """Return what was captured, in order; only after the block. Raises `CaptureUnreadable`."""
        return [packet for packet in read_packets(self._file) if packet.dst[1] != _MARK_PORT]

    def _sees_mark(self) -> bool:
        """Send a datagram of random bytes until it is in the file: the capture runs, and has come this far."""
        mark = os.urandom(16)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:

            def seen() -> bool:
                sock.sendto(mark, ("127.0.0.1", _MARK_PORT))
                running = self._process is not None and self._process.poll() is None
                return not running or mark in self._file.read_bytes()

            return until(seen, 10.0, every=0.05) and mark in self._file.read_bytes()


_MARK_PORT: Final = 9
