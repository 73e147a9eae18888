"""What rtpengine leaves of a recorded call: a capture, and when the call is over a note beside it.

raw/tmp/rtpengine-meta-<call>-<16 hex>.tmp        while it goes on
raw/metadata/rtpengine-meta-<call>-<16 hex>.txt   when it is over
raw/pcaps/<call>-<16 hex>.pcap
"""

import re
import time
from pathlib import Path
from typing import Final, NamedTuple

from kemi.domain.recording import Note, read_note

_NAME: Final = re.compile(r"(?:rtpengine-meta-)?(([0-9a-f]{8,64})-[0-9a-f]{16})\.(?:txt|pcap|tmp)")
_MOST: Final = 1_000_000  # bytes of a note


class Raw(NamedTuple):
    """One call's: `note` None where rtpengine did not live to write it."""

    call: str
    capture: Path
    note: Path | None

    def told(self) -> Note:
        """Return what rtpengine was told of it. Raises `OSError`."""
        if self.note is None:
            return read_note("")
        with self.note.open("rb") as file:
            return read_note(file.read(_MOST).decode(errors="replace"))

    def put_aside(self, folder: Path) -> None:
        """Move it to `folder`. Raises `OSError`."""
        folder.mkdir(exist_ok=True)
        for file in filter(None, (self.capture, self.note)):
            if file.exists():
                file.rename(folder / file.name)

    def remove(self) -> None:
        """Delete it; the note last, so that nothing is forgotten half-way. Raises `OSError`."""
        self.capture.unlink(missing_ok=True)
        if self.note is not None:
            self.note.unlink(missing_ok=True)


def finished(folder: Path) -> list[Raw]:
    """Return the calls that are over. Raises `OSError`."""
    found = []
    for note in sorted((folder / "metadata").glob("*.txt")):
        if name := _NAME.fullmatch(note.name):
            found.append(Raw(name[2], folder / "pcaps" / f"{name[1]}.pcap", note))
    return found


def orphans(folder: Path, quiet_seconds: float) -> list[Raw]:
    """Return captures that nobody has written to for a while, and that no note says to be over. Raises `OSError`."""
    over = {raw.capture for raw in finished(folder)}
    found = []
    for capture in sorted((folder / "pcaps").glob("*.pcap")):
        name = _NAME.fullmatch(capture.name)
        if name and capture not in over and time.time() - capture.stat().st_mtime > quiet_seconds:
            found.append(Raw(name[2], capture, None))
    return found
