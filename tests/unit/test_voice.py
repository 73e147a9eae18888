"""What becomes of a call's session at an rtpengine where its SDP cannot be used."""

import socket
from collections.abc import Collection
from typing import Any, cast

import pytest

from kemi.domain.media import Change, Node, anchored, first_offer
from kemi.domain.sdp import read
from kemi.errors import NoMedia
from kemi.exchange import Exchange
from kemi.media.rtpengine import Rtpengines
from kemi.voice import Voice
from tests.unit.given import keyring

OFFER = "v=0\r\no=- 1 1 IN IP4 10.9.9.9\r\ns=-\r\nc=IN IP4 10.9.9.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"


class Garbled:
    """An rtpengine that takes an offer and answers what nobody can read."""

    def __init__(self) -> None:
        self.open: set[bytes] = set()

    def place(self, call: bytes, sdp: str, profiles: Collection[int]) -> tuple[int, dict[int, str]]:
        del sdp
        self.open.add(call)
        return 0, dict.fromkeys(profiles, "v=0\r\nm=\r\n")

    def change(self, node: int, call: bytes, change: Change, sdp: str) -> str:
        del node, call, change
        return sdp.replace("udptl t38", "RTP/AVP ")  # seen at a fax's answer

    def noted(self, node: int, call: bytes) -> dict[str, str]:
        del node, call
        return {}

    def delete(self, node: int, call: bytes) -> None:
        assert node == 0
        self.open.discard(call)


class Trunk:
    """One that wants its voice anchored."""

    media, without_media = "anchored", "refuse"


def test_no_session_is_left_of_an_offer_whose_answer_cannot_be_read() -> None:
    media = Garbled()
    with pytest.raises(ValueError, match="media that cannot be read"):
        Voice(keyring(), cast(Any, media)).begin(b"c" * 10, cast(Any, Trunk), cast(Any, None), OFFER, {0})
    assert not media.open


def test_an_answer_that_the_rtpengine_garbles_refuses_the_media_and_nothing_else() -> None:
    """Else the 200 would go back without From and To, and whoever waits for it would repeat his INVITE for ever."""
    voice = Voice(keyring(), cast(Any, Garbled()))
    media = anchored(0, late=False)
    asked = Exchange(
        b"c" * 10, "member", "INVITE", "", "", "", [], [], "10.9.9.9", 5060, "udp", 1, 1, "+842727777787", False,
        token="t", media=media, offered=True,
    )  # fmt: skip
    fax = read(OFFER.replace("m=audio 4000 RTP/AVP 8", "m=image 4000 udptl t38"))
    assert "m=image 0 udptl t38\r\n" in voice.back(asked, fax, 200)
    with pytest.raises(NoMedia, match="cannot be read"):
        voice.onward(asked, OFFER.replace("m=audio 4000 RTP/AVP 8", "m=image 4000 udptl t38"))


def test_an_sdp_that_fills_a_datagram_takes_no_rtpengine_down() -> None:
    """Asked, the node would not answer, and no call would be anchored by it any more."""
    down: set[int] = set()
    rtpengines = Rtpengines([Node("127.0.0.1", 9)], down, 30)
    change: Change = first_offer(0)
    with pytest.raises(NoMedia, match="fills a datagram"):
        rtpengines.change(0, b"c" * 10, change, OFFER + "a=fmtp:101 0-15\r\n" * 4000)
    assert not down


def test_what_stands_is_asked_of_a_silent_rtpengine_in_vain_and_takes_it_down_for_nobody() -> None:
    """A refusal passes, and new calls go on asking that node."""
    down: set[int] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        rtpengines = Rtpengines([Node(*silent.getsockname())], down, 30)
        assert rtpengines.noted(0, b"c" * 10) is None
        rtpengines.close()
    assert not down
