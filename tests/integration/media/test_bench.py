"""The benchmark of voice measures what it says."""

from pathlib import Path

from tests.voice.__main__ import of
from tests.voice.measure import carried, room


def test_a_small_load_loses_nothing(tmp_path: Path) -> None:
    """Three calls for a second: all packets arrive, later than straight; CPU and waits are told."""
    with room(tmp_path, most_calls=3) as engine:
        straight, through = carried(None, 3, 1.0), carried(engine, 3, 1.0)
        assert (straight.sent, straight.lost) == (300, 0)
        assert (through.sent, through.lost) == (300, 0)
        assert through.p50_us > 0
        section = of([(straight, through)], engine, [[1.0, 1.2]], 2.0)
    assert section.figures["calls without a lost packet"].value == 3
    assert section.figures["CPU of Kamailio, an anchored call"].value == 1.2
    assert set(engine.took) == {"offer", "answer", "delete"}
