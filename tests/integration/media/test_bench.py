"""The benchmark of voice measures what it says."""

from dataclasses import replace
from pathlib import Path

from tests.voice import peers
from tests.voice.measure import OURS, Found, carried, room
from tests.voice.told import Step, is_kept, of, worker


def test_a_small_load_loses_nothing(tmp_path: Path) -> None:
    """Three calls for a second: all packets arrive, later than straight; CPU and waits are told."""
    with room(tmp_path, most_calls=3) as engine:
        straight, through = carried(None, 3, 1.0), carried(engine, 3, 1.0)
        assert (straight.sent, straight.lost) == (300, 0)
        assert (through.sent, through.lost) == (300, 0)
        assert through.p50_us > 0
        section = of([Step(straight, {OURS: through})], worker(engine), [[1.0, 1.2]], {"Nobody": "it is away"}, 2.0)
    assert section.figures["calls without a lost packet"].value == 3
    assert section.figures["CPU of Kamailio, an anchored call"].value == 1.2
    assert section.text[-1] == "Nobody is not here: it is away."
    assert set(engine.took) == {"offer", "answer", "delete"}


def test_rtpproxy_carries_it_too() -> None:
    """The same three calls, and a line of its own in the report."""
    with peers.rtpproxy() as proxy:
        through = carried(proxy, 3, 1.0)
    assert (through.sent, through.lost) == (300, 0)
    section = of([Step(through, {OURS: through, proxy.name: through})], {}, [], {}, 1.0)
    assert section.figures["RTPProxy: calls without a lost packet"].value == 3
    assert [each.name for each in section.plots[1].series] == [OURS, "RTPProxy"]


def test_a_packet_that_comes_too_late_is_a_lost_one() -> None:
    """RTPProxy was seen to lose nothing of 1200 calls, and to hand it on two seconds late."""
    fine = Found(calls=600, sent=60_000, lost=0, p50_us=900.0, p99_us=13_000.0, late_ms=6.0, cpu_ms=1.5)
    assert is_kept(fine)
    assert not is_kept(replace(fine, p99_us=1_500_000.0))
    assert not is_kept(replace(fine, lost=1))
