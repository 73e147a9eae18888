"""How the group rings, where a scenario wants it otherwise than all at once through the one gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kemi.table.store import TableReader
from sipp_scenarios.scenario import Given
from tests.edge import GATEWAY_HOST, Edge

_GROUP: Final = "+842727777787"
_SECOND_GATEWAY: Final = """
insert into gateway (name, host, port, number_format, priority)
values ('the same, otherwise spelled', %(host)s, %(port)s, 'e164', 2);
insert into gateway_number (gateway_id, number)
select id, '02727777787' from gateway where name = 'the same, otherwise spelled';
"""
_NO_SECOND: Final = """
delete from gateway_number where gateway_id = (select id from gateway where name = 'the same, otherwise spelled');
delete from gateway where name = 'the same, otherwise spelled';
"""


@contextmanager
def in_force(given: Given, edge: Edge) -> Iterator[None]:
    """Let the group ring as `given` says. Raises `TimeoutError`."""
    if given.strategy == "simultaneous" and not given.delays and not given.second_gateway:
        yield
        return
    try:
        _set(given, edge)
        yield
    finally:
        _set(Given(caller="trunk", dialled=""), edge)


def _set(given: Given, edge: Edge) -> None:
    edge.sql("update external_group set strategy = %(s)s where name = 'Kinh doanh'", s=given.strategy)
    edge.sql("update group_member set delay_seconds = 0")
    for number, seconds in given.delays.items():
        edge.sql("update group_member set delay_seconds = %(s)s where number = e164(%(n)s)", s=seconds, n=number)
    edge.sql(_NO_SECOND)
    if given.second_gateway:
        edge.sql(_SECOND_GATEWAY, host=GATEWAY_HOST, port=edge.gateway_port)

    def holds(table: TableReader) -> bool:
        group = table.group_of(_GROUP)
        return (
            group is not None
            and group.strategy == given.strategy
            and sorted(one.delay_seconds for one in group.members if one.delay_seconds) == sorted(given.delays.values())
            and len(group.gateways) == 1 + given.second_gateway
        )

    if not edge.table_says(holds):
        raise TimeoutError("the routing table does not follow")
