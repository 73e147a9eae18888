"""The benchmark of voice measures what it says."""

import os
import socket
import time
from collections import deque
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

from tests.voice import peers
from tests.voice.measure import CALLER, MEMBER, OURS, Found, Way, carried, room
from tests.voice.told import Step, is_kept, of, worker


class Slow:
    """A relay that keeps each packet for 50 ms, and loses every tenth."""

    name, pid = "Slow", os.getpid()

    def __init__(self) -> None:
        self._here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._here.bind(("127.0.0.1", 0))
        self._here.settimeout(0.005)
        self._sides: dict[int, tuple[str, int]] = {}
        self.dropped, self._open = 0, True
        self._carrier = Thread(target=self._carries)
        self._carrier.start()

    def place(self, call: bytes, caller: int, member: int) -> tuple[Way, Way]:
        del call
        self._sides = {caller: (MEMBER, member), member: (CALLER, caller)}
        way = self._here.getsockname()
        return way, way

    def end(self, call: bytes) -> None:
        del call

    def close(self) -> None:
        self._open = False
        self._carrier.join()
        self._here.close()

    def _carries(self) -> None:
        kept: deque[tuple[float, bytes, tuple[str, int]]] = deque()
        came = 0
        while self._open or kept:
            while kept and kept[0][0] <= time.monotonic():
                _, raw, to = kept.popleft()
                self._here.sendto(raw, to)
            with suppress(TimeoutError):
                raw, source = self._here.recvfrom(2048)
                came += 1
                if came % 10:
                    kept.append((time.monotonic() + 0.05, raw, self._sides[source[1]]))
                else:
                    self.dropped += 1


def test_what_is_lost_and_late_is_told() -> None:
    """Of a relay that is known to do both: no packet may be said to have come sooner than it can have."""
    with closing(Slow()) as slow:
        straight, through = carried(None, 1, 1.0), carried(slow, 1, 1.0)
        assert (straight.lost, through.sent) == (0, 100)
        assert through.lost == slow.dropped == 10
        assert through.p50_us >= 50_000
        assert Step(straight, {"Slow": through}).added("Slow", "p50") == through.p50_us - straight.p50_us
        assert not is_kept(through)


def test_a_small_load_loses_nothing(tmp_path: Path) -> None:
    """Three calls for a second: all packets arrive; CPU and waits are told."""
    with room(tmp_path, most_calls=3) as engine:
        straight, through = carried(None, 3, 1.0), carried(engine, 3, 1.0)
        assert (straight.sent, straight.lost) == (300, 0)
        assert (through.sent, through.lost) == (300, 0)
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
