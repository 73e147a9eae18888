"""Playing many scenarios at once: an edge in each of a few threads, each with the next scenario that nobody has."""

import queue
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from deploy.ports import free_rtp
from sipp_scenarios import narrow
from sipp_scenarios.check import problems
from sipp_scenarios.play import play
from sipp_scenarios.scenario import Scenario
from sipp_scenarios.torture.run import Torture
from tests.capture import Tape
from tests.edge import EDGE_HOST, Edge, running_edge

Thing: TypeAlias = Scenario | Torture
JOBS: Final = 3  # a scenario mostly waits; more edges than this start longer than they play, on two cores


class Result(NamedTuple):
    """What came of a scenario: its seconds, and all that is not as promised, in words."""

    thing: Thing
    seconds: float
    problems: list[str]


def played(
    things: Sequence[Thing], jobs: int = JOBS, say: Callable[[str], None] = print
) -> Generator[Result, None, None]:
    """Play all, on as many edges as `jobs`; yield each result when it is there. Raises what no edge starts for."""
    waiting: queue.SimpleQueue[Thing] = queue.SimpleQueue()
    for thing in things:
        waiting.put(thing)
    done: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()
    stop = threading.Event()
    # The kernel ends a stack's parts with the thread that started them, so an edge lives in one thread.
    threads = [
        threading.Thread(target=_edge_of_its_own, args=(waiting, done, stop, say), name=f"edge {number}")
        for number in range(min(jobs, len(things)))
    ]
    try:
        for thread in threads:
            thread.start()
        for _ in things:
            result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _edge_of_its_own(
    waiting: "queue.SimpleQueue[Thing]", done: "queue.SimpleQueue[Result | BaseException]", stop: threading.Event,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    try:
        with (
            tempfile.TemporaryDirectory(prefix="scenarios-") as folder,
            running_edge(Path(folder), say=say, rtpengine="own", rtp_ports=free_rtp(EDGE_HOST), sip_tcp="yes") as edge,
            Tape(edge.address[1], tcp=(edge.address[1], edge.gateway_port)) as tape,
        ):
            while not stop.is_set():
                try:
                    thing = waiting.get_nowait()
                except queue.Empty:
                    return
                done.put(_played(thing, edge, tape))
    except BaseException as wrong:  # whoever waits for the results is told
        done.put(wrong)


def _played(thing: Thing, edge: Edge, tape: Tape) -> Result:
    begun = time.monotonic()
    try:
        if isinstance(thing, Torture):
            found = thing.problems(edge)
        elif thing.given.mtu:
            found = narrow.problems(thing)
        else:
            found = problems(thing, edge, play(thing, edge, tape))
    except Exception as wrong:  # SIPp, the capture, its SQL or its files: the next one may do better
        found = [f"{type(wrong).__name__}: {wrong}"]
    return Result(thing, time.monotonic() - begun, found)
