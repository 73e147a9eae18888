"""What is measured: the edge with a group of five on a database of its own, and the peer beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.wait import until
from kemi.table.store import TableReader
from sipp_scenarios.bench.figures import PROXY
from sipp_scenarios.bench.load import MEMBERS
from sipp_scenarios.bench.measure import Program
from sipp_scenarios.bench.peer import running_peer
from tests.edge import GATEWAY_HOST, Edge, free_port, running_edge

_FIFTH: Final = """insert into group_member (group_id, number, name, position)
                   select id, %(number)s, 'Em', 5 from external_group where name = 'Kinh doanh'"""
_AFTER_THE_CALL: Final = ("ledger", "sender", "postgres")


@contextmanager
def running_ours(folder: Path) -> Iterator[Edge]:
    """Give the edge, its group being five. Raises `TimeoutError`."""
    with running_edge(folder) as edge:
        edge.sql(_FIFTH, number=MEMBERS[-1])
        if not edge.table_says(_has_five):
            raise TimeoutError("the routing table does not follow")
        yield edge


def _has_five(table: TableReader) -> bool:
    group = table.group_of("+842727777787")
    return group is not None and len(group.members) == len(MEMBERS)


def whole(edge: Edge) -> Program:
    """Everything that a call sets going: the proxy, the ledger writer, the SMS sender, PostgreSQL."""
    parts = {part: _pid(edge, part) for part in (PROXY, *_AFTER_THE_CALL)}
    return Program("ours, all parts", edge.address, (edge.gateway_port,), parts)


def proxy_alone(edge: Edge) -> Program:
    """The proxy with the spool it writes, while nobody reads it."""
    for part in ("sender", "ledger", "watch"):
        edge.stack.halt(part)
    return Program("ours", edge.address, (edge.gateway_port,), {PROXY: _pid(edge, PROXY)})


@contextmanager
def native(folder: Path) -> Iterator[Program]:
    """The peer. Its legs share a Call-ID, by which SIPp tells calls apart: so each member has a port of his own."""
    ports = tuple(free_port(GATEWAY_HOST) for _ in MEMBERS)
    with running_peer(folder, ports) as (pid, address):
        yield Program("native script", address, ports, {PROXY: pid})


def wait_for_the_ledger(edge: Edge) -> bool:
    """Wait until every call is told and every SMS is sent; False if a minute was not enough."""
    query = """select (select count(*) from call where ended_at is null)
                    + (select count(*) from notification where state not in ('accepted', 'not_applicable')) as open"""
    return until(lambda: edge.ledger.rows(query)[0]["open"] == 0, 60.0, every=0.5)


def _pid(edge: Edge, part: str) -> int:
    pid = edge.stack.pid(part)
    if pid is None:
        raise ProcessLookupError(f"{part} does not run")
    return pid
