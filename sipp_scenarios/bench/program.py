"""What is loaded: where it listens, where its members are, and the processes of its parts."""

from dataclasses import dataclass
from typing import Final

from sipp_scenarios.bench import cpu
from tests.sip.message import Address

EDGE: Final = (
    "edge"  # the part that carries the call: of ours Kamailio with its log, the watch and the table's compiler
)


@dataclass(frozen=True)
class Program:
    """A program and its parts, each by the ids of its processes.

    `port`: of the gateway; with `own_ports` each member has his own, this one and up.
    """

    name: str
    address: Address
    port: int
    parts: dict[str, tuple[int, ...]]
    own_ports: bool = False

    def ports(self, members: int) -> tuple[int, ...]:
        """Return the gateway's ports that a group of `members` is rung at."""
        return tuple(range(self.port, self.port + members)) if self.own_ports else (self.port,)

    def cpu(self) -> dict[str, float]:
        """CPU seconds of each part until now."""
        return {part: sum(map(cpu.seconds, pids)) for part, pids in self.parts.items()}

    def each(self) -> dict[int, float]:
        """CPU seconds of each process of the edge until now."""
        return {pid: used for root in self.parts[EDGE] for pid, used in cpu.each(root).items()}
