"""The routes of Kamailio, as methods: read the message, ask the core, do what it says.

ksr_request_route ── INVITE ──> _invite ──> on_branch (each leg) ──> on_invite_reply ──> on_failure
                  └─ in a dialog ──> _in_dialog ──> on_dialog_reply
ksr_reply_route   before any of the two reply callbacks: what cannot be read never gets further
"""

import os
import time
from collections.abc import Callable
from typing import Any, Final

import KSR

from kemi import hunting
from kemi.call import Calls, Ring, Turned
from kemi.curfew import shown
from kemi.dialog import Dialogs
from kemi.domain import masking, ringing, sane
from kemi.domain.addresses import Hop
from kemi.domain.events import Ended
from kemi.domain.model import TrunkAddress
from kemi.errors import NoRoom, TokenRefused
from kemi.exchange import Exchange, Taken
from kemi.ksr import callbacks, headers, log, request, signalling
from kemi.ksr.callbacks import guarded
from kemi.ksr.clock import Clock
from kemi.ksr.hearing import FIRST_SOUNDS, OWN_TO, RELIABLE, note_early_asked
from kemi.ksr.hunting import Hunting
from kemi.ksr.past import SharedPast
from kemi.ksr.truth import must, yes
from kemi.offering import After
from kemi.ports import EventSink, RoutingTable
from kemi.tokens import Keyring
from kemi.voice import Voice

_IN_DIALOG: Final = frozenset({"INVITE", "ACK", "BYE", "UPDATE", "PRACK", "INFO", "OPTIONS"})
_MOVES: Final = frozenset({"INVITE", "UPDATE"})  # what may say where voice is to go, in a dialog
_TIME_IS_OVER: Final = "the longest call was over (max_call_seconds)"
_MAX_FORWARDS: Final = 70  # RFC 3261 §8.1.1.6
_ALLOW: Final = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO, OPTIONS\r\n"
_get = KSR.pv.get
_gete = KSR.pv.gete


