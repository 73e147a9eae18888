"""The benchmark's parts: delays are read from a capture, growth from samples, and peers ring whom we ring."""

import os
from math import isnan
from pathlib import Path
from typing import Any

import pytest

from sipp_scenarios.bench import bare, groups
from sipp_scenarios.bench.capture import KINDS, Captured, datagrams, delays, lost, spread
from sipp_scenarios.bench.delay import cell
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.memory import Sample, title
from sipp_scenarios.bench.program import EDGE
from sipp_scenarios.bench.soak import growth, section
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
    return [Sample(10.0 * n, {"a": each}, 1.0, 1.0, {"a": 2 * each}) for n, each in enumerate(mib)]


def test_growth_is_a_slope_that_no_single_jump_makes() -> None:
    """1 MiB every 10 s is 6144 KiB a minute; a jump between flat halves of the time is not seen as one."""
    assert growth(samples(*range(20)), "a")[2] == pytest.approx(6144.0)
    begin, end, slope = growth(samples(*[5.0] * 9, *[6.0] * 2, *[5.0] * 9), "a")
    assert (begin, end) == (5.0, 5.0)
    assert slope == pytest.approx(0.0)
    assert isnan(growth(samples(1.0), "b")[2])
    assert growth(samples(*range(20)), "a", "rss")[2] == pytest.approx(12288.0)


def window(failed: int = 0, calls: int = 2000, **more: Any) -> Window:
    """400 five-way calls a second, 12 s of them."""
    return Window("ours", 5, "answered", 400, 400.0, calls, failed, 0, 0, 12.0, {EDGE: 2.1})._replace(**more)


def test_a_soaks_cost_has_no_idle_time_and_no_failed_calls() -> None:
    """2.1 s less 12 s of 1 % idle, by the 1000 calls that went well: as `cost` has it."""
    found = section(samples(*[5.0] * 10), window(failed=1000), {EDGE: 0.01})
    assert found.figures["soak: CPU of the edge"].value == pytest.approx(1.98)
    assert found.figures["soak: a at the end"].value == 5.0
    assert found.figures["soak: a at the end, RSS"].value == 10.0
    assert {each.under for each in found.figures.values()} == {"2000 calls at 400/s, ours"}


def test_a_process_that_ended_is_counted() -> None:
    """PostgreSQL's come and go; what was there to the end has a row."""
    seen = samples(*[5.0] * 10)
    seen[3].own["b"] = seen[3].rss["b"] = 7.0
    found = section(seen, window(), {EDGE: 0.0})
    assert [row[0] for row in found.tables[0].rows][:1] == ["a"]
    assert "1 processes ended" in found.text[0]


def test_a_process_that_is_gone_has_no_title() -> None:
    """And ours is what it was started with."""
    assert title(2**22) == ""
    assert "python" in title(os.getpid())


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


def taken(*ms: float, lost: int | None = 0, **more: Any) -> Captured:
    """A captured window."""
    return Captured(window(**more), {kind: list(ms) for kind in KINDS}, lost)


def test_a_delay_is_the_median_of_its_rounds_and_says_what_went_on() -> None:
    """Refused calls are in no percentile, so how many there were stands beside."""
    rounds = [taken(1.0, 1.0), taken(9.0, 9.0, failed=3, missing_legs=2), taken(2.0, 2.0, 2.0, retransmissions=4)]
    found = cell("ours", 0.5, rounds)
    assert found.ms["invite"]["p50"] == 2.0
    assert found.rounds["invite"]["p50"] == [1.0, 9.0, 2.0]
    assert (found.samples["invite"], found.calls) == (7, 6000)
    assert (found.failed, found.missing_legs, found.retransmissions, found.lost) == (3, 2, 4, 0)
    assert not found.is_held


def test_a_kind_that_was_not_seen_is_no_number() -> None:
    """Where every call was refused, the rest of the benchmark goes on."""
    found = cell("ours", 0.5, [taken(lost=None)])
    assert isnan(found.ms["answer"]["p99"])
    assert found.lost is None


def test_what_the_capture_has_lost_is_read_from_its_last_words() -> None:
    """dumpcap: received/dropped; where it says nothing, nobody knows."""
    said = "Packets received/dropped on interface 'lo': 3321/17 (pcap:17/dumpcap:0/flushed:0/ps_ifdrop:0) (99.5%)"
    assert lost(f"Capturing on 'lo'\n{said}\n") == 17
    assert lost("Capturing on 'lo'\n") is None


def test_a_call_is_told_by_the_callers_name_where_its_bandwidth_does_not_pass(tmp_path: Path) -> None:
    """A B2BUA writes SDP of its own."""
    name = 'From: "Khach 7" <sip:1@h>;tag=a'
    packets = [
        sip(1.0, "ce", f"INVITE sip:x SIP/2.0\r\n{name}", "c7", "v=0\nb=AS:7\n"),
        sip(1.004, "eg", f"INVITE sip:y SIP/2.0\r\n{name}", "l7", "v=0\n"),
    ]
    found = delays(datagrams(write(tmp_path / "wire.pcap", udp(packets))))
    assert found["invite"] == pytest.approx([4.0], abs=0.01)
