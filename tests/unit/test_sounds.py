"""Which file a caller hears, and the answer that stands for those who ring."""

from pathlib import Path

import pytest

from kemi.domain.sounds import KINDS, kind_for, stand_in
from kemi.table.ringback import ringback
from tests.listening import RATE, read, share

OFFER = "\r\n".join((
    "v=0", "o=- 7 3 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0",
    "m=audio 30000 RTP/AVP 8 0 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15",
    "a=ptime:20", "a=sendonly", "a=rtcp:30001", "m=video 30002 RTP/AVP 96", "a=rtpmap:96 H264/90000", "",
))  # fmt: skip


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        ("m=audio 4000 RTP/AVP 8 9\r\n", "narrow"),
        ("m=audio 4000 RTP/AVP 0\r\n", "narrow"),
        ("m=audio 4000 RTP/AVP 9 8\r\n", "wide"),
        ("m=audio 4000 RTP/SAVP 96 8\r\na=rtpmap:96 opus/48000/2\r\n", "wide"),
        ("m=audio 4000 RTP/AVP 97 8\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 iLBC/8000\r\n", "narrow"),
        ("m=image 4000 udptl t38\r\n", "narrow"),
        ("", "narrow"),
    ],
)
def test_the_first_codec_says_which_file_is_played(media: str, kind: str) -> None:
    assert kind_for(f"v=0\r\n{media}") == kind


def test_the_stand_in_takes_all_audio_codecs_and_nothing_else() -> None:
    """All, or the member's own answer would be bound to fewer; no video, no address of the caller, his hold undone."""
    assert stand_in(OFFER).split("\r\n")[5:] == [
        "m=audio 9 RTP/AVP 8 0 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15",
        "a=ptime:20", "m=video 0 RTP/AVP 96", "",
    ]  # fmt: skip
    assert "192.0.2.1" not in stand_in(OFFER)


@pytest.mark.parametrize("kind", KINDS)
def test_the_ringing_tone_of_our_own_is_vietnams(kind: str, tmp_path: Path) -> None:
    """425 Hz, a second long, four apart; as a file that rtpengine and everybody else can read."""
    (tmp_path / "ringback.wav").write_bytes(ringback(kind))
    (heard,) = read(tmp_path / "ringback.wav")
    assert len(heard) == 5 * RATE
    assert share(heard[800:7200], 425) > 0.99
    assert max(map(abs, heard[8100:])) < 20
