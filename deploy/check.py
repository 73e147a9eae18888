"""`make check`, `make explain`: kemi.check on the database and the routing table of this machine's settings."""

import os
import subprocess
import sys

from deploy.settings import load
from deploy.stack import running
from kemi.errors import EdgeError


def main() -> int:
    """Run kemi.check; the exit status is its own, 2 where nothing can be asked."""
    try:
        settings = load()
        note = running(settings.var_dir)
    except EdgeError as error:
        print(error, file=sys.stderr)
        return 2
    url = settings.database_url or (note["database_url"] if note else None)
    if url is None:
        print("no stack runs here, and DATABASE_URL is not set: start one with `make run`", file=sys.stderr)
        return 2
    env = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(settings.var_dir)}
    return subprocess.run([sys.executable, "-m", "kemi.check", *sys.argv[1:]], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
