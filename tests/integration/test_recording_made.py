"""A recording is made of what rtpengine wrote: each side in its own channel, in its own time, whatever the codec."""

from pathlib import Path

import pytest

from kemi.domain.recording import Note, read_note
from kemi.recording.making import NotMade, make
from kemi.recording.pcap import Capture
from kemi.recording.streams import STATIC, heard, streams
from tests.listening import likeness, read, share, silence, sweep, tone
from tests.rtp import Packet, g729_frames, packets, payloads, write_pcap

CALLER, MEMBER = 30_012, 30_000  # rtpengine's ports towards each
RATE = 8000


def made(
    found: list[Packet], tmp_path: Path, codecs: dict[int, str] | None = None, *, ports: bool = True
) -> list[list[int]]:
    """The two channels of the recording of these packets."""
    capture, note = (
        Capture(write_pcap(tmp_path / "call.pcap", found)),
        Note({CALLER} if ports else set(), set(), codecs or {}, True),
    )
    make(streams(heard(capture, note)), tmp_path / "call.opus", tmp_path)
    return read(tmp_path / "call.opus", RATE, channels=2)


def pcma(port: int, hz: float, seconds: float, *, at: float = 100.0, ssrc: int = 1, stamp: int = 0) -> list[Packet]:
    return packets(port, 8, payloads("pcma", tone(hz, seconds)), at=at, ssrc=ssrc, stamp=stamp)


@pytest.mark.parametrize(
    ("codec", "kind", "ticks"), [("pcma", 8, 160), ("pcmu", 0, 160), ("g722", 9, 160), ("opus", 96, 960)]
)
def test_each_side_has_its_channel(codec: str, kind: int, ticks: int, tmp_path: Path) -> None:
    caller = packets(CALLER, kind, payloads(codec, tone(440, 2)), at=100, ssrc=1, ticks=ticks)
    member = packets(MEMBER, kind, payloads(codec, tone(1000, 2)), at=100.01, ssrc=2, ticks=ticks)
    left, right = made(caller + member, tmp_path, {96: "opus/48000/2"})
    assert 1.9 < len(left) / RATE < 2.2
    assert share(left[4000:12_000], 440) > 0.9
    assert share(right[4000:12_000], 1000) > 0.9
    assert share(left[4000:12_000], 1000) < 0.01
    assert share(right[4000:12_000], 440) < 0.01
    assert 96 not in STATIC


def test_g729_falls_silent_where_its_sender_does(tmp_path: Path) -> None:
    """Annex B: a packet may end with two bytes that tell of silence, and then there are none for a while."""
    frames = g729_frames(tone(440, 1.01) + silence(0.99) + tone(1000, 1))
    pairs = [first + second for first, second in zip(frames[::2], frames[1::2], strict=True)]
    assert 12 in map(len, pairs)
    sent = packets(CALLER, 18, pairs, at=100, ssrc=1)
    left, _ = made([one for one in sent if len(one.data) > 12], tmp_path)
    assert share(left[2400:7200], 440) > 0.9
    assert max(map(abs, left[10_400:15_600])) < 100
    assert share(left[18_400:23_200], 1000) > 0.9


def test_what_was_said_later_is_heard_later(tmp_path: Path) -> None:
    """The member answers a question; then one side is on hold, and goes on with a clock that has jumped."""
    found = (
        pcma(CALLER, 440, 1) + pcma(MEMBER, 1000, 1, at=101.0, ssrc=2) + pcma(CALLER, 440, 1, at=103.0, stamp=9_000_000)
    )
    left, right = made(found, tmp_path)
    second = [slice(n * RATE + 800, (n + 1) * RATE - 800) for n in range(4)]
    assert [share(left[one], 440) > 0.9 for one in second] == [True, False, False, True]
    assert [share(right[one], 1000) > 0.9 for one in second] == [False, True, False, False]
    assert max(map(abs, left[second[1]])) < 50, "silence is silence"


def test_loss_disorder_and_doubles_leave_the_rest_in_its_place(tmp_path: Path) -> None:
    spoken = sweep(2.0)
    sent = packets(CALLER, 8, payloads("pcma", spoken), at=100, ssrc=1, stamp=(1 << 32) - 4000, sequence=65_500)
    kept = [one for n, one in enumerate(sent) if n % 10 != 3]
    kept[20], kept[21] = kept[20]._replace(at=kept[21].at), kept[21]._replace(at=kept[20].at)
    left, _ = made([*kept, kept[30]], tmp_path)
    assert likeness(left[8400:9200], spoken[8000:9600]) > 0.8
    assert likeness(left[12_000:12_800], spoken[11_600:13_200]) > 0.8


def test_without_its_ports_the_member_is_who_had_the_first(tmp_path: Path) -> None:
    """rtpengine was killed before it wrote down what it was told."""
    left, right = made(pcma(CALLER, 440, 1) + pcma(MEMBER, 1000, 1, ssrc=2), tmp_path, ports=False)
    assert share(left[1600:6400], 440) > 0.9
    assert share(right[1600:6400], 1000) > 0.9


def test_a_capture_that_was_cut_off_gives_what_it_has(tmp_path: Path) -> None:
    whole = write_pcap(tmp_path / "whole.pcap", pcma(CALLER, 440, 2), link=101).read_bytes()
    (tmp_path / "cut.pcap").write_bytes(whole[: len(whole) // 2 + 7])
    capture = Capture(tmp_path / "cut.pcap")
    found = streams(heard(capture, read_note("")))
    assert make(found, tmp_path / "cut.opus", tmp_path) == pytest.approx(1.0, abs=0.1)
    assert not capture.whole


def test_what_cannot_be_a_recording_says_why(tmp_path: Path) -> None:
    (tmp_path / "none.pcap").write_bytes(b"")
    with pytest.raises(ValueError, match="not a capture"):
        list(Capture(tmp_path / "none.pcap"))
    unknown = packets(CALLER, 99, [b"x" * 20] * 5, at=100, ssrc=1)
    with pytest.raises(NotMade, match="nobody sent any sound that can be read"):
        made(unknown, tmp_path)
