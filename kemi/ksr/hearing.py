"""What the caller hears while it rings: ringback, the first telephone's sound, or the group's.

One 18x at most passes; whatever comes later stays here, known to tm.
"""

from typing import Final

import KSR

from kemi.domain.addresses import SAID
from kemi.errors import NoMedia
from kemi.exchange import Exchange, unpack
from kemi.ksr import headers, log, signalling
from kemi.ksr.leaving import Leaving
from kemi.replies import NOBODY

# Message flags; tm keeps them with the transaction, and the reply lock makes each a once-only latch. The others are in
# kemi.ksr.replying.
RANG: Final = 1
ANSWERED: Final = 2
GAVE_UP: Final = 7  # the caller has had a final answer of ours
RELIABLE: Final = 9  # the caller requires 100rel
OWN_TO: Final = 10  # the caller's To was more than the dialled number: tm has the neutral one, he gets his own back
FIRST_SOUNDS: Final = 13  # the group's early_media is `first`
_SOUNDS: Final = 14  # ... and a leg's sound is passed on
PLAYS: Final = 15  # the caller hears the group's sound
EARLY_ASKED: Final = 16  # the caller's network lets early media through only where it is told of it
_EDGE: Final = "waiting"  # whose tag the edge's own 18x has
_get = KSR.pv.get
_gete = KSR.pv.gete
_is_set = KSR.isflagset
_set = KSR.setflag


def note_early_asked() -> None:
    """Note whether the caller's network wants to be told of early media, where there may be some of ours (RFC 5009)."""
    if "supported" in KSR.hdr.gete("P-Early-Media").lower():
        _set(EARLY_ASKED)


class Hearing(Leaving):
    """The provisional replies of members' legs."""

    def _provisional(self, code: int) -> None:
        if _is_set(RELIABLE):
            _set(RANG)
            self._read()
            self._give_back(unpack(_get("$avp(exchange)")), code, code, reliable=True)
            return
        if _is_set(FIRST_SOUNDS) and not _is_set(_SOUNDS) and self._sounds(code):
            return
        if not _is_set(RANG):
            _set(RANG)
            if not _is_set(ANSWERED) and not _is_set(GAVE_UP):
                self._ring(code)
                return
        # Dropped, the 18x would be unknown to tm, which CANCELs only legs that have answered something; as a 100 it
        # is known and stays here.
        signalling.swallow()

    def _sounds(self, code: int) -> bool:
        """Pass on the first leg's 18x that carries sound, if this is it: the caller hears that telephone's."""
        if not _gete("$cT") or _is_set(ANSWERED) or _is_set(GAVE_UP):
            return False
        try:
            self._read()
        except ValueError:
            return False  # it is worth no more than a 180
        if self._sdp is None:
            return False
        _set(_SOUNDS)
        _set(RANG)
        KSR.pv.sets("$avp(sounds)", _get("$ci"))
        self._give_back(unpack(_get("$avp(exchange)")), code, code, reliable=False, sounds=True)
        return True

    def _is_silent(self, call_id: str) -> None:
        """A leg is over: if it was the one that the caller heard, the next one's sound may pass."""
        if _is_set(_SOUNDS) and _get("$avp(sounds)") == call_id:
            KSR.resetflag(_SOUNDS)

    def _ring(self, code: int) -> None:
        """Tell the caller that it rings, in one clean 180, or with the group's sound: members' are not mixed."""
        if (music := _get("$avp(music)")) is not None and self._plays(music, code):
            return
        exchange = unpack(_get("$avp(exchange)"))
        try:
            self._of_the_edge(exchange, code, 180)
        except ValueError:  # a gateway that mangles Vias: tm's own has no Contact, but it rings
            signalling.ring()
            signalling.swallow()

    def _plays(self, sound: str, code: int, *, once: bool = False) -> bool:
        """Let the caller hear a sound, in a 183 of the edge's own; False: he cannot, and hears ringback.

        It is an early dialog with a tag of its own, and its one answer (RFC 3261 §13.2.1); the 200 brings another, as
        from any fork. Not reliable: who requires 100rel gets no music (kemi/decisions/0053).
        """
        exchange = unpack(_get("$avp(exchange)"))
        try:
            answer = self._voice.waits(exchange, sound, once=once)
        except (NoMedia, ValueError) as error:
            log.unheard(exchange.call.hex(), str(error))
            return False
        if _is_set(PLAYS):  # he has his 183: it was the announcement's
            signalling.swallow()
            return True
        _set(PLAYS)
        self._of_the_edge(exchange, code, 183, answer, "P-Early-Media: sendonly\r\n" if _is_set(EARLY_ASKED) else "")
        return True

    def _of_the_edge(self, exchange: Exchange, was: int, code: int, body: str = "", more: str = "") -> None:
        """Make the reply at hand one of the edge's own, in an early dialog of its own.

        With a Contact, as what begins a dialog has one (RFC 3261 §12.1.1); without a token: nothing can be asked of
        nobody (481). `more`: other headers. Raises `ValueError`.
        """
        self._taken = taken = headers.take(vias_kept=2)
        taken.to = f"<sip:edge>;tag={self._keys.caller_tag(exchange.call, _EDGE)}"
        block = self._replies.block(exchange, taken, NOBODY, exchange.source, reliable=False)
        headers.give_vias(taken, exchange)
        signalling.put_body(body, taken.content_type)
        signalling.reword(code, was, _get("$rr"))
        signalling.put_headers(f"{block}Contact: <sip:{self._host}{SAID[exchange.transport]}>\r\n{more}")
