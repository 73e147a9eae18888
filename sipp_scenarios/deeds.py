"""What happens to the edge while a scenario plays: done by the thread that the edge lives in."""

import queue
import threading
from typing import Final

from sipp_scenarios.scenario import Step
from tests.edge import Edge

_TICK: Final = 0.05  # seconds between looks at whether SIPp has ended
_PATIENCE: Final = 60.0


class Deeds:
    """Steps, asked for by the network's threads. The kernel ends a part with the thread that has started it."""

    def __init__(self, edge: Edge) -> None:
        """`edge`: whose parts die."""
        self._edge = edge
        self._down: set[str] = set()
        self._asked: queue.SimpleQueue[tuple[Step, threading.Event]] = queue.SimpleQueue()

    def wait_for(self, step: Step) -> None:
        """Return when the step is done; or when nobody does it, for the scenario is over."""
        done = threading.Event()
        self._asked.put((step, done))
        done.wait(_PATIENCE)

    def does(self) -> None:
        """Do the next step that is asked for, if there is one soon. Raises `StackError`; `KeyError`: no such part."""
        try:
            step, done = self._asked.get(timeout=_TICK)
        except queue.Empty:
            return
        try:
            if step.kill:
                self._down.add(step.kill)
                self._edge.stack.kill(step.kill)
            if step.restart:
                self._edge.stack.restart(step.restart)
                self._down.discard(step.restart)
        finally:
            done.set()

    def undoes(self) -> None:
        """Bring up again what a scenario that went wrong has left dead."""
        for part in self._down:
            self._edge.stack.restart(part)
