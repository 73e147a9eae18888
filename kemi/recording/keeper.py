"""`python -m kemi.recording.keeper`: makes and keeps the recordings of this edge, apart from all that calls need.

    every second    what rtpengine has finished (raw.py) → one stereo file (making.py) → the row says where it is
    every minute    calls that ended without a file: lost, and an alarm; room on the disk; files whose time is over;
                    what an rtpengine left that was killed
    every hour      files that no row knows, or that a row says are another node's

Environment: DATABASE_URL, VAR_DIR (`VAR_DIR/recordings`), NODE_NAME, LOG_LEVEL. Ends on SIGTERM. Dead, or without the
database, it costs nobody anything: the raw files wait.
"""

import contextlib
import logging
import os
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection

from kemi.domain.redaction import redacted
from kemi.recording import raw as raws
from kemi.recording.making import DecoderFailed, NotMade, make
from kemi.recording.pcap import Capture
from kemi.recording.raw import Raw
from kemi.recording.streams import Heard, heard, streams
from sql.named import queries
from sql.said import said

LOOK_SECONDS: Final = 1.0
TEND_SECONDS: Final = 60.0
_SWEEP_SECONDS: Final = 3600.0
_GRACE_SECONDS: Final = 300  # after a call's end, until its recording counts as lost
_QUIET_SECONDS: Final = 120  # a capture that has not grown
_FORGOTTEN_SECONDS: Final = 2 * 86_400  # a capture that no row ever asked for
_UNENDED_SECONDS: Final = 3600  # that a session is over, and the call's end has not been heard of
_SILENT_SECONDS: Final = 10  # after the answer, in which neither side sends anything
TRIES: Final = 5  # at a capture that cannot be read
_LEAST_FREE: Final = 1 << 30  # bytes
_NICE: Final = 10
_MAKING: Final = "making-"
_SQL: Final = queries("recording")
_KILLED: Final = "rtpengine was killed: what came last before is missing"
_CUT_OFF: Final = "it was cut off: the disk for recordings was full"
log = logging.getLogger("recorder")


