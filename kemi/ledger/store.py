"""The ledger's transactions. Offsets and rows move together or not at all.

    one transaction:  offsets locked and compared · events (once each) · the touched calls folded from ALL their
                      events · calls, legs, notifications · offsets moved

Two writers at once do no harm: the second finds the offset moved and reads on from there; a call whose events lie
in files of two writers is folded by one after the other.
"""

import zlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from psycopg2.extensions import connection, cursor

from kemi.domain.events import Answered, Event, Stamped
from kemi.domain.outcome import Folded, fold
from kemi.domain.redaction import Discreet
from sql.named import queries

_SQL: Final = queries("ledger")
ROOM: Final = 0x6C656467  # "ledg": our room among the database's advisory locks
BUCKETS: Final = 256  # calls share locks by hash: a batch must not fill the server's lock table
_INTERRUPTED: Final = "interrupted"  # what the ledger itself concludes
_STOOD: Final = "stood"
_decode: Final = msgspec.json.Decoder(Event).decode


class FileKey(msgspec.Struct, frozen=True):
    """A spool file as the ledger knows it."""

    node: str
    file: str


class Moved(msgspec.Struct, frozen=True):
    """How far a file has been read: from `start` to `byte_offset`."""

    node: str
    file: str
    start: int
    byte_offset: int


class DeadLetter(Discreet, frozen=True):
    """A line that could not be used."""

    node: str
    file: str
    byte_offset: int
    line: str
    why: str


class EventRow(msgspec.Struct, frozen=True):
    """A row of `call_event`."""

    event_id: str
    call_id: str
    kind: str
    at_us: int
    mono_ns: int
    instance: str
    node: str
    body: Event


class Now(msgspec.Struct, frozen=True):
    """What time it is: the boot of the machine, its wall clock in µs since the epoch, its monotonic clock in ns."""

    boot: str
    at_us: int
    mono_ns: int


class OffsetMovedError(Exception):
    """Another writer has read on; nothing was changed."""


def register(conn: connection, files: Sequence[tuple[FileKey, str]]) -> dict[FileKey, tuple[int, bool]]:
    """Make `files` (with their instances) known; return how far each has been read and whether it is finished."""
    rows = [{"node": key.node, "file": key.file, "instance": instance} for key, instance in files]
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["register_files"], {"files": _json(rows)})
        cur.execute(_SQL["offsets"], {"files": _json(rows)})
        return {FileKey(node, file): (offset, finished) for node, file, offset, finished in cur.fetchall()}


def record(conn: connection, moved: Sequence[Moved], events: Sequence[EventRow], dead: Sequence[DeadLetter]) -> None:
    """Record what was read between the offsets of `moved`, in one transaction.

    Raises `OffsetMovedError` where another writer was there before, `psycopg2.Error`; then nothing has changed.
    """
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["lock_offsets"], {"files": _json(moved)})
        found = {(node, file): offset for node, file, offset in cur.fetchall()}
        if any(found.get((one.node, one.file)) != one.start for one in moved):
            raise OffsetMovedError
        calls = lock_calls(cur, (one.call_id for one in events))
        if events:
            cur.execute(_SQL["insert_events"], {"events": _json(events)})
            _fold(cur, calls)
        if dead:
            cur.execute(_SQL["insert_dead_letters"], {"letters": _json(dead)})
        cur.execute(_SQL["move_offsets"], {"files": _json(moved)})


def overdue(conn: connection, nodes: Sequence[str], grace_seconds: int) -> list[tuple[str, str]]:
    """Return (call, instance) of the nodes' calls that should have an outcome by now."""
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["overdue_calls"], {"nodes": list(nodes), "grace_seconds": grace_seconds})
        return cur.fetchall()


def interrupt(conn: connection, calls: Sequence[str]) -> None:
    """Conclude that the edge of `calls` died while they rang. A real outcome that is known meanwhile goes before."""
    with conn, conn.cursor() as cur:
        locked = lock_calls(cur, calls)
        cur.execute(_SQL["insert_interrupted"], {"calls": locked})
        _fold(cur, locked)


