"""What rtpengine leaves of a recorded call: a capture, and when the call is over a note beside it.

raw/tmp/rtpengine-meta-<call>-<16 hex>.tmp        while it goes on
raw/metadata/rtpengine-meta-<call>-<16 hex>.txt   when it is over
raw/pcaps/<call>-<16 hex>.pcap
"""

import re
import time
from pathlib import Path
from typing import Final, NamedTuple

_NAME: Final = re.compile(r"(?:rtpengine-meta-)?(([0-9a-f]{8,64})-[0-9a-f]{16})\.(?:txt|pcap|tmp)")
_CALLER: Final = re.compile(r"\bcaller=([0-9,]+)")
_CODEC: Final = re.compile(r"(?:\ba=rtpmap:([0-9]+) |\b([0-9]+)=)([A-Za-z0-9.-]+/[0-9]+(?:/[0-9])?)")
_MOST: Final = 1_000_000  # bytes of a note


class Raw(NamedTuple):
    """One call's: `note` None where rtpengine did not live to write it."""

    call: str
    capture: Path
    note: Path | None

    def told(self) -> tuple[set[int], dict[int, str]]:
        """Return the caller's ports and what payload types mean; nothing where the note is lost. Raises `OSError`."""
        if self.note is None:
            return set(), {}
        with self.note.open("rb") as file:
            text = file.read(_MOST).decode(errors="replace")
        ports = {int(port) for found in _CALLER.findall(text) for port in found.split(",") if port}
        return ports, {int(sdp or own): codec for sdp, own, codec in _CODEC.findall(text)}

    def remove(self) -> None:
        """Delete it; the note last, so that nothing is forgotten half-way. Raises `OSError`."""
        self.capture.unlink(missing_ok=True)
        if self.note is not None:
            self.note.unlink(missing_ok=True)


def told(caller_port: int, codecs: dict[int, str]) -> str:
    """Return the words that rtpengine is to note for `Raw.told`."""
    return " ".join([f"caller={caller_port}", *(f"{kind}={codec}" for kind, codec in codecs.items())])


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
