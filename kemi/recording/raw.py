"""What rtpengine leaves of a recorded call: of each of its sessions a capture, and a note beside it when that is over.

raw/tmp/rtpengine-meta-<call>-<16 hex>.tmp        while it goes on, or where rtpengine was killed
raw/metadata/rtpengine-meta-<call>-<16 hex>.txt   when it is over
raw/pcaps/<call>-<16 hex>.pcap

A call has more than one where its session was begun anew: rtpengine was killed, or had given it up.
"""

import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from kemi.domain.recording import Note, read_note

_NAME: Final = re.compile(r"(?:rtpengine-meta-)?(([0-9a-f]{8,64})-[0-9a-f]{16})\.(?:txt|pcap|tmp)")
_MOST: Final = 1_000_000  # bytes of a note


class Part(NamedTuple):
    """One session's; `note` is there when it is over, `began` until then. Any of them may be missing."""

    capture: Path
    note: Path
    began: Path

    def told(self) -> Note:
        """Return what rtpengine was told of it. Raises `OSError`."""
        for file in (self.note, self.began):
            if file.exists():
                with file.open("rb") as text:
                    return read_note(text.read(_MOST).decode(errors="replace"))
        return read_note("")

    @property
    def files(self) -> list[Path]:
        """Those that are there; the note last: without it nobody would know that the session is over."""
        return [file for file in (self.capture, self.began, self.note) if file.exists()]


class Raw(NamedTuple):
    """One call's."""

    call: str
    parts: list[Part]

    @property
    def captured(self) -> list[Part]:
        """The parts that have a capture."""
        return [part for part in self.parts if part.capture.exists()]

    def changed(self) -> float:
        """Return when it was last written to, in seconds since the epoch. Raises `OSError`."""
        return max((file.stat().st_mtime for part in self.parts for file in part.files), default=0.0)

    def is_over(self, quiet_seconds: float) -> bool:
        """Say whether nothing is written any more: there is a note, or nobody has for a while. Raises `OSError`."""
        return all(part.note.exists() or _is_quiet(part.capture, quiet_seconds) for part in self.parts)

    def put_aside(self, folder: Path) -> None:
        """Move it to `folder`. Raises `OSError`."""
        folder.mkdir(exist_ok=True)
        for part in self.parts:
            for file in part.files:
                file.rename(folder / file.name)

    def remove(self) -> None:
        """Delete it. Raises `OSError`."""
        for part in self.parts:
            for file in part.files:
                file.unlink()


def finished(folder: Path) -> list[Raw]:
    """Return the calls of which a session is over. Raises `OSError`."""
    return _calls(folder, _named(folder, "metadata/*.txt"))


def orphans(folder: Path, quiet_seconds: float) -> list[Raw]:
    """Return those that nobody has written to for a while, and that no note says to be over. Raises `OSError`."""
    over = {call for _, call in _named(folder, "metadata/*.txt")}
    others = _calls(folder, (name for name in _named(folder, "pcaps/*.pcap") if name[1] not in over))
    return [raw for raw in others if raw.is_over(quiet_seconds)]


def sweep(folder: Path, quiet_seconds: float) -> None:
    """Delete what a killed rtpengine was about to write of sessions whose capture is gone. Raises `OSError`."""
    for file in (folder / "tmp").glob("*.tmp"):
        name = _NAME.fullmatch(file.name)
        if name and not _part(folder, name[1]).capture.exists() and _is_quiet(file, quiet_seconds):
            file.unlink(missing_ok=True)


def _calls(folder: Path, names: Iterable[tuple[str, str]]) -> list[Raw]:
    """Return whole calls: all of their sessions, whichever of them were named."""
    return [Raw(call, _parts(folder, call)) for call in dict.fromkeys(call for _, call in names)]


def _parts(folder: Path, call: str) -> list[Part]:
    names = {*_named(folder, f"pcaps/{call}-*.pcap"), *_named(folder, f"metadata/rtpengine-meta-{call}-*.txt")}
    return [_part(folder, name) for name, _ in sorted(names)]


def _named(folder: Path, pattern: str) -> list[tuple[str, str]]:
    found = (_NAME.fullmatch(file.name) for file in sorted(folder.glob(pattern)))
    return [(name[1], name[2]) for name in found if name]


def _part(folder: Path, name: str) -> Part:
    meta = f"rtpengine-meta-{name}"
    return Part(folder / "pcaps" / f"{name}.pcap", folder / "metadata" / f"{meta}.txt", folder / "tmp" / f"{meta}.tmp")


def _is_quiet(file: Path, seconds: float) -> bool:
    return time.time() - file.stat().st_mtime > seconds
