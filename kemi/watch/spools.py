"""The spool files as the watch reads them: all that is new, from every file, without PostgreSQL.

It reads what the ledger writer reads, at its own pace, and records how far it came in a file of its own (`state`). A
line that cannot be read is the ledger's to raise an alarm about; here it is skipped.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from kemi.domain.events import Stamped
from kemi.spool import codec
from kemi.spool.instance import has_gap, is_alive
from kemi.spool.tail import SUFFIX, Tail


class Spools:
    """The spool directory of this machine."""

    def __init__(self, directory: Path, offsets: dict[str, int], since: float) -> None:
        """`offsets`: how far each file is read, by its name; what was last written before `since` (epoch s) is over."""
        self._directory = directory
        self._offsets = dict(offsets)
        self._since = since
        self._tails: dict[str, Tail] = {}
        self._finished: set[str] = set()

    @property
    def offsets(self) -> dict[str, int]:
        """How far each file has been read."""
        return {**self._offsets, **{name: tail.offset for name, tail in self._tails.items()}}

    def look(self) -> None:
        """Find new files, and leave those that are gone or read to the end of a start that is gone."""
        try:
            there = {entry.name: entry for entry in os.scandir(self._directory) if entry.name.endswith(SUFFIX)}
        except FileNotFoundError:  # no edge has started here yet
            there = {}
        for name in there.keys() - self._tails.keys() - self._finished:
            tail = Tail(self._directory / name, self._offsets.get(name, 0))
            if there[name].stat().st_mtime < self._since and not self.is_alive(tail.instance):
                tail.offset = tail.size()
            self._tails[name] = tail
        for name, tail in [*self._tails.items()]:
            # The order matters: a writer that was gone before the file was read has written nothing since.
            if name not in there or (not self.is_alive(tail.instance) and tail.read() is None):
                self._offsets[name] = tail.offset
                self._finished.add(name)
                self._tails.pop(name).close()
        self._finished &= there.keys()
        self._offsets = {name: offset for name, offset in self._offsets.items() if name in there}

    def events(self) -> Iterator[Stamped]:
        """Yield every event that is new in the files that are known."""
        for tail in self._tails.values():
            while (piece := tail.read()) is not None:
                tail.offset = piece.end
                for line in piece.lines:
                    try:
                        yield codec.decode(line.text)
                    except codec.LineError:
                        continue

    def is_alive(self, instance: str) -> bool:
        """Say whether a start of the edge still runs."""
        return is_alive(self._directory, instance)

    def has_gap(self, instance: str) -> bool:
        """Say whether an event of a start may be missing here: the disk was full."""
        return has_gap(self._directory, instance)
