"""The memory of a process as the kernel tells it, the pages of one mapped file apart from all others."""

import re
from pathlib import Path
from typing import Final

from tests.scale.figures import Memory

_MAPPING: Final = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S{4} \S+ \S+ \d+ *(.*)$")
_FIELD: Final = re.compile(r"^(Rss|Pss|Anonymous): +(\d+) kB$")
_PRIVATE: Final = re.compile(r"^RssAnon:\s+(\d+) kB$", re.MULTILINE)


def parse(smaps: str, mapped: Path) -> Memory:
    """Return what /proc/<pid>/smaps (proc(5)) says; `mapped` is the file whose pages are the table's."""
    total, table, name = {"Rss": 0, "Pss": 0, "Anonymous": 0}, 0, ""
    for line in smaps.splitlines():
        if found := _MAPPING.match(line):
            name = found[1]
        elif found := _FIELD.match(line):
            kib = int(found[2])
            total[found[1]] += kib
            table += kib if found[1] == "Rss" and name == str(mapped) else 0
    return Memory(total["Anonymous"] / 1024, table / 1024, total["Rss"] / 1024, total["Pss"] / 1024)


def own(mapped: Path) -> Memory:
    """Return the memory of this process."""
    return parse(Path("/proc/self/smaps").read_text(), mapped.resolve())


def private_mib(pid: int) -> float:
    """Return what a process has of its own now."""
    found = _PRIVATE.search(Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
