"""The whole edge as one supervised stack: PostgreSQL (if private), migrations, table, ledger, sender, watch, Kamailio.

    with Stack(settings) as stack:      # starts everything, waits until it is ready
        stack.settings.sip_listen, stack.database_url
        stack.kill("kamailio")          # kill -9 of all its processes; stays down
        stack.restart("kamailio")       # up again, and ready
    # everything has ended

A part that dies by itself is started again, after a pause that grows. Whoever starts a stack in a thread must keep
that thread: the kernel ends the parts with the thread that started them.
"""

import fcntl
import json
import logging
import os
import secrets
import shutil
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from deploy import parts
from deploy.ports import EDGE_HOST, free_udp
from deploy.postgres import Cluster
from deploy.process import Process
from deploy.settings import Settings
from deploy.wait import until
from kemi.errors import EdgeError

_LOG: Final = logging.getLogger(__name__)
_TEND_SECONDS: Final = 0.1
_READY_SECONDS: Final = 30.0
_ROOMS: Final = ("table", "spool", "run", "log", "recordings/raw")


class StackError(EdgeError):
    """The stack cannot be started, or does not become ready."""


class Stack:
    """The supervised stack of one VAR_DIR."""

    def __init__(
        self,
        settings: Settings,
        *,
        env: Mapping[str, Mapping[str, str]] | None = None,
        commands: Mapping[str, Sequence[str]] | None = None,
        without: Sequence[str] = (),
        say: Callable[[str], None] = _LOG.info,
    ) -> None:
        """Prepare a stack; nothing runs yet.

        `env` adds variables to a part, `commands` replaces a part's command, `without` leaves parts out; `say`
        hears of deaths and restarts.
        """
        self.settings = settings
        self.database_url = settings.database_url or ""
        self.rtpengine = ("", 0)  # where the one of our own takes its orders
        self._env, self._commands, self._without = env or {}, commands or {}, without
        self._say = say
        self._processes: dict[str, Process] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._tender = threading.Thread(target=self._tend, name="stack", daemon=True)
        self._claim: IO[str] | None = None
        self._door: socket.socket | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start every part, each after the one it needs. Raises `StackError`, `PostgresError`."""
        self._make_rooms()
        self._claim_var_dir()
        if self.settings.database_url is None:
            cluster = Cluster(self.settings.var_dir)
            cluster.prepare()
            self.database_url = cluster.url
            self._start(parts.postgres(cluster))
            self.wait_ready("postgres")
        self._door, media = parts.open_door(self.settings), self._rtpengines()
        for part in parts.workers(self.settings, self.database_url, edge_key(self.settings), self._door, media):
            if part.name not in self._without:
                self._start(part)
                if part.once:
                    self._wait_for_end(self._processes[part.name])
        self._publish()
        self._tender.start()

    def _rtpengines(self) -> str:
        """Start our own, if it is to be; return where the rtpengines are. Raises `StackError`."""
        if (said := self.settings.rtpengine) != "own":
            return said.removeprefix("none")
        if shutil.which("rtpengine") is None:
            raise StackError("rtpengine is not installed: apt-get install rtpengine-daemon, or RTPENGINE=none")
        self.rtpengine = free_udp(EDGE_HOST)
        self._start(parts.rtpengine(self.settings, self.rtpengine))
        return "udp:{}:{}".format(*self.rtpengine)

    def stop(self) -> None:
        """End every part, the last started first. Nothing is left running."""
        self._stopping.set()
        if self._tender.is_alive():
            self._tender.join()
        for process in reversed(self._processes.values()):
            process.stop()
        if self._door is not None:
            self._door.close()
        if self._claim is not None:
            _note(self.settings.var_dir).unlink(missing_ok=True)
            self._claim.close()
            self._claim = None

    def wait_ready(self, *names: str, seconds: float = _READY_SECONDS) -> None:
        """Return when these parts (all that are wanted) are ready. Raises `StackError` with one's last words."""
        for name in names or [name for name, process in self._processes.items() if process.wanted]:
            process = self._processes[name]
            if not until(process.ready, seconds):
                why = f"{name} is not ready after {seconds:.0f} s: {process.last_words()}"
                raise StackError(f"{why} (see {process.log})")

    def unready(self) -> dict[str, str]:
        """Return the parts that are not ready now, each with the last line of its log."""
        return {name: one.last_words() for name, one in self._processes.items() if one.wanted and not one.ready()}

    def pid(self, name: str) -> int | None:
        """Return the process id of a part, None while it does not run."""
        return self._processes[name].pid

    def log(self, name: str) -> Path:
        """Return the log file of a part."""
        return self._processes[name].log

    def kill(self, name: str) -> None:
        """Kill -9 a part with everything it forked. It stays down until `restart`."""
        with self._lock:
            self._processes[name].kill()

    def halt(self, name: str) -> None:
        """End a part in its own way. It stays down until `restart`."""
        with self._lock:
            self._processes[name].stop()

    def restart(self, name: str, seconds: float = _READY_SECONDS) -> None:
        """Start a part, after ending it if it runs, and wait until it is ready. Raises `StackError`."""
        with self._lock:
            self._processes[name].stop()
            self._forget_readiness(name)
            self._processes[name].start()
        self.wait_ready(name, seconds=seconds)

    def _start(self, part: parts.Part) -> None:
        part = replace(part, command=self._commands.get(part.name, part.command))
        process = Process(part, self._environment_of(part), parts.log_of(self.settings, part.name))
        self._processes[part.name] = process
        self._forget_readiness(part.name)
        process.start()

    def _wait_for_end(self, process: Process) -> None:
        """Wait for a `once` part; say if it failed: it is tried again, and nothing else waits for it.

        A database that is down must not keep calls from ringing by the last table (design.md §2).
        """
        until(lambda: process.pid is None, _READY_SECONDS)
        if not process.done:
            self._say(f"{process.part.name} has not succeeded yet: {process.last_words()}")

    def _environment_of(self, part: parts.Part) -> dict[str, str]:
        """Return a part's environment: each secret goes only to the parts that need it."""
        private = self.settings.database_url is None
        merged = {**os.environ, **self.settings.environment(), "PYTHONUNBUFFERED": "1"}
        for name in [*merged]:
            # PGHOST and its like in the user's shell would lead to another server than the private one.
            if name in {"EDGE_KEY", "DATABASE_URL"} or (private and name.startswith("PG")):
                del merged[name]
        return {**merged, **part.env, **self._env.get(part.name, {})}

    def _forget_readiness(self, name: str) -> None:
        if name == "table":
            (self.settings.var_dir / "run" / "table.ready").unlink(missing_ok=True)

    def _tend(self) -> None:
        while not self._stopping.wait(_TEND_SECONDS):
            for process in self._processes.values():
                with self._lock:
                    line = process.tend()
                if line is not None:
                    self._say(line)

    def _make_rooms(self) -> None:
        for room in _ROOMS:
            (self.settings.var_dir / room).mkdir(parents=True, exist_ok=True)

    def _claim_var_dir(self) -> None:
        claim = (self.settings.var_dir / "run" / "stack.lock").open("a")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            claim.close()
            raise StackError(f"another stack runs on VAR_DIR={self.settings.var_dir}") from taken
        self._claim = claim

    def _publish(self) -> None:
        """Leave a note for `make call` and `make migrate`: what runs here."""
        note = _note(self.settings.var_dir)
        note.touch(mode=0o600)
        note.write_text(json.dumps({"sip_listen": self.settings.sip_listen, "database_url": self.database_url}))


def running(var_dir: Path) -> dict[str, str] | None:
    """Return `sip_listen` and `database_url` of the stack that runs on `var_dir`; None where none does."""
    note, lock = _note(var_dir), var_dir / "run" / "stack.lock"
    if not note.exists() or not lock.exists():
        return None
    with lock.open() as claim:
        try:
            fcntl.flock(claim, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return {str(name): str(value) for name, value in json.loads(note.read_text()).items()}
    return None  # the note of a stack that was killed


def _note(var_dir: Path) -> Path:
    return var_dir / "run" / "stack.json"


def edge_key(settings: Settings) -> str:
    """Return EDGE_KEY; unset, it is made once and kept in VAR_DIR/edge.key."""
    if settings.edge_key is not None:
        return settings.edge_key
    file = settings.var_dir / "edge.key"
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(f"0:{secrets.token_hex(32)}\n")
    return file.read_text().strip()
