"""What the tests of the recorder have: a ledger, and what rtpengine leaves of a call."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg2

from kemi.domain.events import Answered
from kemi.domain.recording import note_of
from kemi.recording.keeper import Keeper
from tests.ledger_room import NODE, LedgerRoom, ledger_room
from tests.listening import tone
from tests.rtp import packets, payloads, write_pcap
from tests.told import BYE, changed, of_call

CALLER, MEMBER = 30_012, 30_000
CALL: Final = "aabbccddeeff00112233"
RECEIVED: Final = changed()
BEGAN: Final = int(time.time())
ANSWERED: Final = Answered("c1", 0, 0, 30)


@contextmanager
def recording_room() -> Iterator[LedgerRoom]:
    """A ledger, and the folders that rtpengine writes to."""
    with ledger_room() as room:
        (folder(room) / "raw" / "pcaps").mkdir(parents=True)
        (folder(room) / "raw" / "metadata").mkdir()
        (folder(room) / "raw" / "tmp").mkdir()
        yield room


def folder(room: LedgerRoom) -> Path:
    return room.var_dir / "recordings"


def keeper(room: LedgerRoom) -> Keeper:
    return Keeper(lambda: psycopg2.connect(room.url), folder(room), NODE)


def answered(room: LedgerRoom, call: str = CALL) -> None:
    """The ledger has heard of a recorded call that was answered and has ended."""
    room.put(*of_call(call, RECEIVED, ANSWERED, BYE))
    room.write_all()


def recorded(
    room: LedgerRoom, call: str = CALL, *, note: bool = True, part: int = 0, later: str = "", after: float = 0
) -> Path:
    """What rtpengine leaves of it, or of one `part`: two seconds, two tones; `later`: what it was told afterwards.

    It begins `after` so many seconds from the beginning of the tests.
    """
    at = BEGAN + after
    left = packets(CALLER + 100 * part, 8, payloads("pcma", tone(440, 2)), at=at, ssrc=1, sequence=part * 500)
    right = packets(MEMBER + 100 * part, 8, payloads("pcma", tone(1000, 2)), at=at, ssrc=2, sequence=part * 500)
    raw, name = folder(room) / "raw", f"{call}-{part:x}123456789abcdef"
    if note:
        own = note_of(f"m=audio {CALLER + 100 * part} RTP/AVP 8")
        said = f"{raw}/pcaps/{name}.pcap\n\n{later}\n\nstart\n\n{own}\n"
        (raw / "metadata" / f"rtpengine-meta-{name}.txt").write_text(said)
    else:
        (raw / "tmp" / f"rtpengine-meta-{name}.tmp").write_text(later)
    return write_pcap(raw / "pcaps" / f"{name}.pcap", left + right)


def long_ago(*files: Path) -> None:
    """Nobody has written to these for days."""
    for file in files:
        os.utime(file, (1_795_000_000, 1_795_000_000))


def row(room: LedgerRoom, columns: str = "state") -> list[tuple[object, ...]]:
    return room.rows(f"select {columns} from recording order by call_id")  # noqa: S608 - the test's own words


def raw_files(room: LedgerRoom) -> list[str]:
    return sorted(path.name for path in (folder(room) / "raw").rglob("*.*"))
