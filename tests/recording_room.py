"""What the tests of the recorder have: a ledger, and what rtpengine leaves of a call."""

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
ANSWERED: Final = Answered("c1", 0, 0, 30)


@contextmanager
def recording_room() -> Iterator[LedgerRoom]:
    """A ledger, and the folders that rtpengine writes to."""
    with ledger_room() as room:
        (folder(room) / "raw" / "pcaps").mkdir(parents=True)
        (folder(room) / "raw" / "metadata").mkdir()
        yield room


def folder(room: LedgerRoom) -> Path:
    return room.var_dir / "recordings"


def keeper(room: LedgerRoom) -> Keeper:
    return Keeper(lambda: psycopg2.connect(room.url), folder(room), NODE)


def answered(room: LedgerRoom, call: str = CALL) -> None:
    """The ledger has heard of a recorded call that was answered and has ended."""
    room.put(*of_call(call, RECEIVED, ANSWERED, BYE))
    room.write_all()


def recorded(room: LedgerRoom, call: str = CALL, *, note: bool = True) -> Path:
    """What rtpengine leaves of it: two seconds, two tones."""
    left = packets(CALLER, 8, payloads("pcma", tone(440, 2)), at=1_795_000_000, ssrc=1)
    right = packets(MEMBER, 8, payloads("pcma", tone(1000, 2)), at=1_795_000_000, ssrc=2)
    raw, name = folder(room) / "raw", f"{call}-0123456789abcdef"
    if note:
        said = f"{raw}/pcaps/{name}.pcap\n\n\nstart\n\n{note_of(f'm=audio {CALLER} RTP/AVP 8')}\n"
        (raw / "metadata" / f"rtpengine-meta-{name}.txt").write_text(said)
    return write_pcap(raw / "pcaps" / f"{name}.pcap", left + right)


def row(room: LedgerRoom, columns: str = "state") -> list[tuple[object, ...]]:
    return room.rows(f"select {columns} from recording order by call_id")  # noqa: S608 - the test's own words


def raw_files(room: LedgerRoom) -> list[str]:
    return sorted(path.name for path in (folder(room) / "raw").rglob("*.*"))
