"""One start of the edge: its name, and whether any process of it is still alive.

The main process claims an instance before it forks: a file, locked with flock(2). The lock belongs to the open file
that all its children inherit, so the kernel frees it when the last of them is gone, however they went. Pids are not
asked: they come back.
"""

import fcntl
import os
import re
import stat
import time
from pathlib import Path
from typing import Final, NamedTuple

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_ALIVE: Final = ".alive"
_GAP: Final = stat.S_ISVTX  # a bit of the file's mode that means nothing else there: to be set where the disk is full
_NODE: Final = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)


class Instance(NamedTuple):
    """A claimed start: `name` is `<node>-<boot8>-<start µs>`; `fd` holds its lock and must stay open."""

    name: str
    fd: int


def claim_instance(directory: Path, node: str) -> Instance:
    """Name this start of `node` and lock `<directory>/<name>.alive`. To be called once, before the fork.

    The file appears under its name only when it is locked: nobody ever sees a live start without its lock.
    Raises `ValueError` for a node name that cannot stand in a file's name, `OSError` where the directory refuses.
    """
    if not _NODE.fullmatch(node):
        raise ValueError("the node's name must be 1 to 32 of a-z, 0-9 and -")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{node}-{boot_id()}-{time.time_ns() // 1000}"
    claim = directory / f".{name}.claim"
    fd = os.open(claim, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    claim.rename(alive_file(directory, name))
    return Instance(name, fd)


def boot_id() -> str:
    """Return the eight digits of this machine's boot that stand in instances' names."""
    return _BOOT_ID.read_text(encoding="ascii")[:8]


def is_alive(directory: Path, instance: str) -> bool:
    """Say whether any process of `instance` still runs. A start without a file never ran here, or is long gone."""
    try:
        fd = os.open(alive_file(directory, instance), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who ask at once must not see each other
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def alive_file(directory: Path, instance: str) -> Path:
    """Return the file whose lock tells that `instance` is alive."""
    return directory / (instance + _ALIVE)


def mark_gap(directory: Path, instance: str) -> None:
    """Note that an event of `instance` could not be written when it happened, and may never be. Raises `OSError`."""
    file = alive_file(directory, instance)
    file.chmod(file.stat().st_mode | _GAP)


def has_gap(directory: Path, instance: str) -> bool:
    """Say whether the spool may lack an event of `instance`."""
    try:
        return bool(alive_file(directory, instance).stat().st_mode & _GAP)
    except FileNotFoundError:
        return False
