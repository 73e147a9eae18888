"""The room of voice: an edge of its own with an rtpengine, and a telephone for each side."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.ports import free_rtp
from tests.edge import EDGE_HOST, Edge, running_edge
from tests.integration.media.sounds import load, plays
from tests.leaks import Sides
from tests.listening import sweep
from tests.rtpengine import Sessions, is_up
from tests.sip import Recording
from tests.telephone import Telephone


@pytest.fixture(scope="package")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The real stack with an rtpengine of its own."""
    folder, rtp_ports = tmp_path_factory.mktemp("media"), free_rtp(EDGE_HOST)
    with running_edge(folder, rtpengine="own", rtp_ports=rtp_ports, rtp_address=f"{EDGE_HOST} ::1") as edge:
        yield edge


@pytest.fixture
def sides(sides: Sides) -> Sides:
    """Its rtpengine has an address of IPv6, too."""
    return replace(sides, edges=frozenset({EDGE_HOST, "::1"}))


@pytest.fixture
def sessions(edge: Edge) -> Iterator[Sessions]:
    """What rtpengine has open; at a test's end, nothing."""
    sessions = Sessions(edge)
    yield sessions
    left = not sessions.become(0)
    sessions.end()  # a failed test's are not the next one's
    assert not left


@pytest.fixture
def customers(recording: Recording) -> Iterator[Telephone]:
    """The customer's telephone; its address is not the trunk's."""
    with Telephone("127.0.0.11", recording) as telephone:
        yield telephone


@pytest.fixture
def members(recording: Recording) -> Iterator[Telephone]:
    """The telephone of the member who answers."""
    with Telephone("127.0.0.21", recording) as telephone:
        yield telephone


@pytest.fixture
def stopped(edge: Edge, sessions: Sessions, may_log: dict[str, list[str]]) -> Iterator[int]:
    """The id of the edge's rtpengine, which goes on at the end."""
    for part in ("kamailio", "watch"):
        may_log[part].append("alarm=rtpengine_down")
    pid = edge.stack.pid("rtpengine")
    assert pid is not None
    assert is_up(edge), "the watch has not heard of it since the edge began"
    yield pid
    os.kill(pid, signal.SIGCONT)
    assert sessions.become(0)
    assert is_up(edge), "no worker asks it any more"


@pytest.fixture(scope="package")
def tune(edge: Edge, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A sound of the group's, as the edge's files name it."""
    return load(edge, tmp_path_factory.mktemp("tune"), "tune", sweep(2.0, 16_000))


@pytest.fixture
def playing(edge: Edge, tune: str) -> Iterator[None]:
    """The group plays it while it rings; no longer than this test."""
    plays(edge, "waiting_sound", tune)
    yield
    plays(edge, "waiting_sound", None)
