"""What one transaction of the ledger takes: lines of several files, made into rows."""

from typing import NamedTuple

from kemi.ledger.store import DeadLetter, EventRow, FileKey, Moved
from kemi.spool import codec
from kemi.spool.tail import Line, Piece


class Batch(NamedTuple):
    """Rows, and the offsets that move with them."""

    moved: list[Moved]
    events: list[EventRow]
    dead: list[DeadLetter]


def batch(pieces: list[tuple[FileKey, Piece]]) -> Batch:
    """Make rows of the lines of `pieces`; a line that cannot be read becomes a dead letter."""
    made = Batch([], [], [])
    for key, piece in pieces:
        made.moved.append(Moved(key.node, key.file, piece.start, piece.end))
        for line in piece.lines:
            try:
                made.events.append(_event(key, line))
            except codec.LineError as error:
                made.dead.append(dead_letter(key, line, str(error)))
    return made


def one_by_one(pieces: list[tuple[FileKey, Piece]]) -> list[tuple[FileKey, Piece]]:
    """Cut `pieces` into pieces of one line."""
    cut = []
    for key, piece in pieces:
        ends = [*(line.offset for line in piece.lines[1:]), piece.end]
        cut += [(key, Piece(line.offset, end, (line,))) for line, end in zip(piece.lines, ends, strict=True)]
    return cut


def dead_letter(key: FileKey, line: Line, why: str) -> DeadLetter:
    """Return `line` as a dead letter."""
    return DeadLetter(key.node, key.file, line.offset, line.text.decode("utf-8", "replace"), why)


def _event(key: FileKey, line: Line) -> EventRow:
    stamped = codec.decode(line.text)
    event = stamped.event
    kind = str(type(event).__struct_config__.tag)
    return EventRow(stamped.id, event.call, kind, stamped.at_us, stamped.mono_ns, stamped.instance, key.node, event)
