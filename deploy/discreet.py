"""`python -m deploy.discreet [MARK]`: stdin to stdout, line by line, telephone numbers shortened; for Kamailio's log.

Kamailio shows what its parser cannot read, and no setting keeps it from that. Lines of the edge's own (kemi/ksr/log.py)
are discreet by themselves and pass as they are: a call's id may look like a number. They are known by MARK, made by
chance for one start and taken off here: what a caller folds into a header he cannot make look like one.

It reads, then pauses: woken for each line it would push what the SIP workers need out of the caches, hundreds of times
a second (kemi/decisions/0042).
"""

import contextlib
import fcntl
import io
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from os import close, pipe, set_blocking
from pathlib import Path
from typing import BinaryIO, Final

from kemi.domain.redaction import redacted

_OWN: Final = r"(\s*\d+\(\d+\) [A-Z]+: <core> \[core/kemi\.c:\d+\]: sr_kemi_core_[a-z]+\(\): )"
_PAUSE: Final = 0.05  # seconds between two looks; a line after a silence is copied at once
_ROOM: Final = 256 << 10  # bytes that fit into the pipe: what is written meanwhile, at 5 MB/s
_LAST_LINES: Final = 5.0  # seconds that the copy may take for what is left


class Sieve:
    """A pipe to a process that copies into a log file; `fileno` is what to write to.

    Whoever writes never waits: what does not fit into the pipe is lost. Nor does it break: both ends stay open here,
    and a copier that died is started again by `tend`.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command, self._log = command, log
        self._read, self._write = pipe()
        set_blocking(self._write, False)
        with contextlib.suppress(OSError):  # a user's pipes have all the room he may have: Linux' own 64 KiB
            fcntl.fcntl(self._write, fcntl.F_SETPIPE_SZ, _ROOM)
        self._copier = self._start()

    def fileno(self) -> int:
        """Return where to write."""
        return self._write

    def tend(self) -> None:
        """Start the copier again if it died."""
        if self._copier.poll() is not None:
            self._copier = self._start()

    def close(self) -> None:
        """Let it copy what is left, and end. To be called when nobody writes any more."""
        close(self._write)
        try:
            self._copier.wait(_LAST_LINES)
        except subprocess.TimeoutExpired:
            self._copier.kill()
            self._copier.wait()
        close(self._read)

    def _start(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, stdin=self._read, stdout=log, stderr=log, process_group=0)


def copy(source: io.BufferedIOBase, target: BinaryIO, mark: str = "") -> None:
    """Copy until the end of `source`, whole lines at a time. Without a `mark` no line is the edge's."""
    own = re.compile(_OWN + re.escape(mark) + " ", re.ASCII) if mark else None
    begun = b""
    while read := source.read1(_ROOM):
        *lines, begun = (begun + read).split(b"\n")
        target.write(b"".join(_kept(line + b"\n", own) for line in lines))
        target.flush()
        time.sleep(_PAUSE)
    target.write(_kept(begun, own))
    target.flush()


def _kept(line: bytes, own: "re.Pattern[str] | None") -> bytes:
    text = line.decode("utf-8", "surrogateescape")
    found = own.match(text) if own is not None else None
    kept = redacted(text) if found is None else found[1] + text[found.end() :]
    return kept.encode("utf-8", "surrogateescape")


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends when nobody writes any more
    with contextlib.suppress(BrokenPipeError):
        copy(open(0, "rb"), sys.stdout.buffer, *sys.argv[1:2])  # noqa: SIM115 - it ends with the process
