"""The room of the integration tests: one edge a session, and for each test its carrier, its customer, its helpers."""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from deploy.ports import free_rtp
from tests.edge import (
    BOB,
    CALLER,
    CAROL,
    CUSTOMER_HOST,
    DAVE,
    EDGE_HOST,
    GATEWAY_HOST,
    HOTLINE,
    MEMBERS,
    OFFICE,
    STRANGER_HOST,
    Edge,
    Ledger,
    Texts,
    running_edge,
)
from tests.leaks import Sides
from tests.logs import Logs, said_on_the_wire
from tests.sip import Carrier, Customer, Member, Recording


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The real stack, started once; voice goes through its rtpengine, as by default."""
    folder, rtp_ports = tmp_path_factory.mktemp("edge"), free_rtp(EDGE_HOST)
    with running_edge(folder, rtpengine="own", rtp_ports=rtp_ports) as edge:
        yield edge


@pytest.fixture(scope="session")
def past() -> set[str]:
    """Call-IDs of the legs of earlier tests, whose last retransmissions must not ring in this one."""
    return set()


@pytest.fixture
def sides(edge: Edge) -> Sides:
    """Both sides may know the edge's address and the hotline; neither the other's media address."""
    host, port = edge.address
    public = frozenset({host, f"{host}:{port}", HOTLINE})
    callers = frozenset({CUSTOMER_HOST, STRANGER_HOST})
    return Sides(callers, frozenset({GATEWAY_HOST}), public, frozenset(MEMBERS), anchored=True, edges=frozenset({host}))


@pytest.fixture
def carrier(edge: Edge, recording: Recording, past: set[str]) -> Iterator[Carrier]:
    """The gateway that the seed's members are behind."""
    with Carrier(GATEWAY_HOST, edge.gateway_port, recording) as carrier:
        carrier.deaf_to |= past
        yield carrier
        past.update(invite.call_id for invite in carrier.invites)


@pytest.fixture
def customer(edge: Edge, recording: Recording) -> Iterator[Customer]:
    """0909789846, behind the company's trunk."""
    with Customer(edge.address, host=CUSTOMER_HOST, recording=recording) as customer:
        yield customer


@pytest.fixture
def stranger(edge: Edge, recording: Recording) -> Iterator[Customer]:
    """Somebody whose address belongs to no trunk."""
    with Customer(edge.address, host=STRANGER_HOST, recording=recording) as stranger:
        yield stranger


@pytest.fixture
def bob(carrier: Carrier) -> Member:
    return carrier.member(BOB)


@pytest.fixture
def carol(carrier: Carrier) -> Member:
    return carrier.member(CAROL)


@pytest.fixture
def dave(carrier: Carrier) -> Member:
    return carrier.member(DAVE)


@pytest.fixture
def office(carrier: Carrier) -> Member:
    """The member with a landline."""
    return carrier.member(OFFICE)


@pytest.fixture
def ledger(edge: Edge) -> Ledger:
    return edge.ledger


@pytest.fixture
def sms(edge: Edge, ledger: Ledger) -> Texts:
    return Texts(edge.sink, ledger)


@pytest.fixture
def may_log(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """By part, words of the lines in its log that would else be errors: of the test's markers, and what is put in."""
    words: defaultdict[str, list[str]] = defaultdict(list)
    for marker in request.node.iter_markers("may_log"):
        words[marker.args[0]] += marker.args[1:]
    return words


@pytest.fixture(autouse=True)
def log_since(edge: Edge, recording: Recording, may_log: dict[str, list[str]]) -> Iterator[int]:
    """Where Kamailio's log stood when the test began; no part's log may have an error in the end, nor a number."""
    logs, since = Logs(edge), edge.log_size()
    yield since
    said = said_on_the_wire(recording.packets, {CUSTOMER_HOST, STRANGER_HOST})
    found = logs.faults({CALLER, *MEMBERS, *said}, may_log)
    assert not found, "\n".join(found)
