"""The benchmark's parts: delays are read from a capture, growth from samples, and peers ring whom we ring."""

from math import isnan
from pathlib import Path

import pytest

from sipp_scenarios.bench import bare, groups
from sipp_scenarios.bench.capacity import next_rate
from sipp_scenarios.bench.delay import datagrams, delays, spread
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.memory import Sample
from sipp_scenarios.bench.soak import growth
from tests.pcap import udp, write
from tests.sip.wire import Packet

_TRUNK, _EDGE, _GATEWAY = ("127.0.0.10", 5090), ("127.0.0.1", 5060), ("127.0.0.20", 5070)


def sip(at: float, way: str, first: str, call_id: str, more: str = "", cseq: str = "INVITE") -> Packet:
    """A message; `way`: two of c(ustomer), e(dge), g(ateway)."""
    ends = {"c": _TRUNK, "e": _EDGE, "g": _GATEWAY}
    raw = f"{first}\r\nCall-ID: {call_id}\r\nCSeq: 1 {cseq}\r\n\r\n{more}"
    return Packet(at, ends[way[0]], ends[way[1]], raw.encode())


def call(at: float, number: int, *, repeated: float = 0.0) -> list[Packet]:
    """A call that is forked after 2 ms, rings after 5, is answered after 100 and heard of that 3 ms later."""
    name, leg = f"c{number}", f"l{number}"
    ok, ringing, invite = "SIP/2.0 200 OK", "SIP/2.0 180 Ringing", "INVITE sip:x SIP/2.0"
    return [
        sip(at, "ce", invite, name, f"v=0\nb=AS:{number}\n"),
        *([sip(at + repeated, "ce", invite, name, f"v=0\nb=AS:{number}\n")] if repeated else []),
        sip(at + 0.002, "eg", invite, leg + "a", f"v=0\nb=AS:{number}\n"),
        sip(at + 0.004, "eg", invite, leg + "b", f"v=0\nb=AS:{number}\n"),
        sip(at + 0.005, "ec", ringing, name),
        sip(at + 0.100, "ge", ok, leg + "b"),
        sip(at + 0.101, "ge", ok, leg + "a", cseq="CANCEL"),
        sip(at + 0.103, "ec", ok, name),
        sip(at + 0.200, "ec", ok, name, cseq="BYE"),
    ]


def test_delays_are_those_of_each_calls_first_messages(tmp_path: Path) -> None:
    """Legs have Call-IDs of their own: the bandwidth line tells whose they are. What is repeated counts once."""
    packets = sorted([*call(1.0, 1), *call(1.001, 2, repeated=0.001)], key=lambda each: each.at)
    found = delays(datagrams(write(tmp_path / "wire.pcap", udp(packets))))
    assert found["invite"] == pytest.approx([2.0, 2.0], abs=0.01)
    assert found["ringing"] == pytest.approx([5.0, 5.0], abs=0.01)
    assert found["answer"] == pytest.approx([3.0, 3.0], abs=0.01)


def test_what_is_no_capture_is_refused(tmp_path: Path) -> None:
    """Rather than read as one without delays."""
    file = tmp_path / "wire.pcap"
    file.write_bytes(b"no capture, certainly none of ours")
    with pytest.raises(ValueError, match="not a capture"):
        list(datagrams(file))
    with pytest.raises(ValueError, match="no delays"):
        spread([])


def test_percentiles_are_of_the_samples() -> None:
    """1 to 101: the half, the worst twentieth, the worst hundredth."""
    assert spread([float(n) for n in range(1, 102)]) == {"p50": 51.0, "p95": 96.0, "p99": 100.0}


def samples(*mib: float) -> list[Sample]:
    """One every 10 s, of one process."""
    return [Sample(10.0 * n, {"a": each}, 1.0, 1.0) for n, each in enumerate(mib)]


def test_growth_is_a_slope_that_no_single_jump_makes() -> None:
    """1 MiB every 10 s is 6144 KiB a minute; a jump between flat halves of the time is not seen as one."""
    assert growth(samples(*range(20)), "a")[2] == pytest.approx(6144.0)
    begin, end, slope = growth(samples(*[5.0] * 9, *[6.0] * 2, *[5.0] * 9), "a")
    assert (begin, end) == (5.0, 5.0)
    assert slope == pytest.approx(0.0)
    assert isnan(growth(samples(1.0), "b")[2])


@pytest.mark.parametrize("ends", groups.ENDS)
def test_a_group_has_so_many_different_members_and_one_who_answers_at_most(ends: groups.Ends) -> None:
    """By the number that the gateway's SIPp answers for."""
    for size in groups.SIZES:
        found = groups.numbers(size, ends)
        assert len(set(found)) == size
        assert [each.endswith("1909") for each in found] == [ends == "answered"] + [False] * (size - 1)
        assert groups.hotline(size, ends)[7:] == f"{1 if ends == 'answered' else 2}{size:03}"  # as peer.cfg reads it


def test_chance_is_the_same_again_by_its_seed() -> None:
    """And of all hotlines that there are."""
    assert bare.called(1000, 50, 7) == bare.called(1000, 50, 7) != bare.called(1000, 50, 8)
    assert set(bare.called(10, 500, 1)) == {bare.national(n) for n in range(10)}


@pytest.mark.parametrize(("failed", "then"), [(30_000, 500), (10, 720)])
def test_after_a_rate_that_was_not_held_comes_what_was_served_of_it(failed: int, then: int) -> None:
    """60 s of 800/s; a handful of failures is no reason to ask for the same again."""
    window = Window("ours", 5, "answered", 800, 800.0, 80_000, failed, 0, 0, 100.0, {"edge": 1.0})
    assert next_rate(window) == then
