"""The spool directory as the ledger writer sees it: which files there are, how far each is read, which are done."""

import logging
import os
import re
import time
from pathlib import Path
from typing import Final

from kemi.domain.instances import node_of
from kemi.ledger.store import FileKey
from kemi.spool.instance import is_alive
from kemi.spool.tail import SUFFIX, Tail

_NAME: Final = re.compile(r"[a-z0-9-]{1,32}-[0-9a-f]{8}-\d+-\d+(_\d+)?\.jsonl", re.ASCII)
_SETTLING: Final = 2.0  # seconds a directory's mtime may hide a second change (its clock ticks every few ms)
_ALARM_EVERY: Final = 60.0  # seconds between two alarms of one file
_log = logging.getLogger("ledger")


class Room:
    """The files of one spool directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.tails: dict[FileKey, Tail] = {}
        self.finished: set[FileKey] = set()
        self._foreign: set[str] = set()
        self._seen_mtime = 0
        self._alarmed: dict[FileKey, float] = {}

    def unknown(self) -> list[tuple[FileKey, str]]:
        """Return the files (with their instances) that are neither being read nor finished."""
        try:
            mtime = self.directory.stat().st_mtime_ns
        except FileNotFoundError:  # no edge has started here yet
            return []
        if mtime == self._seen_mtime:
            return []
        found = []
        for name in sorted(os.listdir(self.directory)):
            if _NAME.fullmatch(name):
                instance = name.removesuffix(SUFFIX).rpartition("-")[0]
                found.append((FileKey(node_of(instance), name), instance))
            elif name.endswith(SUFFIX) and name not in self._foreign:
                self._foreign.add(name)
                _log.error("alarm=foreign_file file=%s it is not read: its name is not a spool file's", name)
        if time.time_ns() - mtime > _SETTLING * 1e9:
            self._seen_mtime = mtime
        return [one for one in found if one[0] not in self.tails and one[0] not in self.finished]

    def admit(self, key: FileKey, offset: int, *, finished: bool) -> None:
        """Begin to read a file at `offset`, or leave it if it is finished and has not grown since."""
        tail = Tail(self.directory / key.file, offset)
        if finished and tail.size() == offset:
            self.finished.add(key)
            tail.close()
        else:
            self.tails[key] = tail

    def readable(self) -> list[tuple[FileKey, Tail]]:
        """Return the files that have something new. One whose offset lies beyond its end is an alarm, never skipped."""
        new = []
        for key, tail in self.tails.items():
            size = tail.size()
            if size > tail.offset and key not in self._alarmed:
                new.append((key, tail))
            elif size < tail.offset:
                self._alarm_beyond(key, tail.offset, size)
        return new

    def ends(self) -> dict[FileKey, int]:
        """Return how far each file goes now, in bytes."""
        return {key: tail.size() for key, tail in self.tails.items()}

    def has_read(self, ends: dict[FileKey, int]) -> bool:
        """Say whether all that was in the files when they had these `ends` is read."""
        return all(key not in self.tails or self.tails[key].offset >= end for key, end in ends.items())

    def done(self) -> list[FileKey]:
        """Return the files that are read to their end and whose writers are gone, or write another one by now."""
        alive: dict[str, bool] = {}
        last = self._last_files()
        found = []
        for key, tail in self.tails.items():
            if tail.instance not in alive:
                alive[tail.instance] = is_alive(self.directory, tail.instance)
            writer, number = _writer_of(key)
            # The order matters: a writer that was gone before the size was taken has written nothing since.
            if (not alive[tail.instance] or number < last[writer]) and tail.size() == tail.offset:
                found.append(key)
        return found

    def abandoned(self) -> list[tuple[FileKey, Tail]]:
        """Return the files with a rest that nobody will finish: their writers are gone."""
        return [(key, tail) for key, tail in self.readable() if not is_alive(self.directory, tail.instance)]

    def is_over(self, instance: str) -> bool:
        """Say whether `instance` is gone and all that it wrote is read."""
        if is_alive(self.directory, instance) or any(one == instance for _, one in self.unknown()):
            return False
        return all(tail.size() == tail.offset for tail in self.tails.values() if tail.instance == instance)

    def close(self, keys: list[FileKey]) -> None:
        """Leave files that are finished."""
        for key in keys:
            self.tails.pop(key).close()
            self.finished.add(key)

    def nodes(self) -> set[str]:
        """Return the nodes whose files lie here."""
        return {key.node for key in self.tails} | {key.node for key in self.finished}

    def delete(self, names: list[str]) -> None:
        """Delete finished files."""
        for name in names:
            (self.directory / name).unlink(missing_ok=True)
            self.finished = {key for key in self.finished if key.file != name}

    def delete_locks(self, keep_days: int) -> None:
        """Delete the locks of starts that are gone, have no file left and are older than `keep_days`."""
        wanted = {key.file.rpartition("-")[0] for key in (*self.tails, *self.finished)}
        for lock in self.directory.glob("*.alive"):
            old = time.time() - lock.stat().st_mtime > keep_days * 86_400
            if old and lock.stem not in wanted and not is_alive(self.directory, lock.stem):
                lock.unlink(missing_ok=True)

    def _last_files(self) -> dict[str, int]:
        """Return the number of each process's last file."""
        last: dict[str, int] = {}
        for key in (*self.tails, *self.finished):
            writer, number = _writer_of(key)
            last[writer] = max(number, last.get(writer, 0))
        return last

    def _alarm_beyond(self, key: FileKey, offset: int, size: int) -> None:
        now = time.monotonic()
        if now >= self._alarmed.get(key, 0.0):
            self._alarmed[key] = now + _ALARM_EVERY
            _log.error("alarm=offset_beyond_file file=%s offset=%d size=%d it is not read", key.file, offset, size)


def _writer_of(key: FileKey) -> tuple[str, int]:
    """Return the process that writes a file, `<instance>-<pid>`, and which of its files it is, from 1."""
    writer, _, number = key.file.removesuffix(SUFFIX).partition("_")
    return writer, int(number or 1)
