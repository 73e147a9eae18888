"""A countdown that all processes of a room share: files in one folder, taken away one by one.

Who takes the last one dies. Unlinking is atomic, so exactly one process does, whichever it is; after a restart there
is nothing left to take.
"""

import contextlib
import os
import signal
from pathlib import Path


def folder(var_dir: Path) -> Path:
    """Return where the countdown of the room at `var_dir` lies."""
    return var_dir / "run" / "bomb"


def lay(room: Path, kind: str, number: int) -> None:
    """Let the process that writes the `number`-th event of `kind` from now on die by it."""
    room.mkdir(exist_ok=True)
    for left in range(1, number + 1):
        (room / f"{kind}.{left}").touch()


def is_spent(room: Path) -> bool:
    """Say whether somebody has died of it."""
    return not any(room.glob("*.*"))


def defuse(room: Path) -> None:
    """Take away what is left: what did not happen in its run must not happen in the next."""
    for left in room.glob("*.*"):
        left.unlink(missing_ok=True)


def count_down(room: Path, kind: str) -> None:
    """Count one event of `kind`; does not return where it was the last one."""
    for left in sorted(room.glob(f"{kind}.*"), key=lambda file: -int(file.suffix[1:])):
        with contextlib.suppress(FileNotFoundError):
            left.unlink()
            if left.suffix == ".1":
                os.kill(os.getpid(), signal.SIGKILL)
            return
