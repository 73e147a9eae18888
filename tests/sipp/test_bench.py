"""The load plays through on the edge and on each native peer, answered and cancelled: nothing fails, nobody waits."""

import os
from pathlib import Path

import pytest

from deploy.parts import SHARED_MB
from sipp_scenarios.bench import bare, capture, figures, measure, memory, peer
from sipp_scenarios.bench.groups import ENDS, hotline
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.program import Program
from tests.edge import Edge

_CALLS = 5
_TICK = 0.1  # of the cores: what a process of several threads has used is told by ticks


def plays(program: Program, load: Load) -> None:
    """A window without a fault; what it costs is nobody's business here."""
    window = measure.window(program, load)
    assert (window.failed, window.failed_legs, window.missing_legs, window.complaint) == (0, 0, 0, "")
    assert 0 < window.cores <= window.cores + window.calling + window.answering <= (os.cpu_count() or 1) + _TICK


@pytest.mark.parametrize("name", [peer.PLAIN, peer.MASKED])
def test_a_peer_rings_the_same_groups(name: str, tmp_path: Path) -> None:
    """Two members, and both ends of a call."""
    with peer.running(tmp_path, name) as program:
        for ends in ENDS:
            plays(program, Load(2, ends, 20, _CALLS))
        # Of three members the peer rings two: nothing fails, and it is not held for all that.
        window = measure.window(program, Load(3, "answered", 20, _CALLS, (hotline(2, "answered"),)))
        assert (window.failed, window.failed_legs, window.missing_legs) == (0, 0, _CALLS)
        assert not figures.held(window)


def test_the_edge_on_a_table_of_any_size_is_loaded_the_same_way(tmp_path: Path) -> None:
    """Hotlines by chance, a group of five each, no database."""
    with bare.running(tmp_path, "30 hotlines", 30, 1) as program:
        load = Load(5, "answered", 20, _CALLS, bare.called(30, _CALLS, 1))
        plays(program, load)
        found = capture.captured(program, load, tmp_path / "wire.pcap")
        assert {kind: len(each) for kind, each in found.delays.items()} == dict.fromkeys(capture.KINDS, _CALLS)
        assert found.lost == 0


def test_how_full_shared_memory_is_can_be_read_also_of_two_gigabytes(edge: Edge) -> None:
    """In bytes they are a negative number to Kamailio's RPC, and nothing would ever be full."""
    share, sampler = memory.in_use(edge), memory.Sampler(edge)
    mib = sampler.take().shm
    sampler.close()
    assert 0 < share < 1
    assert 0 < mib < SHARED_MB


def test_the_memory_of_every_process_is_looked_at(edge: Edge) -> None:
    """Recorder, receipts and Kamailio's log too, and each of PostgreSQL's: one that grows must have a line."""
    sampler = memory.Sampler(edge)
    sample = sampler.take()
    sampler.close()
    names = {"ledger", "sender", "receipts", "recorder", "watch", "table", "kamailio: log", "postgres"}
    assert names <= sample.own.keys()
    assert {"postgres: checkpointer", "postgres: walwriter", "postgres: connection 1"} <= sample.own.keys()
    assert any(each.startswith("kamailio: udp receiver") for each in sample.own)
    assert sample.own.keys() == sample.rss.keys()
    assert all(sample.rss[name] >= mib for name, mib in sample.own.items())