def answers_that_stood(conn: connection, nodes: Iterable[str], now: Now) -> tuple[list[str], int]:
    """Return the nodes' calls whose answers have stood for long enough by `now`, and how many have not yet."""
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["answers_that_stood"], {"nodes": list(nodes), **msgspec.structs.asdict(now)})
        stood, to_come = cur.fetchall()[0]
        return stood, to_come


def confirm(conn: connection, calls: Sequence[str]) -> None:
    """Conclude that the answers of `calls` count. An end that is known meanwhile goes before."""
    with conn, conn.cursor() as cur:
        locked = lock_calls(cur, calls)
        cur.execute(_SQL["insert_stood"], {"calls": locked})
        _fold(cur, locked)


def finish(conn: connection, files: Sequence[FileKey]) -> None:
    """Note that `files` are read to their end and that their writers are gone."""
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["finish_files"], {"files": _json(files)})


def to_delete(conn: connection, files: Sequence[FileKey], keep_days: int) -> list[str]:
    """Return the names of those `files` that were finished more than `keep_days` ago."""
    with conn, conn.cursor() as cur:
        cur.execute(_SQL["files_to_delete"], {"files": _json(files), "keep_days": keep_days})
        return [file for (file,) in cur.fetchall()]


def lock_calls(cur: cursor, calls: Iterable[str]) -> list[str]:
    """Keep other writers from folding or purging `calls` until the transaction ends; return them, each once."""
    touched = sorted(set(calls))
    buckets = sorted({zlib.crc32(call.encode()) % BUCKETS for call in touched})
    if buckets:
        cur.execute(_SQL["lock_calls"], {"room": ROOM, "buckets": buckets})
    return touched


def _fold(cur: cursor, calls: Sequence[str]) -> None:
    """Write the rows of `calls` as all their events have them."""
    cur.execute(_SQL["events_of_calls"], {"calls": list(calls)})
    happened: dict[str, list[Stamped]] = {call: [] for call in calls}
    recorded: dict[str, int] = {}  # how many days
    concluded: dict[str, set[str]] = {_INTERRUPTED: set(), _STOOD: set()}
    for call, event_id, kind, at_us, mono_ns, instance, body in cur.fetchall():
        if kind in concluded:
            concluded[kind].add(call)
        else:
            event = _decode(body)
            happened[call].append(Stamped(event_id, 0, instance, at_us, mono_ns, event))
            if isinstance(event, Answered) and event.record_days:
                recorded[call] = event.record_days
    folded = [
        fold(events, interrupted=call in concluded[_INTERRUPTED], stood=call in concluded[_STOOD])
        for call, events in happened.items()
    ]
    found = [one for one in folded if one is not None]
    _write(cur, found)
    answered = [one.call for one in found if one.call.id in recorded and one.call.outcome == "answered"]
    if answered:
        rows = [{"call_id": call.id, "node": call.node, "keep_days": recorded[call.id]} for call in answered]
        cur.execute(_SQL["want_recordings"], {"calls": _json(rows)})


def _write(cur: cursor, folded: Sequence[Folded]) -> None:
    legs = [leg for one in folded for leg in one.legs]
    notifications = [row for one in folded for row in one.notifications]
    if folded:
        cur.execute(_SQL["upsert_calls"], {"calls": _json([one.call for one in folded])})
    if legs:
        cur.execute(_SQL["upsert_legs"], {"legs": _json(legs)})
    if notifications:
        cur.execute(_SQL["insert_notifications"], {"notifications": _json(notifications)})


def _json(rows: object) -> str:
    """Return `rows` as JSON that PostgreSQL takes: it has no NUL in texts, the wire has."""
    return msgspec.json.encode(rows).replace(rb"\u0000", rb"\ufffd").decode()
