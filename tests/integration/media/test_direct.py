"""Calls whose voice goes straight from side to side, as the operator says; each sees the other's media address."""

from dataclasses import replace
from functools import partial

import pytest

from kemi.table.store import TableReader
from tests.edge import CUSTOMER_HOST, HOTLINE, Edge
from tests.leaks import Sides
from tests.media_room import answered, hear_each_other, media_of
from tests.rtpengine import Sessions, stop
from tests.sip import Customer, Member
from tests.telephone import Telephone


@pytest.fixture
def sides(sides: Sides) -> Sides:
    """Here the media address is the listed exception that it is where nothing anchors it."""
    return replace(sides, anchored=False)


def set_without_media(edge: Edge, way: str) -> None:
    edge.sql("update trunk set without_media = %(way)s", way=way)
    assert edge.table_says(lambda table: getattr(table.trunk_address(CUSTOMER_HOST), "without_media", "") == way)


def test_calls_go_direct_where_the_trunk_says_so(
    edge: Edge, stopped: int, customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> None:
    """`without_media`: the far side's own address is in the SDP, and the two talk without us."""
    stop(stopped)
    set_without_media(edge, "direct")
    try:
        call = answered(customer, HOTLINE, bob, customers, members)
        assert media_of(bob.invite.body) == (customers.host, customers.port)
        hear_each_other(call, bob, customers, members)
        assert call.hangs_up() == 200
    finally:
        set_without_media(edge, "refuse")


def say(trunk: str, gateway: str, table: TableReader) -> bool:
    address = table.trunk_address(CUSTOMER_HOST)
    return address is not None and [address.media, *(one.media for one in table.gateways())] == [trunk, gateway]


@pytest.mark.parametrize(
    ("trunk", "gateway", "anchored"), [("direct", "anchored", 1), ("anchored", "direct", 1), ("direct", "direct", 0)]
)
def test_trunk_and_gateways_must_both_say_direct(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions,
    trunk: str, gateway: str, anchored: int,
) -> None:  # fmt: skip
    """One of them alone changes nothing."""
    try:
        edge.sql("update trunk set media = %(way)s", way=trunk)
        edge.sql("update gateway set media = %(way)s", way=gateway)
        assert edge.table_says(partial(say, trunk, gateway))
        call = answered(customer, HOTLINE, bob, customers, members)
        assert (media_of(bob.invite.body) == (customers.host, customers.port)) is not bool(anchored)
        hear_each_other(call, bob, customers, members)
        assert sessions.become(anchored)
        assert call.hangs_up() == 200
    finally:
        edge.sql("update trunk set media = 'anchored'")
        edge.sql("update gateway set media = 'anchored'")
        assert edge.table_says(partial(say, "anchored", "anchored"))
