"""The memory of every process of the edge, and of Kamailio's own allocators, while calls go on."""

import time
from math import nan
from pathlib import Path
from typing import Any, Final, NamedTuple

from kemi.watch.rpc import Rpc, RpcError
from sipp_scenarios.bench import cpu
from tests.edge import Edge

MIB: Final = 1 << 20
_PARTS: Final = ("kamailio", "watch", "table", "ledger", "sender", "postgres")
_OWN: Final = "RssAnon:"


class Sample(NamedTuple):
    """At `at` seconds: MiB of each process; Kamailio's shared memory in use, and the most a process has of its pkg.

    Those two are nan where Kamailio was too busy to say.
    """

    at: float
    own: dict[str, float]  # in no file and not shared: what a leak would grow
    shm: float
    pkg: float


class Sampler:
    """Takes samples of an edge, from its making on."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._rpc = _rpc(edge)
        self._begun = time.monotonic()
        self._names = dict[int, str]()
        self._wanted: set[int] = set()

    def take(self) -> Sample:
        """Look at every process that is there now."""
        self._look_for_new_ones()
        own = {self._names[pid]: mib for pid in self._wanted if (mib := _own(pid)) is not None}
        shm, pkg = self._ask("core.shmmem", "k"), self._ask("pkg.stats")
        used = shm["real_used"] / 1024 if isinstance(shm, dict) else nan
        most = max(one["used"] for one in pkg) / MIB if isinstance(pkg, list) and pkg else nan
        return Sample(time.monotonic() - self._begun, own, used, most)

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


def _own(pid: int) -> float | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has ended
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(_OWN)), None)
