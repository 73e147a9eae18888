"""Where a SIP worker puts what happened: one `write` to a file of its own, and back to the call.

    file    <instance>-<pid>.jsonl, made by the process that writes it (O_EXCL), never appended to by another;
            <instance>-<pid>_2.jsonl and so on after a file that had to be left, or is a day old: the numbers in it
            must not stay for as long as the edge runs
    event   <file's stem>.<sequence number>

A write that returned survives a kill -9 of the process. Against power loss the ledger writer calls fdatasync every
second (kemi/decisions/0005): a worker never waits for a disk.
"""

import errno
import logging
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from os import getpid, write
from pathlib import Path
from time import monotonic_ns, time_ns
from typing import Final, NamedTuple

from kemi.domain.events import Event
from kemi.spool import codec
from kemi.spool.instance import mark_gap

_FLAGS: Final = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY
_DAY: Final = 86_400 * 10**9  # ns
_MOST_WAITING: Final = 4096  # events kept in memory while the disk is full: about 2 MB a process
_ALARM_EVERY: Final = 10.0  # seconds between two alarms
_log = logging.getLogger(__name__)


class _Fact(NamedTuple):
    """An event and when it happened."""

    event: Event
    at_us: int
    mono_ns: int


class SpoolSink:
    """Implements `kemi.ports.EventSink`. May be made before the fork: each process opens a file of its own."""

    def __init__(self, directory: Path, node: str, instance: str, alarm: Callable[[str], None] = _log.error) -> None:
        """Write into `directory`, as `instance` of `node`; `alarm` gets a line of text when events cannot be kept."""
        if not instance.startswith(node + "-"):
            raise ValueError("the instance is not of this node")
        self._directory = directory
        self._instance = instance
        self._alarm = alarm
        self._plain_instance = codec.plain_name(instance)
        self._begin()
        self._pid = 0  # nobody's yet: the process that puts the first event makes its file

    def put(self, event: Event) -> None:
        """Append `event`; it survives the process from here on. Never raises: a call matters more than its record."""
        at_us, mono_ns = time_ns() // 1000, monotonic_ns()
        try:
            if getpid() != self._pid:
                self._begin()
            if self._waiting:
                self._write_waiting()
            self._write(event, at_us, mono_ns)
        except OSError as error:
            self._keep(_Fact(event, at_us, mono_ns), error)
        except Exception as error:  # the last guard: an event that cannot be encoded must not end a call
            self._tell(f"alarm=event_lost kind={type(event).__name__} call={event.call} error={type(error).__name__}")

    def _begin(self) -> None:
        """Start afresh: what was inherited by a fork is the parent's."""
        self._pid = getpid()
        self._fd = -1
        self._stem = b""
        self._seq = 0
        self._end = 0  # bytes of whole lines in the file
        self._leave_at = 0  # by the monotonic clock, ns
        self._files = 0
        self._waiting: deque[_Fact] = deque()
        self._dropped = 0
        self._next_alarm = 0.0

    def _open(self, mono_ns: int) -> None:
        """Make this process's next file. Raises `OSError`."""
        while self._fd < 0:
            suffix = f"_{self._files + 1}" if self._files else ""
            stem = f"{self._instance}-{self._pid}{suffix}"
            try:
                self._fd = os.open(self._directory / f"{stem}.jsonl", _FLAGS, 0o600)
            except FileExistsError:  # a pid that came back within one start of the edge
                self._files += 1
        self._files += 1
        self._stem, self._seq, self._end, self._leave_at = codec.plain_name(stem), 0, 0, mono_ns + _DAY

    def _write(self, event: Event, at_us: int, mono_ns: int) -> None:
        """Append one line, all of it or nothing. Raises `OSError`."""
        if mono_ns >= self._leave_at:
            self._leave()
            self._open(mono_ns)
        line = codec.encode_parts(self._stem, self._seq, self._plain_instance, at_us, mono_ns, event)
        try:
            if write(self._fd, line) != len(line):
                raise OSError(errno.ENOSPC, "a short write")
        except OSError:
            self._take_back()
            raise
        self._end += len(line)
        self._seq += 1

    def _take_back(self) -> None:
        """Cut the file back to its last whole line; leave it for a new one if even that fails."""
        try:
            os.ftruncate(self._fd, self._end)
        except OSError:
            self._leave()

    def _leave(self) -> None:
        """Write no more into this file: whoever reads it takes the next one's being there as its end."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._leave_at = -1, 0

    def _write_waiting(self) -> None:
        """Write what has waited, oldest first, as far as the disk takes it. Raises `OSError`."""
        while self._waiting:
            self._write(*self._waiting[0])
            self._waiting.popleft()
        _log.warning("spool_recovered file=%s.jsonl dropped=%d", self._stem.decode(), self._dropped)
        self._next_alarm, self._dropped = 0.0, 0

    def _keep(self, fact: _Fact, error: OSError) -> None:
        """Remember what `error` kept out of the file, within bounds, and raise the alarm."""
        if not self._waiting:
            with suppress(OSError):  # the file of the lock is there, and its mode needs no room
                mark_gap(self._directory, self._instance)
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(fact)
        name = errno.errorcode.get(error.errno or 0, "?")
        self._tell(f"alarm=spool_not_written error={name} waiting={len(self._waiting)} dropped={self._dropped}")

    def _tell(self, text: str) -> None:
        now = time.monotonic()
        if now >= self._next_alarm:
            self._next_alarm = now + _ALARM_EVERY
            self._alarm(f"{text} instance={self._instance} pid={self._pid}")
