"""The room of TCP: an edge of its own that speaks it, and endpoints that go by RFC 3261 to the letter."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest

from tests.edge import CUSTOMER_HOST, GATEWAY_HOST, Edge, running_edge
from tests.leaks import Sides
from tests.sip import Carrier, Customer, Recording, Transport


class Ways(NamedTuple):
    """What the trunk speaks, and what the gateway."""

    trunk: Transport
    gateway: Transport


@pytest.fixture(scope="package")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The real stack with SIP_TCP=yes; voice, which goes by UDP as ever, is direct."""
    with running_edge(tmp_path_factory.mktemp("tcp"), sip_tcp="yes") as edge:
        yield edge


@pytest.fixture
def sides(sides: Sides) -> Sides:
    """Both sides may know the other's media address."""
    return replace(sides, anchored=False)


@pytest.fixture
def may_log(may_log: dict[str, list[str]]) -> dict[str, list[str]]:
    """Every test closes its ends' connections; what is under way then may fail, the next test's log may say so."""
    may_log["kamailio"] += ["[core/tcp_", "tcp_send failed", "sending request on branch", "t_send_branch", "relay"]
    return may_log


MIXED = (Ways("udp", "tcp"), Ways("tcp", "udp"))  # both sides by TCP is, for a message, one of these on each side


@pytest.fixture(scope="package", params=[*MIXED, Ways("tcp", "tcp")], ids="-".join)
def ways(request: pytest.FixtureRequest, edge: Edge) -> Ways:
    """Each pair that is not UDP on both sides; the seed's gateway is made to speak its part."""
    assert isinstance(request.param, Ways)
    edge.sql("update gateway set transport = %(transport)s", transport=request.param.gateway)
    assert edge.table_says(lambda table: {one.transport for one in table.gateways()} == {request.param.gateway})
    return request.param


@pytest.fixture
def carrier(edge: Edge, recording: Recording, past: set[str], ways: Ways) -> Iterator[Carrier]:
    """The gateway that the seed's members are behind."""
    with Carrier(GATEWAY_HOST, edge.gateway_port, recording, ways.gateway) as carrier:
        carrier.deaf_to |= past
        yield carrier
        past.update(invite.call_id for invite in carrier.invites)


@pytest.fixture
def customer(edge: Edge, recording: Recording, ways: Ways) -> Iterator[Customer]:
    """0909789846, behind the company's trunk."""
    with Customer(edge.address, host=CUSTOMER_HOST, recording=recording, transport=ways.trunk) as customer:
        yield customer
