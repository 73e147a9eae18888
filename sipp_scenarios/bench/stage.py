"""What is measured: the edge with groups of all sizes on a database of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.wait import until
from sipp_scenarios.bench import cpu, groups
from sipp_scenarios.bench.program import EDGE, Program
from tests.edge import Edge, running_edge

OURS, WHOLE = "ours", "ours, all parts"
_OF_THE_CALL: Final = ("kamailio", "watch", "table")
AFTER_THE_CALL: Final = ("ledger", "sender", "postgres")


@contextmanager
def running_ours(folder: Path) -> Iterator[Edge]:
    """Give the edge with its groups. Raises `TimeoutError`."""
    with running_edge(folder) as edge:
        groups.add(edge)
        yield edge


def whole(edge: Edge) -> Program:
    """Everything that a call sets going: the edge; apart the ledger writer, the SMS sender, PostgreSQL."""
    after = {part: (_pid(edge, part),) for part in AFTER_THE_CALL}
    return Program(WHOLE, edge.address, edge.gateway_port, {EDGE: _edge(edge), **after})


def alone(edge: Edge) -> Program:
    """The edge with the spool it writes, while nobody reads it into PostgreSQL and no SMS is sent."""
    for part in ("sender", "ledger"):
        edge.stack.halt(part)
    return Program(OURS, edge.address, edge.gateway_port, {EDGE: _edge(edge)})


def wait_for_the_ledger(edge: Edge) -> None:
    """Wait until every call is told and every SMS is sent. Raises `TimeoutError` if two minutes were not enough."""
    query = """select (select count(*) from call where ended_at is null)
                    + (select count(*) from notification where state in ('queued', 'sending')) as open"""
    if not until(lambda: edge.ledger.rows(query)[0]["open"] == 0, 120.0, every=0.2):
        raise TimeoutError("the ledger or the sender is not done with the calls after two minutes")


def _edge(edge: Edge) -> tuple[int, ...]:
    return (*(_pid(edge, part) for part in _OF_THE_CALL), *cpu.readers(_pid(edge, "kamailio")))


def _pid(edge: Edge, part: str) -> int:
    pid = edge.stack.pid(part)
    if pid is None:
        raise ProcessLookupError(f"{part} does not run")
    return pid
