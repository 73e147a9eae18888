"""The room of voice: an edge of its own with an rtpengine, and a telephone for each side."""

from collections.abc import Iterator

import pytest

from deploy.ports import free_rtp
from tests.edge import EDGE_HOST, Edge, running_edge
from tests.rtpengine import Sessions
from tests.telephone import Telephone


@pytest.fixture(scope="package")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The real stack with an rtpengine of its own."""
    folder, rtp_ports = tmp_path_factory.mktemp("media"), free_rtp(EDGE_HOST)
    with running_edge(folder, rtpengine="own", rtp_ports=rtp_ports, rtp_address=f"{EDGE_HOST} ::1") as edge:
        yield edge


@pytest.fixture
def sessions(edge: Edge) -> Iterator[Sessions]:
    """What rtpengine has open; at a test's end, nothing."""
    sessions = Sessions(edge)
    yield sessions
    left = not sessions.become(0)
    sessions.end()  # a failed test's are not the next one's
    assert not left


@pytest.fixture
def customers() -> Iterator[Telephone]:
    """The customer's telephone; its address is not the trunk's."""
    with Telephone("127.0.0.11") as telephone:
        yield telephone


@pytest.fixture
def members() -> Iterator[Telephone]:
    """The telephone of the member who answers."""
    with Telephone("127.0.0.21") as telephone:
        yield telephone
