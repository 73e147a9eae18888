"""Audits finished calls in processes of their own, while the walk goes on."""

from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final

from tests.leaks import find_leaks
from tests.sip.wire import Packet
from tests.walk.canaries import overheard, registry
from tests.walk.room import sides
from tests.walk.scene import Scene

_PROCESSES: Final = 2


def audit_call(
    seed: int, calls: int, number: int, slot: int, edge: tuple[str, int], packets: Sequence[Packet],
    ears: Sequence[int], is_deep: bool,
) -> list[str]:  # fmt: skip
    """Return every leak in one call's packets, in words; `is_deep`: by the product's auditor, too."""
    leaks = find_leaks(packets, sides(edge, slot)) if is_deep else []
    return [f"call {number}: {one}" for one in leaks] + overheard(seed, calls, number, slot, edge, packets, ears)


@dataclass
class Auditors:
    """The processes, and what they have to do yet. Every `every`th call is read by the product's auditor."""

    seed: int
    calls: int
    edge: tuple[str, int]
    every: int = 1
    waiting: list[Future[list[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pool = ProcessPoolExecutor(_PROCESSES, get_context("spawn"), registry, (self.seed, self.calls))

    def take(self, scene: Scene) -> None:
        """Audit a call; returns at once."""
        number = scene.story.number
        told = (self.seed, self.calls, number, scene.slot.number, self.edge)
        is_deep = number % self.every == 0
        self.waiting.append(self._pool.submit(audit_call, *told, tuple(scene.packets), tuple(scene.ears), is_deep))

    @property
    def done(self) -> int:
        """How many calls have been audited."""
        return sum(one.done() for one in list(self.waiting))

    def findings(self) -> list[str]:
        """Wait for the rest; return what was found."""
        return sorted({text for one in self.waiting for text in one.result()})

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)
