"""A reply is read, and given back to the request's sender as one that he knows as his own."""

from typing import Final

import KSR

from kemi.domain import sdp
from kemi.domain.addresses import Hop
from kemi.domain.media import MIXED, with_profile
from kemi.exchange import Exchange, Taken
from kemi.ksr import headers, request, signalling
from kemi.replies import NOBODY, Replies
from kemi.tokens import Keyring
from kemi.voice import Voice

PROFILE: Final = 15  # of a branch's flags, those from this bit on: its gateway's profile, where there are several
_get = KSR.pv.get


class Giving:
    """What is read of the reply at hand stays here from ksr_reply_route to the tm callback."""

    def __init__(self, keyring: Keyring, host: str, voice: Voice) -> None:
        """`host`: what the edge calls itself in its messages."""
        self._keys = keyring
        self._voice = voice
        self._host = host
        self._replies = Replies(keyring, host)
        self._taken, self._source, self._far = Taken(), Hop("", 0), NOBODY
        self._sdp: sdp.Description | None = None
        self._shown = ""  # the SDP that was given back

    def _read(self) -> None:
        """Strip the reply at hand and read what goes on of it. Raises `ValueError` where that cannot be read."""
        self._source = source = request.source()
        self._taken = taken = headers.take(vias_kept=2)
        self._far = far = self._replies.read(taken)
        self._replies.check(taken, far, source)
        body = request.sdp(taken.content_type)
        self._sdp = sdp.read(body) if body else None

    def _give_back(self, exchange: Exchange, was: int, code: int, *, reliable: bool, sounds: bool = False) -> str:
        """Make the stripped reply one that the request's sender knows as his own; return its new headers.

        `reliable`: it may speak of 100rel, and of its SDP; `sounds`: of the latter alone.
        """
        if exchange.media & MIXED:
            exchange.media = with_profile(exchange.media, _get("$bf") >> PROFILE)
        taken = self._taken
        block = self._replies.block(exchange, taken, self._far, self._source, reliable=reliable)
        clean = ""
        if (reliable or sounds) and self._sdp is not None:
            clean = self._voice.back(exchange, self._sdp, code)
        self._shown = clean
        headers.give_vias(taken, exchange)
        signalling.put_body(clean, taken.content_type)
        if not 200 <= code < 300:  # those have theirs
            signalling.reword(code, was, _get("$rr"))
        signalling.put_headers(block)
        return block

    def _voice_over(self, call: str) -> None:
        """The call whose transaction is at hand has ended unanswered: so does its session, if it has one."""
        if (media := _get("$avp(media)")) is not None:
            self._voice.over(bytes.fromhex(call), media)
