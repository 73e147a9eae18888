"""Reading a spool file while it is written: whole lines only, up to the last newline."""

import os
from pathlib import Path
from typing import Final, NamedTuple

from kemi.domain.redaction import shown

_CHUNK: Final = 256 * 1024  # bytes a reading takes at most, unless one line is longer
SUFFIX: Final = ".jsonl"


class Line(NamedTuple):
    """A line without its newline, and the byte it begins at."""

    offset: int
    text: bytes

    def __repr__(self) -> str:
        return shown(self, self._fields)


class Piece(NamedTuple):
    """Whole lines between two offsets of a file."""

    start: int
    end: int
    lines: tuple[Line, ...]


class Tail:
    """One file, open for reading. `offset` is how far it has been read *and* recorded; whoever records moves it."""

    def __init__(self, path: Path, offset: int) -> None:
        """Open `path`. Raises `OSError`."""
        self.path = path
        self.offset = offset
        self._fd = os.open(path, os.O_RDONLY)

    @property
    def instance(self) -> str:
        """The start of the edge that writes it, by its name: `<instance>-<pid>[_<n>].jsonl`."""
        return self.path.name.removesuffix(SUFFIX).rpartition("-")[0]

    def size(self) -> int:
        """Bytes in the file now."""
        return os.fstat(self._fd).st_size

    def read(self) -> Piece | None:
        """Return the next whole lines after `offset`; None where there are none yet."""
        wanted = _CHUNK
        while True:
            data = os.pread(self._fd, wanted, self.offset)
            whole = data.rfind(b"\n") + 1
            if whole or len(data) < wanted:
                break
            wanted *= 4
        return None if not whole else Piece(self.offset, self.offset + whole, _lines(data[:whole], self.offset))

    def rest(self) -> Piece | None:
        """Return what is left without a newline, as one line: to be asked when the writer is gone."""
        data = os.pread(self._fd, max(0, self.size() - self.offset), self.offset)
        return None if not data else Piece(self.offset, self.offset + len(data), (Line(self.offset, data),))

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def _lines(data: bytes, offset: int) -> tuple[Line, ...]:
    lines = []
    for text in data[:-1].split(b"\n"):
        lines.append(Line(offset, text))
        offset += len(text) + 1
    return tuple(lines)
