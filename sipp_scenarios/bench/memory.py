"""The memory of every process of the edge, and of Kamailio's own allocators, while calls go on."""

import time
from math import nan
from pathlib import Path
from typing import Any, Final, NamedTuple

from kemi.watch.rpc import Rpc, RpcError
from sipp_scenarios.bench import cpu
from tests.edge import Edge

MIB: Final = 1 << 20
_PARTS: Final = ("kamailio", "watch", "table", "ledger", "sender", "receipts", "recorder", "postgres")
_LOG: Final = "kamailio: log"
_OWN: Final = "RssAnon:"
_ALL: Final = "VmRSS:"


class Sample(NamedTuple):
    """At `at` seconds: MiB of each process; Kamailio's shared memory in use, and the most a process has of its pkg.

    Those two are nan where Kamailio was too busy to say.
    """

    at: float
    own: dict[str, float]  # RssAnon, in no file and not shared: what a leak would grow
    shm: float
    pkg: float
    rss: dict[str, float]  # with what is shared and what is in files


class Sampler:
    """Takes samples of an edge, from its making on."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._rpc = _rpc(edge)
        self._begun = time.monotonic()
        self._names = dict[int, str]()
        self._connections = 0

    def take(self) -> Sample:
        """Look at every process that is there now."""
        self._look_for_new_ones()
        found = {name: mib for pid, name in self._names.items() if (mib := _mib(pid)) is not None}
        shm, pkg = self._ask("core.shmmem", "k"), self._ask("pkg.stats")
        used = shm["real_used"] / 1024 if isinstance(shm, dict) else nan
        most = max(one["used"] for one in pkg) / MIB if isinstance(pkg, list) and pkg else nan
        own, rss = ({name: mib[n] for name, mib in found.items()} for n in (0, 1))
        return Sample(time.monotonic() - self._begun, own, used, most, rss)

    def close(self) -> None:
        """Close the RPC socket."""
        self._rpc.close()

    def _look_for_new_ones(self) -> None:
        described = {one["PID"]: one["DSC"] for one in self._ask("core.psx") or [] if isinstance(one, dict)}
        for part in _PARTS:
            root = self._edge.stack.pid(part)
            if root is None:
                continue
            for pid in sorted(cpu.each(root)):
                if pid not in self._names:
                    self._names[pid] = self._named(part, pid, root, described)
            if part == "kamailio":
                self._names |= dict.fromkeys(cpu.readers(root), _LOG)

    def _named(self, part: str, pid: int, root: int, described: dict[int, str]) -> str:
        if pid in described:
            return f"{part}: {described[pid].partition(' sock=')[0]}"
        if pid == root:
            return part
        if part != "postgres":
            return f"{part} {pid}"
        does = title(pid)
        if "(" not in does:  # a connection's has its client's port, and what it does now
            return does
        self._connections += 1
        return f"postgres: connection {self._connections}"

    def _ask(self, method: str, *params: str) -> Any:
        try:
            return self._rpc.ask(method, *params)
        except RpcError:  # busy: the next sample may have it
            return None


def in_use(edge: Edge) -> float:
    """Return what is in use of Kamailio's shared memory, 1 being all of it; 1 where it is too busy to say."""
    rpc = _rpc(edge)
    try:
        found = rpc.ask("core.shmmem", "k")  # KiB: in bytes 2 GiB are less than nothing
    except RpcError:
        return 1.0
    finally:
        rpc.close()
    return float(found["real_used"] / found["total"])


def _rpc(edge: Edge) -> Rpc:
    return Rpc(edge.stack.settings.var_dir / "run" / "kamailio.rpc", "bench")


def title(pid: int) -> str:
    """Return what a process of PostgreSQL calls itself, "" where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").strip()
    except OSError:
        return ""


def _mib(pid: int) -> tuple[float, float] | None:
    """Return what is its own, and all that it has in memory; None where it has ended."""
    try:
        lines = [line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
        mib = {line[0]: int(line[1]) / 1024 for line in lines if line and line[0] in {_OWN, _ALL}}
        return mib[_OWN], mib[_ALL]
    except (OSError, KeyError):  # it has ended, or is about to
        return None
