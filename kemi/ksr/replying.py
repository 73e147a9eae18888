"""Replies and what they mean for the call.

`ksr_reply_route` runs first, outside the transaction's lock: it drops what matches nothing, and reads and strips a
2xx, because one that cannot be read could not be dropped later. The tm callbacks then run in the same process, on
the same message.
"""

from collections.abc import Callable
from typing import Any, Final

import KSR

from kemi.curfew import shown
from kemi.domain import addresses, phrases, ringing
from kemi.domain.events import Answered, AnsweredElsewhere, Event, Failed, Missed, MissedCause, Rang, Timed
from kemi.domain.limits import is_timed_id
from kemi.domain.media import recorded
from kemi.exchange import Exchange, unpack
from kemi.ksr import callbacks, crossing, headers, log, signalling
from kemi.ksr.callbacks import guarded
from kemi.ksr.hearing import ANSWERED, GAVE_UP, PLAYS, RANG, Hearing
from kemi.ksr.strays import Strays
from kemi.ksr.truth import must, yes
from kemi.ports import EventSink
from kemi.replies import NOBODY
from kemi.tokens import Keyring, leg_of
from kemi.voice import Voice

# Message flags, beside those of kemi.ksr.hearing.
HUNTED: Final = 11  # there is, or was, more to come than the first INVITEs (kemi.ksr.hunting)
RANG_OUT: Final = 12  # of a hunted call: a leg's ring time was over
SEEN: Final = {ringing.BUSY: 3, ringing.DECLINED: 4, ringing.UNREACHABLE: 5, ringing.OTHER: 6, ringing.TOO_BRIEF: 8}
_QUIET_SECONDS: Final = 5.0  # a telephone repeats its 200 for 32 s (RFC 3261 §13.3.1.4)
_LOSERS_SECONDS: Final = 60.0  # as long as kemi.ksr.strays remembers who has won (kamailio.cfg)
_get = KSR.pv.get
_gete = KSR.pv.gete
_is_set = KSR.isflagset
_set = KSR.setflag


