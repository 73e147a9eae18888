"""`make migrate`: bring the database forward: that of DATABASE_URL, else the private one, running or not."""

import os
import subprocess
import sys

from deploy.settings import Settings, load
from deploy.stack import Stack, running
from kemi.errors import EdgeError

_ALL_BUT_DATABASE = ("migrate", "table", "ledger", "sender", "receipts", "watch", "kamailio")


def main() -> int:
    """Migrate; the exit status is the migrator's."""
    try:
        return _migrate(load())
    except EdgeError as error:
        print(error, file=sys.stderr)
        return 1


def _migrate(settings: Settings) -> int:
    note = running(settings.var_dir)
    url = settings.database_url or (note["database_url"] if note else None)
    if url is not None:
        return _run(url)
    with Stack(settings, without=_ALL_BUT_DATABASE) as stack:
        return _run(stack.database_url)


def _run(url: str) -> int:
    command = [sys.executable, "-m", "sql.migrate"]
    return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
