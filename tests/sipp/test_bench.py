"""The load plays through on the edge and on each native peer, answered and cancelled: nothing fails, nobody waits."""

from pathlib import Path

import pytest

from deploy.parts import SHARED_MB
from sipp_scenarios.bench import bare, measure, memory, peer
from sipp_scenarios.bench.groups import ENDS
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import Program
from tests.edge import Edge

_CALLS = 5


def plays(program: Program, load: Load) -> None:
    """A window without a fault; what it costs is nobody's business here."""
    window = measure.window(program, load)
    assert (window.failed, window.failed_legs, window.complaint) == (0, 0, "")


@pytest.mark.parametrize("name", [peer.PLAIN, peer.MASKED])
def test_a_peer_rings_the_same_groups(name: str, tmp_path: Path) -> None:
    """Two members, and both ends of a call."""
    with peer.running(tmp_path, name) as program:
        for ends in ENDS:
            plays(program, Load(2, ends, 20, _CALLS))


def test_the_edge_on_a_table_of_any_size_is_loaded_the_same_way(tmp_path: Path) -> None:
    """Hotlines by chance, a group of five each, no database."""
    with bare.running(tmp_path, "30 hotlines", 30, 1) as program:
        plays(program, Load(5, "answered", 20, _CALLS, bare.called(30, _CALLS, 1)))


def test_how_full_shared_memory_is_can_be_read_also_of_two_gigabytes(edge: Edge) -> None:
    """In bytes they are a negative number to Kamailio's RPC, and nothing would ever be full."""
    share, sampler = memory.in_use(edge), memory.Sampler(edge)
    mib = sampler.take().shm
    sampler.close()
    assert 0 < share < 1
    assert 0 < mib < SHARED_MB