class Replying(Hearing):
    """The reply and failure routes."""

    def __init__(
        self, sink: EventSink, keyring: Keyring, host: str, clock: Callable[[], float], voice: Voice
    ) -> None:  # fmt: skip
        """`host`: what the edge calls itself in its messages; `clock`: seconds, monotonic."""
        super().__init__(keyring, host, voice)
        self._sink = sink
        self._strays = Strays(sink, keyring, host)
        self._clock, self._started = clock, clock()

    @guarded(callbacks.drop)
    def ksr_reply_route(self, msg: Any) -> int:
        """Every reply, before tm: strip it, or drop it."""
        del msg
        code = _get("$rs")
        if 200 <= code < 300 and (method := _get("$rm")) != "CANCEL":
            try:
                self._read()  # tm cannot drop a final reply, so it is read before tm has it
                signalling.reword(code, code, _get("$rr"))
            except Exception:
                self._strays.hang_up(method)
                raise
            if method == "INVITE" and self._strays.is_late(self._taken):
                KSR.set_drop()
                return 1
        # Last: a reply that is dropped after its transaction was found leaves that transaction to the next message.
        if not yes(KSR.tm.t_check_trans()):
            KSR.set_drop()
            log.turned_away("a reply that matches nothing", _get("$si"), 0)
            # Just started: it may be the answer that was passed on before, and the caller's ACK may be on its way.
            if 200 <= code < 300 and self._clock() - self._started > _QUIET_SECONDS:
                self._strays.hang_up(method)
        return 1

    @guarded(callbacks.hold_back)
    def on_invite_reply(self, msg: Any) -> int:
        """A leg answers, somehow. The transaction's reply lock is held."""
        del msg
        code = _get("$rs")
        if code < 200 and _is_set(ANSWERED):
            crossing.again()
            return 1
        if _is_set(HUNTED) and self._is_clock(code):
            return 1
        if code == 100 or (code == 487 and _is_set(ANSWERED)):
            return 1  # hop by hop; or a loser, who has been told: nothing of these is relayed
        leg, attempt = leg_of(_get("$ci")[-2:])
        call = _get("$avp(call)")
        if code < 200:
            self._sink.put(Rang(call, leg, attempt, code))
            self._provisional(code)
        elif code < 300:
            self._picked_up(call, leg, attempt, code)
        else:
            self._refused(call, leg, attempt, code)
        return 1

    def _picked_up(self, call: str, leg: int, attempt: int, code: int) -> None:
        exchange = unpack(_get("$avp(exchange)"))
        if _is_set(GAVE_UP):
            self._too_late(exchange, code)
            return
        first = not _is_set(ANSWERED)
        if first:
            if _get("$T_reply_last") >= 300:  # its own time was over, a 408 to tm, which will not pass the 200 on,
                self._too_late(exchange, code)  # but where on_failure has failed: then nothing is in it
                return
            _set(ANSWERED)
            KSR.pv.seti("$avp(winner)", leg)
            self._strays.won(call, self._taken)
            if exchange.record and _get("$avp(announcement)") is not None:
                exchange.record = 0  # he was to be told before (kemi/decisions/0055)
                log.not_recorded(call)
            exchange.media = recorded(exchange.media, records=exchange.record > 0)  # as his token has it
            self._sink.put(Answered(call, leg, attempt, exchange.record))
        elif _get("$avp(winner)") != leg:  # a tie: it came before the winner was known
            self._sink.put(AnsweredElsewhere(call, leg, attempt))
            self._too_late(exchange, code)
            return
        if _is_set(PLAYS):
            self._voice.hush(exchange)
        block = self._give_back(exchange, code, code, reliable=True)
        if first and exchange.record:
            self._voice.record(exchange, self._shown)
        if first and is_timed_id(call):
            self._timed(call, leg, block)

    def _timed(self, call: str, leg: int, block: str) -> None:
        """Note what it takes to hang up this call when its time is over (kemi/decisions/0027)."""
        seconds, _, to_caller = _get("$avp(timed)").partition(" ")
        tag = addresses.tag(self._taken.to)
        self._sink.put(Timed(call, leg, int(seconds), to_caller, shown(block, self._host), tag))

    def _too_late(self, exchange: Exchange, code: int) -> None:
        """Hang up a telephone that picked up when the caller had his answer already (kemi/decisions/0013, 0022)."""
        self._strays.hang_up("INVITE")
        signalling.blank(code)  # tm passes every 2xx on; this one, without From and To, answers nobody
        signalling.put_headers(f"Call-ID: {exchange.call_id}\r\n")

    def _refused(self, call: str, leg: int, attempt: int, code: int) -> None:
        if code != 487 or not yes(KSR.tm.t_is_canceled()):
            reason = ringing.leg_failure(code)
            _set(SEEN[ringing.seen_bit(reason, code)])
            if code == 422:
                headers.remember_min_se(KSR.hdr.gete("Min-SE"))
            self._sink.put(Failed(call, leg, attempt, code, reason))
        self._is_silent(_get("$ci"))
        # on_failure answers the caller itself, so this never leaves; if it ever did, it must be fit to.
        self._taken = headers.take(vias_kept=2)
        self._far = NOBODY  # a redirect's Contact is nothing to the caller
        self._give_back(unpack(_get("$avp(exchange)")), code, code, reliable=False)

    @guarded(callbacks.hold_back)
    def on_dialog_reply(self, msg: Any) -> int:
        """A reply to a request inside a call."""
        del msg
        code = _get("$rs")
        if code != 100:
            if not 200 <= code < 300:
                self._read()
            if code >= 300:
                self._far = NOBODY  # a redirect's, or none that counts
            exchange = unpack(_get("$avp(exchange)"))
            self._give_back(exchange, code, phrases.relayed(code), reliable=True)
            if code < 300 and _leaves(exchange):
                self._left(exchange, granted=True)
        return 1

    def _in_dialog_from(self, exchange: Exchange) -> None:
        """Remember whose request it is that leaves next, inside a call."""
        KSR.pv.sets("$avp(exchange)", exchange.pack())
        must(KSR.tm.t_on_reply(callbacks.DIALOG_REPLY), "t_on_reply")
        if exchange.asked or _leaves(exchange):
            must(KSR.tm.t_on_failure(callbacks.DIALOG_FAILURE), "t_on_failure")

    @guarded(callbacks.let_go)
    def on_dialog_failure(self, msg: Any) -> int:
        """A change of the voice, or a BYE, is refused, or nobody answers it; a change is taken back before he hears."""
        del msg
        self._in_vain(unpack(_get("$avp(exchange)")))
        return 1

    def _in_vain(self, exchange: Exchange) -> None:
        if _leaves(exchange):
            self._left(exchange, granted=False)
        else:
            self._voice.undo(exchange)

    def _left(self, exchange: Exchange, *, granted: bool) -> None:
        """A member's BYE has its answer, whichever, or none: his session is over (RFC 3261 §15.1.1).

        Not so where another leg has the call: a loser's BYE gets 481, for the caller knows nothing of him. He may come
        for half a minute (§13.3.1.4), and a Kamailio that has just started does not know who has won.
        """
        lost = self._strays.has_lost(exchange.to, exchange.call_id)
        if lost is None:
            lost = not granted and self._clock() - self._started < _LOSERS_SECONDS
        if not lost:
            self._voice.over(exchange.call, exchange.media)

    @guarded(callbacks.give_up)
    def on_failure(self, msg: Any) -> int:
        """No leg is left, or the ring time is over, or the caller hung up. May run in a timer process."""
        del msg
        _set(GAVE_UP)  # first: whatever fails here, the caller is told something
        hunted = _is_set(HUNTED)
        if hunted and not yes(KSR.tm.t_is_canceled()) and self._rings_on():
            KSR.resetflag(GAVE_UP)
            return 1
        canceled = yes(KSR.tm.t_is_canceled())
        timed_out = _is_set(RANG_OUT) if hunted else yes(KSR.tm.t_any_timeout())
        seen = sum(bit for bit, flag in SEEN.items() if _is_set(flag))
        if timed_out and not hunted:  # else each leg's end is among them already
            seen |= ringing.OTHER if _is_set(RANG) else ringing.UNREACHABLE
        code = _get("$avp(final)") or ringing.final_code(seen, _get("$avp(all_refused)") or ringing.ALL_REFUSED)
        cause = ringing.missed_cause(canceled=canceled, timed_out=timed_out, seen=seen)
        self._missed(_get("$avp(call)"), cause, 487 if canceled else code)
        return 1

    def _is_clock(self, code: int) -> bool:
        raise NotImplementedError  # kemi.ksr.hunting

    def _rings_on(self) -> bool:
        raise NotImplementedError

    def _unsent(self, call: str) -> None:
        """No INVITE has left: tm sends none any more once the caller's CANCEL is there, either."""
        if yes(KSR.tm.t_is_canceled()):
            self._missed(call, "caller_gave_up", 487)
        else:
            self._missed(call, "not_sent", 503)

    def _missed(self, call: str, cause: MissedCause, code: int) -> None:
        self._happened(Missed(call, cause, code))
        self._voice_over(call)
        self._strays.nobody_can_win(call, _get("$ft"))
        if code == 422:
            KSR.hdr.append_to_reply(f"Min-SE: {_get('$avp(min_se)') or headers.SESSION_SECONDS}\r\n")
        signalling.answer(code)

    def _happened(self, event: Event) -> None:
        self._sink.put(event)
        log.happened(event)


def _leaves(exchange: Exchange) -> bool:
    """Say whether it is a member's BYE in a call whose voice goes through us."""
    return bool(exchange.media) and exchange.method == "BYE" and exchange.side == "member"
