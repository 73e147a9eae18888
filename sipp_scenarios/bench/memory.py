"""The memory of every process of the edge, and of Kamailio's own allocators, while calls go on."""

import time
from pathlib import Path
from typing import Any, Final, NamedTuple

from kemi.watch.rpc import Rpc, RpcError
from sipp_scenarios.bench import cpu
from tests.edge import Edge

MIB: Final = 1 << 20
_PARTS: Final = ("kamailio", "watch", "table", "ledger", "sender", "postgres")
_FIELDS: Final = {"RssAnon": "own", "VmRSS": "rss"}


class Sample(NamedTuple):
    """At `at` seconds: MiB of each process; Kamailio's shared memory in use, and the most a process has of its pkg."""

    at: float
    rss: dict[str, float]
    own: dict[str, float]  # in no file and not shared: what a leak would grow
    shm: float
    pkg: float


class Sampler:
    """Takes samples of an edge, from its making on."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._rpc = Rpc(edge.stack.settings.var_dir / "run" / "kamailio.rpc", "bench")
        self._begun = time.monotonic()
        self._names = dict[int, str]()
        self._wanted: set[int] = set()

    def take(self) -> Sample:
        """Look at every process that is there now."""
        self._look_for_new_ones()
        found = {pid: _status(pid) for pid in self._wanted}
        rss = {self._names[pid]: each["rss"] for pid, each in found.items() if "rss" in each}
        own = {self._names[pid]: each["own"] for pid, each in found.items() if "own" in each}
        shm, pkg = self._ask("core.shmmem") or {}, self._ask("pkg.stats") or []
        most = max((one.get("used", 0) for one in pkg), default=0) if isinstance(pkg, list) else 0
        return Sample(time.monotonic() - self._begun, rss, own, shm.get("real_used", 0) / MIB, most / MIB)

    def close(self) -> None:
        """Close the RPC socket."""
        self._rpc.close()

    def _look_for_new_ones(self) -> None:
        described = {one["PID"]: one["DSC"] for one in self._ask("core.psx") or [] if isinstance(one, dict)}
        for part in _PARTS:
            root = self._edge.stack.pid(part)
            if root is None:
                continue
            pids = sorted(cpu.each(root))
            for pid in pids if part == "kamailio" else [root]:  # PostgreSQL's come and go: the server alone
                if pid not in self._names:
                    words = f": {described[pid].partition(' sock=')[0]}" if pid in described else ""
                    self._names[pid] = f"{part}{words}" if pid == root or words else f"{part} {pid}"
                self._wanted.add(pid)

    def _ask(self, method: str) -> Any:
        try:
            return self._rpc.ask(method)
        except RpcError:  # busy: the next sample may have it
            return None


def _status(pid: int) -> dict[str, float]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has ended
        return {}
    pairs = (line.split() for line in lines)
    return {
        _FIELDS[name[:-1]]: int(kib) / 1024
        for name, kib, *_ in (p for p in pairs if len(p) > 1)
        if name[:-1] in _FIELDS
    }
