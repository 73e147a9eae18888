"""`python -m deploy.discreet [MARK | rtpengine]`: stdin to stdout, line by line, telephone numbers shortened.

Kamailio shows what its parser cannot read, and no setting keeps it from that. Lines of the edge's own (kemi/ksr/log.py)
are discreet by themselves and pass as they are: a call's id may look like a number. They are known by MARK, made by
chance for one start and taken off here: what a caller folds into a header he cannot make look like one.

rtpengine shows the whole question that it cannot answer, SDP and all: of addresses, too, the last part is left.

It reads, then pauses: woken for each line it would push what the SIP workers need out of the caches, hundreds of times
a second (kemi/decisions/0042).
"""

import contextlib
import fcntl
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from os import close, pipe, set_blocking
from pathlib import Path
from typing import BinaryIO, Final

from kemi.domain.redaction import redacted

_OWN: Final = r"(\s*\d+\(\d+\) [A-Z]+: <core> \[core/kemi\.c:\d+\]: sr_kemi_core_[a-z]+\(\): )"
RTPENGINE: Final = "rtpengine"
# Its time, level, call and port; the rest of a line may be anybody's.
_HEAD: Final = re.compile(r"\[\d{10}\.\d{6}\] [A-Z]+: (?:\[[0-9a-f]{20}(?: port \d+)?\]:? )?", re.ASCII)
_IPV4: Final = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){2}\.(\d{1,3})(?![\d.])", re.ASCII)
_IPV6: Final = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}([0-9A-Fa-f]{0,4})(?![\w:])", re.ASCII)
_CODED: Final = re.compile(r"[A-Za-z0-9+/]{64,}={0,2}", re.ASCII)  # an SDP as a label (kemi/decisions/0056)
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
        with opened(self._log) as log:
            return subprocess.Popen(self._command, stdin=self._read, stdout=log, stderr=log, process_group=0)


def opened(log: Path) -> BinaryIO:
    """Open a log for appending; a new one is its owner's alone."""
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")


def copy(source: io.BufferedIOBase, target: BinaryIO, mark: str = "") -> None:
    """Copy until the end of `source`, whole lines at a time. Without a `mark` no line is the edge's."""
    keeps = _of_rtpengine if mark == RTPENGINE else _of_kamailio(mark)
    begun = b""
    while read := source.read1(_ROOM):
        *lines, begun = (begun + read).split(b"\n")
        target.write(b"".join(_kept(line + b"\n", keeps) for line in lines))
        target.flush()
        time.sleep(_PAUSE)
    target.write(_kept(begun, keeps))
    target.flush()


def _kept(line: bytes, keeps: Callable[[str], str]) -> bytes:
    return keeps(line.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _of_kamailio(mark: str) -> Callable[[str], str]:
    own = re.compile(_OWN + re.escape(mark) + " ", re.ASCII) if mark else None

    def keeps(text: str) -> str:
        found = own.match(text) if own is not None else None
        return redacted(text) if found is None else found[1] + text[found.end() :]

    return keeps


def _of_rtpengine(text: str) -> str:
    found = _HEAD.match(text)
    head = "" if found is None else found[0]
    rest = text[len(head) :]
    for form, instead in ((_CODED, "…"), (_IPV6, r"…:\1"), (_IPV4, r"….\1")):
        rest = form.sub(instead, rest)
    return head + redacted(rest)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends when nobody writes any more
    with contextlib.suppress(BrokenPipeError):
        copy(open(0, "rb"), sys.stdout.buffer, *sys.argv[1:2])  # noqa: SIM115 - it ends with the process
