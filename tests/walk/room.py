"""The walk's edge: as many hotlines as calls at a time, each with its group, behind four gateways with their ways."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.ports import free_rtp
from tests.edge import CUSTOMER_HOST, EDGE_HOST, STRANGER_HOST, Edge, free_port, running_edge
from tests.leaks import Sides
from tests.walk.story import LEGS
from tests.walk.turned import NO_GROUP, NO_SUCH_HOTLINE
from tests.walk.ways import go, way_of
from tests.walk.wire import Port

GATEWAYS: Final = (("127.0.0.20", "national"), ("127.0.0.22", "e164"), ("127.0.0.24", "e164_no_plus"),
                   ("127.0.0.26", "international"))  # fmt: skip
RING_SECONDS: Final = 3  # the least that a group can have
_GATEWAY: Final = """
    insert into gateway (name, host, port, number_format, identity)
    values (%(host)s, %(host)s::inet, %(port)s, %(format)s,
        case %(port)s %% 2 when 0 then 'p_asserted' else 'none' end)
    on conflict do nothing;
"""
_SLOT: Final = """
    insert into hotline (tenant_id, number) select id, each from tenant, unnest(%(numbers)s) as each
    where name = 'vContact' on conflict do nothing;
    insert into gateway_number (gateway_id, number) select id, %(outbound)s from gateway
    where host = any (%(gateways)s::inet[]);
    insert into external_group (tenant_id, name, outbound_hotline_id, ring_seconds, notify_members)
    select tenant_id, %(hotline)s, id, %(ring)s, %(notify)s from hotline where number = e164(%(outbound)s);
    insert into group_member (group_id, number, name, position) select external_group.id, member, member, place
    from external_group, unnest(%(members)s) with ordinality as every (member, place)
    where external_group.name = %(hotline)s;
    update hotline set external_group_id = (select id from external_group where name = %(hotline)s)
    where number = e164(%(hotline)s);
"""
_NO_GROUP: Final = "insert into hotline (tenant_id, number) select id, %(n)s from tenant where name = 'vContact'"


@dataclass
class Slot:
    """Where one call at a time is played."""

    number: int
    ports: Mapping[str, Port]  # of all gateways; opened by the player

    @property
    def hotline(self) -> str:
        return hotline(self.number)

    @property
    def members(self) -> tuple[str, ...]:
        return members(self.number)

    @property
    def gateways(self) -> frozenset[str]:
        return frozenset(gateways(self.number))

    @property
    def is_hunting(self) -> bool:
        return way_of(self.number) != "all at once"


@dataclass(frozen=True)
class Room:
    """A running edge and the ports of its gateways."""

    edge: Edge
    ports: Mapping[str, int]
    slots: int

    def sides(self, slot: int) -> Sides:
        """Who is who on the wire of a call in `slot`."""
        return sides(self.edge.address, slot)


def sides(edge: tuple[str, int], slot: int) -> Sides:
    """Who is who: addresses, what both sides may know, and the members' numbers."""
    host, port = edge
    public = frozenset({host, f"{host}:{port}", hotline(slot), outbound(slot), NO_GROUP, NO_SUCH_HOTLINE})
    gateways = frozenset(gateway for gateway, _ in GATEWAYS)
    callers, numbers = frozenset({CUSTOMER_HOST, STRANGER_HOST}), frozenset(members(slot))
    return Sides(callers, gateways, public, numbers, edges=frozenset({EDGE_HOST}), anchored=True)


def hotline(slot: int) -> str:
    """Return the slot's hotline."""
    return f"0289{slot:03d}7310"


def outbound(slot: int) -> str:
    """Return what its group calls out as: the hotline, or another number of the company."""
    return hotline(slot) if slot % 3 else f"0289{slot:03d}9420"


def gateways(slot: int) -> list[str]:
    """Return the addresses of the gateways that its outbound number may use."""
    count = 2 if "two gateways" in way_of(slot) else 1
    return [GATEWAYS[(slot + each) % len(GATEWAYS)][0] for each in range(count)]


def members(slot: int) -> tuple[str, ...]:
    """Return the numbers of its group; none is a row of zeros, as tm has them in the Via of its own requests."""
    return tuple(f"08{leg + 1}{slot + 4711:04d}{(slot * 37 + leg * 211 + 137) % 1000:03d}" for leg in range(LEGS))


@contextmanager
def walk_room(var_dir: Path, slots: int, entry: Path | None = None) -> Iterator[Room]:
    """Start an edge with that many hotlines; `entry` is loaded instead of the product's."""
    env = {"kamailio": {"ENTRY_FILE": str(entry)}} if entry else {}
    rtp_ports = free_rtp(EDGE_HOST, 1000)  # a hundred calls at once, and then some
    with running_edge(var_dir, env, say=lambda _: None, rtpengine="own", rtp_ports=rtp_ports) as edge:
        ports = {GATEWAYS[0][0]: edge.gateway_port, **{host: free_port(host) for host, _ in GATEWAYS[1:]}}
        for host, form in GATEWAYS[1:]:
            edge.sql(_GATEWAY, host=host, port=ports[host], format=form)
        for slot in range(slots):
            edge.sql(_SLOT, numbers=[*{hotline(slot), outbound(slot)}], outbound=outbound(slot), hotline=hotline(slot),
                     ring=RING_SECONDS, members=[*members(slot)], notify=slot % 8 == 0,
                     gateways=gateways(slot))  # fmt: skip
            go(edge, slot, hotline(slot), members(slot))
        edge.sql(_NO_GROUP, n=NO_GROUP)
        assert edge.table_says(lambda table: table.hotline("+84" + NO_GROUP[1:]), 30.0), "the hotlines are not there"
        yield Room(edge, ports, slots)


__all__ = ["EDGE_HOST", "GATEWAYS", "Room", "Slot", "members", "outbound", "sides", "walk_room"]
