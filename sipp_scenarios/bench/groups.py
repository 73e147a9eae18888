"""Whom the load rings: a hotline for each size of group, and for calls that are answered and calls that are not.

hotline   0272777 1 0NN answered, 0272777 2 0NN cancelled; NN: how many members
members   the first of an answered group ends in 1909, and answers; all others only ring
ring time 6 s, of the peers' too: what is left over of a lost message ends with it
"""

from typing import Final, Literal

from deploy.wait import until
from kemi.domain.e164 import e164
from kemi.domain.model import Group
from tests.edge import Edge

Ends = Literal["answered", "cancelled"]
SIZES: Final = (1, 5, 10, 29)
ENDS: Final[tuple[Ends, ...]] = ("answered", "cancelled")
ANSWERS: Final = "0844441909"
_ADD: Final = """
with line as (
    insert into hotline (tenant_id, number) select id, %(hotline)s from tenant where name = 'vContact' returning *
), ring as (
    insert into external_group (tenant_id, name, outbound_hotline_id, ring_seconds, notify_members)
    select line.tenant_id, %(name)s, outbound.id, 6, true from line, hotline outbound
    where outbound.number = e164('02727777787') returning *
)
insert into group_member (group_id, number, name, position)
select ring.id, each.number, 'member ' || each.n, each.n
from ring, unnest(%(members)s::text[]) with ordinality as each (number, n)
"""
_RING: Final = """update hotline set external_group_id = (select id from external_group where name = %(name)s)
                  where number = e164(%(hotline)s)"""


def hotline(members: int, ends: Ends) -> str:
    """Return the number to call."""
    return f"0272777{1 + ENDS.index(ends)}{members:03}"


def numbers(members: int, ends: Ends) -> list[str]:
    """Return the members' numbers."""
    first = ANSWERS if ends == "answered" else "0987600010"
    return [first, *(f"09876000{n}" for n in range(11, 10 + members))]


def add(edge: Edge, sizes: tuple[int, ...] = SIZES) -> None:
    """Configure the groups, and wait until they can ring. Raises `TimeoutError`."""
    for size in sizes:
        for ends in ENDS:
            name = f"bench {size} {ends}"
            edge.sql(_ADD, hotline=hotline(size, ends), name=name, members=numbers(size, ends))
            edge.sql(_RING, hotline=hotline(size, ends), name=name)

    def are_there() -> bool:
        return all(_members(edge, size, ends) == size for size in sizes for ends in ENDS)

    if not until(lambda: edge.table_says(lambda _: are_there(), 0.0), 30.0):
        raise TimeoutError("the routing table does not follow")


def _members(edge: Edge, size: int, ends: Ends) -> int:
    group: Group | None = edge.table.group_of(e164(hotline(size, ends)))
    return 0 if group is None else len(group.members)