class Router(Hunting, Clock):
    """What Kamailio calls. One object a process; nothing in it outlives a message."""

    def __init__(
        self, calls: Calls, dialogs: Dialogs, table: RoutingTable, sink: EventSink, keyring: Keyring, host: str,
        clock: Callable[[], float] = time.monotonic, watch: tuple[str, int] | None = None,
        past: SharedPast | None = None, voice: Voice | None = None,
    ) -> None:  # fmt: skip
        """Wire the core to Kamailio; see `kemi.entry.edge`.

        `clock`: seconds, monotonic; `watch`: the address and port whose BYEs stand for either side (kemi.watch).
        """
        super().__init__(sink, keyring, host, clock, past or SharedPast(), voice or Voice(keyring))
        self._calls = calls
        self._dialogs = dialogs
        self._table = table
        self._watch = None if watch is None else Hop(*watch)
        callbacks.check_names(self)

    def child_init(self, rank: int) -> int:
        """Kamailio has forked a process; tables and spools open themselves when first used."""
        del rank
        return 0

    @guarded(callbacks.refuse)
    def ksr_request_route(self, msg: Any) -> int:
        """Every request."""
        del msg
        method = _get("$rm")
        if method == "ACK":
            return self._ack()
        if not yes(KSR.maxfwd.process_maxfwd(_MAX_FORWARDS)):
            return _turn_away("too many hops", 483)
        if method == "CANCEL":
            if yes(KSR.tm.t_check_trans()):
                KSR.tm.t_relay()
                return 1
            return _turn_away("CANCEL of nothing", 481)
        if _gete("$tt"):
            return self._in_dialog(method)
        return self._new(method)

    @guarded(callbacks.keep_silent)
    def on_unreadable(self, msg: Any) -> int:
        """A datagram that Kamailio cannot parse. A trunk is told; nobody else, whatever he sends, gets an answer."""
        del msg
        self._table.look()
        ip = _get("$si")
        if self._table.trunk_address(ip) is not None:
            log.turned_away("a message that cannot be parsed", ip, signalling.answer_by_hand())
        return 1

    def _new(self, method: str) -> int:
        if method == "OPTIONS":
            return _asked()
        self._table.look()
        trunk = self._table.trunk_address(_get("$si"))
        if method == "INVITE" and (ms := hunting.sleep_of(self._keys, _gete("$rU"))):
            return self._sleeps(ms)
        if trunk is None:
            return _turn_away("a stranger", 403)
        if method == "INVITE":
            return self._invite(trunk)
        if method not in sane.METHODS:
            return _not_served(501)
        request.served(headers.take(vias_kept=1), method)
        if method in _IN_DIALOG:
            return _turn_away("a dialog's request without its dialog", 481)
        return _not_served(405)

    def _invite(self, trunk: TrunkAddress) -> int:
        dialled = _gete("$rU")
        to = KSR.hdr.gete("To")
        if not masking.is_dialled_number(dialled):
            return _turn_away("not a telephone number", sane.refusal_of(request.uri()) or 404)
        if not signalling.has_room():
            if KSR.tm.t_check_trans() == 0:
                return 1  # a repetition, of a call that there is
            raise NoRoom("shared memory has no room for a new call: kamailio -m")
        neutral = masking.is_neutral_to(to, dialled, self._host)
        if not neutral:
            # tm builds the CANCEL's To from the received request: it must be neutral before the transaction is.
            KSR.hdr.remove("To")
            signalling.put_headers(f"To: {masking.neutral(dialled, self._host)}\r\n")
            must(KSR.textopsx.msg_apply_changes(), "msg_apply_changes")
        if not signalling.is_new():
            return 1
        if not neutral:
            KSR.setflag(OWN_TO)
        taken = headers.take(vias_kept=1, keep_to=True)
        taken.to = to
        body = request.served(taken, "INVITE")
        outcome = self._calls.invite(trunk, request.source(), dialled, taken, body, os.urandom(6))
        if isinstance(outcome, Turned):
            self._happened(outcome.event)
            _name_unknown(taken)
            return signalling.answer(outcome.code)
        self._sink.put(outcome.event)
        log.received(outcome.event, outcome.call_ids)
        try:
            sent = self._fork(outcome, taken.content_type)
        except Exception as error:  # the ledger has the call: it must have its end, too
            log.failed("_fork", error)
            sent = False
        if not sent:
            self._unsent(outcome.event.call)
        return 1

    def _fork(self, ring: Ring, content_type: str) -> bool:
        if ring.exchange.media:  # first: whatever fails, its session ends
            KSR.pv.seti("$avp(media)", ring.exchange.media)
        self._carry(ring.bodies, content_type)
        KSR.pv.sets("$avp(exchange)", ring.exchange.pack())
        KSR.pv.sets("$avp(call)", ring.event.call)
        if ring.seconds:
            KSR.pv.sets("$avp(timed)", f"{ring.seconds} {shown(ring.block, self._host)}")
        if ring.exchange.reliable:
            KSR.setflag(RELIABLE)
        if ring.first_sounds:
            KSR.setflag(FIRST_SOUNDS)
        for name, sound in (("$avp(music)", ring.music), ("$avp(announcement)", ring.announcement)):
            if sound:
                KSR.pv.sets(name, sound)
                note_early_asked()
        if ring.all_refused_code != ringing.ALL_REFUSED:
            KSR.pv.seti("$avp(all_refused)", ring.all_refused_code)
        callbacks.arm(more_to_come=ring.hunt is not None)
        must(KSR.tm.t_set_fr_inv(ring.ring_ms), "t_set_fr_inv")
        self._blocks, self._marks, self._ways = ring.blocks, {}, ring.ways or {}
        if ring.hunt is not None:
            return signalling.fork([*ring.uris, *self._hunts(ring, ring.hunt)])
        return signalling.fork(ring.uris)

    def _after(self, rest: str, exchange: Exchange) -> After | int | None:
        return self._calls.after(rest, exchange)

    def _place(self, call: str, gateway: int) -> tuple[str, ...] | None:
        return self._calls.place(call, gateway)

    def _ack(self) -> int:
        if KSR.tm.t_check_trans() == 0 or not _gete("$tt"):
            return 1  # to a negative answer of ours: tm has absorbed it
        return self._in_dialog("ACK")

    def _in_dialog(self, method: str) -> int:
        user, source = _gete("$rU"), request.source()
        if method not in _IN_DIALOG:
            return _not_served(405 if method in sane.METHODS else 501)
        taken = headers.take(vias_kept=1)
        body = request.served(taken, method)
        ours = method == "BYE" and source == self._watch
        relay = self._dialogs.relay(method, user, source, taken, ours=ours)
        if method in _MOVES and relay.exchange.side == "member" and self._strays.has_lost(taken.to, taken.call_id):
            # The caller would say so, too; but the voice of his call would have gone there by then.
            raise TokenRefused("a leg that has not got the call")
        if method == "INFO" and taken.content_type and not body:
            # Without its body an INFO says nothing: told so, a telephone sends its digits as RFC 4733 does.
            KSR.hdr.append_to_reply("Accept: application/sdp\r\n")
            return _turn_away("a body that does not pass", 415)
        if method != "ACK" and not signalling.is_new():
            return 1
        # Before anything is written: a body that cannot be read is 400, but a BYE, which ends the call whatever it has.
        clean = "" if method == "BYE" else self._voice.onward(relay.exchange, body)
        if method != "ACK":
            self._in_dialog_from(relay.exchange)
        if method == "BYE":
            call, side = relay.exchange.call.hex(), relay.exchange.side
            self._past.over(call)
            self._happened(Ended(call, relay.leg, "edge", _TIME_IS_OVER) if ours else Ended(call, relay.leg, side))
            if ours or side == "caller":  # he has one dialog; a member's BYE may be a losing leg's: `_left`
                self._voice.over(relay.exchange.call, relay.exchange.media)
        signalling.put_body(clean, taken.content_type)
        signalling.put_headers(relay.block)
        if not signalling.relay(relay.uri, relay.hop) and method != "ACK":
            signalling.answer(503)
            self._in_vain(relay.exchange)
        return 1


def _asked() -> int:
    """Answer an OPTIONS to ourselves, from anybody."""
    taken = headers.take(vias_kept=1)
    request.served(taken, "OPTIONS")
    if code := sane.refusal_of(request.uri()):
        return _turn_away("not a SIP URI", code)
    return signalling.answer(420 if _name_unknown(taken) else 200)


def _name_unknown(taken: Taken) -> bool:
    """Name in the reply to come what the request requires and we do not know; whether there is such."""
    unknown = taken.unknown_extensions()
    if unknown:
        KSR.hdr.append_to_reply(f"Unsupported: {', '.join(unknown)}\r\n")
    return bool(unknown)


def _not_served(code: int) -> int:
    KSR.hdr.append_to_reply(_ALLOW)
    return _turn_away("a method we do not serve", code)


def _turn_away(what: str, code: int) -> int:
    log.turned_away(what, _get("$si"), code)
    return signalling.answer(code)
