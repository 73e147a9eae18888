"""Sounds of a test's edge: loaded as the command loads them, and given to the group."""

from pathlib import Path
from typing import Final

from psycopg2 import Binary

from kemi.domain.sounds import RINGBACK
from kemi.sound.convert import convert
from kemi.table.store import TableReader
from tests.edge import RING_SECONDS, Edge, connected
from tests.listening import Samples, sweep, write_wav

TUNE: Final = sweep(2.0)  # what the fixture `playing` plays, 8000 samples a second


def load(edge: Edge, folder: Path, name: str, samples: Samples) -> str:
    """Load a sound (16000 samples a second); return what the edge's files call it."""
    sound = convert(write_wav(folder / f"{name}.wav", samples, rate=16_000))
    with connected(edge.stack.database_url) as conn, conn.cursor() as cur:
        cur.execute(
            "insert into sound (tenant_id, name, seconds, narrow, wide) values (1, %s, %s, %s, %s)"
            " returning id || '-' || left(digest, 12)",
            (name, sound.seconds, Binary(sound.narrow), Binary(sound.wide)),
        )
        row = cur.fetchone()
    assert row is not None
    return str(row[0])


def plays(edge: Edge, what: str, sound: str | None) -> None:
    """Have the group play it as its `announcement` or `waiting_sound`, None: nothing; wait until the workers know.

    Meanwhile it rings for a minute: comparing waves takes a slow machine its time.
    """
    number = None if sound is None else int(sound.partition("-")[0])
    seconds = RING_SECONDS if sound is None else 60
    change = f"update external_group set {what}_id = %(number)s, ring_seconds = %(seconds)s"  # noqa: S608 - our own words
    edge.sql(change, number=number, seconds=seconds)

    def is_known(table: TableReader) -> bool:
        group = table.group_of("+842727777787")
        if group is None or group.ring_seconds != seconds:
            return False
        named = getattr(group, what)
        return bool(named == sound or (sound is None and named == RINGBACK))

    assert edge.table_says(is_known)
