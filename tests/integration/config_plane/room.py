"""What the config plane's tests speak: the compiler as a process, the operator's SQL, and what a reader sees."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from psycopg2.extensions import connection

from deploy.wait import until
from kemi.domain.model import Group, Hotline
from kemi.table.store import TableReader

NUMBER: Final = "+842727777787"
PATIENT: Final = 60.0  # s: for what must come; a slow machine takes its time
_UNTIL_POLLED: Final = 600.0  # s: so long that what comes within PATIENT was announced


class Compiler:
    """`python -m kemi.table.sync` in a process that the test starts and ends; it polls as rarely as `start` says."""

    def __init__(self, url: str, var: Path) -> None:
        self._env = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(var)}
        self._log = var / "sync.log"
        self._log.touch()
        self._ready = var / "run" / "table.ready"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, poll_seconds: float = _UNTIL_POLLED) -> None:
        program = f"from kemi.table import sync; sync.POLL_SECONDS = {poll_seconds}; sync.main()"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-c", program], env=self._env, stderr=log)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status; of one that never ran, 0."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        status = self._process.wait(10)
        self._process = None
        return status

    def says(self, words: str, times: int = 1) -> bool:
        return until(lambda: self._log.read_text().count(words) >= times, PATIENT)

    @property
    def is_ready(self) -> bool:
        return self._ready.exists()


def sql(conn: connection, statement: str, *values: object) -> None:
    with conn.cursor() as cur:
        cur.execute(statement, values or None)


def the(table: TableReader) -> Hotline:
    hotline = table.hotline(NUMBER)
    assert hotline is not None
    return hotline


def the_group(table: TableReader) -> Group:
    group = table.group_of(NUMBER)
    assert group is not None
    return group


def rings(table: TableReader, seconds: int) -> bool:
    return the_group(table).ring_seconds == seconds


def has_max_members(table: TableReader, most: int) -> bool:
    plan = table.plan(1)
    return plan is not None and plan.max_members == most


def tenant_is_enabled(table: TableReader) -> bool:
    tenant = table.tenant(1)
    return tenant is not None and tenant.enabled