class Keeper:
    """The recordings of one edge."""

    def __init__(self, connect: Callable[[], connection], folder: Path, node: str) -> None:
        """`folder`: VAR_DIR/recordings; rtpengine writes into `raw` in it."""
        self._connect = connect
        self._conn: connection | None = None
        self._raw, self._kept, self._node = folder / "raw", folder, node
        self._sweep_at = 0.0
        self._tries: Counter[str] = Counter()  # of what ffmpeg could not read

    def look(self) -> int:
        """Make what is finished; return how many files there are now that were not. Raises `psycopg2.Error`."""
        return sum(map(self._try, raws.finished(self._raw)))

    def tend(self) -> None:
        """Do what a minute is soon enough for. Raises `psycopg2.Error`, `OSError`."""
        for raw in raws.orphans(self._raw, _QUIET_SECONDS):
            self._try(raw)
        raws.sweep(self._raw, _QUIET_SECONDS)
        here = [raw.call for raw in raws.finished(self._raw)]
        for (call,) in self._ask("overdue", node=self._node, grace=_GRACE_SECONDS, here=here):
            self._lost(call, "nothing was recorded: no anchored media, or rtpengine could not write")
        free = shutil.disk_usage(self._kept).free
        if free < _LEAST_FREE:
            log.error("alarm=recordings_disk_nearly_full free_mb=%d: what does not fit is lost", free >> 20)
        self._purge()

    def _try(self, raw: Raw) -> bool:
        """Keep a call's recording; what is wrong with one is no other's business. Raises `psycopg2.Error`."""
        try:
            return self._keep(raw)
        except psycopg2.Error:
            raise
        except Exception as error:  # both sides of a call choose what is in a capture
            self._failed(raw, error)
            return False

    def _keep(self, raw: Raw) -> bool:
        state = self._ask("state", call=raw.call)
        age = time.time() - raw.changed()
        if not state:  # the ledger is behind, or nobody asked for it
            if age > _FORGOTTEN_SECONDS:
                raw.remove()
            return False
        ((now, is_ended, made_at, answered_at),) = state
        if now in {"made", "purged"}:
            if now == "made" and raw.changed() > made_at:
                log.error("alarm=recording_cut_off call=%s: it went on when it had been made", raw.call)
            raw.remove()
            return False
        patience = _UNENDED_SECONDS if all(part.note.exists() for part in raw.parts) else _FORGOTTEN_SECONDS
        if not raw.is_over(_QUIET_SECONDS) or not (is_ended or age > patience):
            return False
        try:
            file, seconds, why = self._make(raw, answered_at)
        except NotMade as wrong:
            self._lost(raw.call, str(wrong))
            raw.remove()
            return False
        self._ask("made", call=raw.call, file=file, seconds=round(seconds, 1), why=why)
        raw.remove()
        log.info("recorded call=%s seconds=%.1f", raw.call, seconds)
        if why is not None:
            log.error("alarm=recording_cut_off call=%s: %s", raw.call, why)
        return True

    def _failed(self, raw: Raw, error: Exception) -> None:
        log.error("alarm=recording_not_stored call=%s: tried again: %s", raw.call, redacted(repr(error)))
        is_tool = isinstance(error, DecoderFailed)
        if (is_tool and shutil.which("ffmpeg") is None) or (isinstance(error, OSError) and not is_tool):
            return  # the disk is full, say: the raw files wait
        self._tries[raw.call] += 1
        if self._tries[raw.call] >= TRIES:
            del self._tries[raw.call]
            self._lost(raw.call, f"{error}; what was captured is kept a while in recordings/failed")
            with contextlib.suppress(OSError):  # it stays, and is tried again
                raw.put_aside(self._kept / "failed")

    def _make(self, raw: Raw, answered_at: float) -> tuple[str, float, str | None]:
        """Return the file, its seconds, and what is missing. Raises `NotMade`, `OSError`, `DecoderFailed`."""
        found, why = self._heard(raw)
        late = min((one.packets[0].at for one in found), default=0.0) - answered_at
        if why is None and late > _SILENT_SECONDS:
            why = f"nothing was captured in its first {late:.0f} s"
        last = max(part.capture.stat().st_mtime for part in raw.captured)
        day = datetime.fromtimestamp(last, UTC).date().isoformat()
        name = f"{day}/{raw.call}.opus"
        with tempfile.TemporaryDirectory(dir=self._kept, prefix=_MAKING) as folder:
            new = Path(folder) / "new.opus"
            seconds = make(streams(found), new, Path(folder))
            (self._kept / day).mkdir(mode=0o700, exist_ok=True)
            os.replace(new, self._kept / name)
        return name, seconds, why

    @staticmethod
    def _heard(raw: Raw) -> tuple[list[Heard], str | None]:
        if not raw.captured:
            raise NotMade("rtpengine could not write")
        found, missing = list[Heard](), list[str]()
        notes = {part: part.told() for part in raw.parts}
        codecs = {kind: codec for note in notes.values() for kind, codec in note.codecs.items()}
        for part, note in notes.items():
            capture = Capture(part.capture)
            try:
                found += heard(capture, note._replace(codecs=codecs | note.codecs))
            except (ValueError, FileNotFoundError) as wrong:
                if len(raw.parts) == 1:
                    raise NotMade(str(wrong)) from wrong
            if not part.note.exists():
                missing.append(_KILLED)
            elif not (capture.whole and note.whole):
                missing.append(_CUT_OFF)
        return found, missing[0] if missing else None

    def _lost(self, call: str, why: str) -> None:
        self._ask("lost", call=call, why=redacted(why)[:200])
        log.error("alarm=recording_lost call=%s: %s", call, why)

    def _purge(self) -> None:
        expired = self._ask("expired", node=self._node)
        for _, file in expired:
            (self._kept / file).unlink(missing_ok=True)
        if expired:
            self._ask("purged", calls=[call for call, _ in expired])
            log.info("purged recordings=%d", len(expired))
        if time.monotonic() >= self._sweep_at:
            self._sweep()
            self._sweep_at = time.monotonic() + _SWEEP_SECONDS

    def _sweep(self) -> None:
        """Look at the files themselves: those that no row knows go; the others are this node's, whatever its name."""
        for file in self._kept.glob("failed/*"):
            if time.time() - file.stat().st_mtime > _FORGOTTEN_SECONDS:
                file.unlink(missing_ok=True)
        files = {file.stem: file for file in self._kept.glob("[0-9]*/*.opus")}
        if files:
            self._ask("here", calls=list(files), node=self._node)
        for (call,) in self._ask("unknown", calls=list(files)) if files else ():
            if time.time() - files[call].stat().st_mtime > TEND_SECONDS:
                files[call].unlink(missing_ok=True)

    def _ask(self, query: str, /, **params: object) -> list[tuple[Any, ...]]:
        if self._conn is None or self._conn.closed:
            self._conn = self._connect()
        with self._conn, self._conn.cursor() as cur:
            cur.execute(_SQL[query], params)
            return cur.fetchall() if cur.description else []


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    os.nice(_NICE)
    os.umask(0o077)  # what was said is nobody else's business
    folder = Path(os.environ["VAR_DIR"]) / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(folder.stat().st_mode & 0o770)  # raw files are rtpengine's, and as open as it made them
    url, node = os.environ["DATABASE_URL"], os.environ["NODE_NAME"]
    keeper = Keeper(
        lambda: psycopg2.connect(url, connect_timeout=5, application_name="external-groups recorder"), folder, node
    )
    for left in folder.glob(f"{_MAKING}*"):  # of one that was killed
        shutil.rmtree(left, ignore_errors=True)
    tend_at = 0.0
    log.info("recorder ready")
    while not stop.is_set():
        try:
            keeper.look()
            if time.monotonic() >= tend_at:
                keeper.tend()
                tend_at = time.monotonic() + TEND_SECONDS
        except (psycopg2.Error, OSError) as error:
            log.warning("recordings wait: %s", redacted(said(error)))
        stop.wait(LOOK_SECONDS)


if __name__ == "__main__":
    main()
