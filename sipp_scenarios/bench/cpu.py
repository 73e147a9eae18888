"""CPU seconds of a process with everything it forked, as the kernel counts them (proc(5): /proc/PID/stat)."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

_TICKS: Final = os.sysconf("SC_CLK_TCK")  # a second
_PROC: Final = Path("/proc")


class Stat(NamedTuple):
    """A process: its parent, the ticks that it and its dead, awaited children have used, those alone, its threads."""

    pid: int
    parent: int
    ticks: int
    of_children: int = 0
    threads: int = 1


def parse_stat(text: str) -> Stat:
    """Read a line of /proc/PID/stat. Raises `ValueError`."""
    # The name stands in parentheses and may hold anything, parentheses and spaces too.
    pid, _, rest = text.partition(" (")
    fields = rest.rpartition(") ")[2].split()
    if len(fields) < 18:
        raise ValueError(f"not a line of /proc/PID/stat: {text!r}")
    utime, stime, cutime, cstime = (int(each) for each in fields[11:15])
    return Stat(int(pid), int(fields[1]), utime + stime + cutime + cstime, cutime + cstime, int(fields[17]))


def tree(root: int, stats: Iterable[Stat]) -> list[Stat]:
    """Return `root` and everything below it."""
    stats = list(stats)
    found = {root}
    while below := {each.pid for each in stats if each.parent in found} - found:
        found |= below
    return [each for each in stats if each.pid in found]


def seconds(root: int) -> float:
    """Return the CPU seconds that the process `root` and everything below it have used until now."""
    return sum(each(root).values())


def each(root: int) -> dict[int, float]:
    """Return the same of each of these processes, without the dead."""
    return {one.pid: _seconds(one) for one in tree(root, _all())}


def loads(root: int, program: str) -> dict[tuple[str, int], float]:
    """Return the CPU seconds of each process below `root` that is `program`, by the file after `-sf` and its id."""
    found = dict[tuple[str, int], float]()
    for one in tree(root, _all()):
        try:
            words = (_PROC / str(one.pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it ended in between
            continue
        if words[0].rpartition("/")[2] == program and "-sf" in words:
            found[Path(words[words.index("-sf") + 1]).stem, one.pid] = _seconds(one)
    return found


def _seconds(stat: Stat) -> float:
    """Return what a process has used: to the ns where it is one thread, as each of Kamailio's is; else by ticks.

    A tick is 10 ms, and a short load costs a native script few. The ns of threads that have ended are told nowhere.
    """
    if stat.threads == 1:
        try:
            used = (_PROC / str(stat.pid) / "schedstat").read_text().split()
            return int(used[0]) / 1e9 + stat.of_children / _TICKS
        except (OSError, IndexError):  # it ended in between; or a kernel without it
            pass
    return stat.ticks / _TICKS


def readers(pid: int) -> list[int]:
    """Return the processes that read what `pid` writes to standard error, where that is a pipe."""
    pipe = os.readlink(_PROC / str(pid) / "fd" / "2")
    found = []
    for file in _PROC.glob("[0-9]*/fd/0"):
        try:
            if pipe.startswith("pipe:") and os.readlink(file) == pipe:
                found.append(int(file.parts[2]))
        except OSError:  # it ended in between, or is another user's
            continue
    return found


def idle() -> float:
    """Return the seconds that all cores together have been idle since the machine began.

    What they have worked is not to be had from the same line: it is counted by ticks, which short bursts slip between.
    """
    fields = (_PROC / "stat").read_text().split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / _TICKS  # idle, and waiting for a disk


def _all() -> Iterable[Stat]:
    for file in _PROC.glob("[0-9]*/stat"):
        try:
            yield parse_stat(file.read_text())
        except OSError:  # it ended in between
            continue
