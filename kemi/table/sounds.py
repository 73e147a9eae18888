"""The sounds of groups as files of this edge, where its rtpengine finds them: `VAR_DIR/sounds`.

A sound is named by its row and its content, so that a file never changes; each is there before the record that names
it. What cannot be written costs the caller the sound (he hears ringback), and the operator an alarm.
"""

import logging
import os
from pathlib import Path
from typing import Any, Final

from psycopg2.extensions import connection

from kemi.domain.sounds import KINDS, RINGBACK, file_name
from kemi.table.ringback import ringback
from sql.named import queries

log: Final = logging.getLogger("sounds")


class SoundFiles:
    """The folder that the compiler fills."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def bring(self, conn: connection, sound: str) -> None:
        """Write a sound's files where they are not there. Raises `psycopg2.Error`."""
        if all(self._path(sound, kind).exists() for kind in KINDS):
            return
        contents = self._contents(conn, sound)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for kind, content in zip(KINDS, contents, strict=True):
                self._write(self._path(sound, kind), bytes(content))
        except (OSError, ValueError) as error:
            log.warning("alarm=sound_not_stored sound=%s: its callers hear ringback: %s", sound, error)

    def forget(self, conn: connection) -> None:
        """Delete the files of sounds that are gone or were loaded anew. Raises `psycopg2.Error`."""
        with conn.cursor() as cur:
            cur.execute(queries("compiler")["sounds"])
            kept = {RINGBACK, *(name for (name,) in cur.fetchall())}
        try:
            for path in self._folder.glob("*.wav"):
                if path.name.partition(".")[0] not in kept:
                    path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("old sounds stay: %s", error)

    def _contents(self, conn: connection, sound: str) -> tuple[Any, ...]:
        if sound == RINGBACK:
            return tuple(map(ringback, KINDS))
        with conn.cursor() as cur:
            cur.execute(queries("compiler")["sound"], {"id": int(sound.partition("-")[0])})
            return tuple(cur.fetchone() or ())

    def _path(self, sound: str, kind: str) -> Path:
        return self._folder / file_name(sound, kind)

    def _write(self, path: Path, content: bytes) -> None:
        new = path.with_suffix(".new")
        new.write_bytes(content)
        os.replace(new, path)
