"""Limits that a scenario wants: set for as long as it is played, in force when it begins."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from kemi.table.store import TableReader
from tests.edge import Edge

_HOTLINE: Final = "+842727777787"
_STATEMENTS: Final = {
    "hotline.max_calls": "update hotline set max_calls = %(most)s",
    "gateway.max_channels": "update gateway set max_channels = %(most)s",
    "plan.max_call_seconds": "update plan set max_call_seconds = %(most)s",
}


@contextmanager
def in_force(limits: Mapping[str, int], edge: Edge) -> Iterator[None]:
    """Set `limits` (column → most). Raises `KeyError` for an unknown one, `TimeoutError`."""
    try:
        for name, most in limits.items():
            _set(name, most, edge)
        yield
    finally:
        for name in limits:
            _set(name, None, edge)


def _set(name: str, most: int | None, edge: Edge) -> None:
    edge.sql(_STATEMENTS[name], most=most)
    if not edge.table_says(lambda table: _read(name, table) == most):
        raise TimeoutError("the routing table does not follow")


def _read(name: str, table: TableReader) -> int | None:
    hotline, group = table.hotline(_HOTLINE), table.group_of(_HOTLINE)
    tenant = None if hotline is None else table.tenant(hotline.tenant_id)
    kind, _, column = name.partition(".")
    records = {
        "hotline": hotline,
        "gateway": None if group is None else table.gateway(group.gateways[0]),
        "plan": None if tenant is None else table.plan(tenant.plan_id),
    }
    found: int | None = getattr(records[kind], column)
    return found
