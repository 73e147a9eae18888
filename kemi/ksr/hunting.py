"""Who rings after the first INVITEs have left: steps, delayed members, other gateways (kemi/decisions/0020, 0021).

on_failure ── the next step, the group's fallback        on_branch_failure ── another gateway, or the clock: who is due
"""

import contextlib
from collections.abc import Callable
from typing import Any, Final

import KSR

from kemi import hunting
from kemi.call import Ring
from kemi.domain import hunt, ringing
from kemi.domain.events import Failed, Offered
from kemi.domain.gateways import read_path
from kemi.domain.hunt import Attempt, Hunt, More, Orders
from kemi.ksr import callbacks, headers, log, request, signalling
from kemi.ksr.callbacks import guarded
from kemi.ksr.falling import Falling
from kemi.ksr.leaving import CLOCK
from kemi.ksr.past import SharedPast
from kemi.ksr.replying import HUNTED, RANG_OUT, SEEN
from kemi.ksr.truth import must, yes
from kemi.ports import EventSink
from kemi.tokens import Keyring, leg_letters
from kemi.voice import Voice

# A branch's flags, which tm keeps with it: leg, attempt, and what has been seen of it; or that it is no leg at all.
_ATTEMPT: Final = 6  # bits of the leg
_RUNG, _SAID = 1 << 12, 1 << 13
_MASK: Final = (1 << _ATTEMPT) - 1
_get = KSR.pv.get


class Hunting(Falling):
    """The failure routes of a call that has more to come."""

    def __init__(
        self, sink: EventSink, keyring: Keyring, host: str, clock: Callable[[], float], past: SharedPast, voice: Voice
    ) -> None:  # fmt: skip
        """See `Replying`; `past`: what the ring strategies remember."""
        super().__init__(sink, keyring, host, clock, voice)
        self._past = past

    def _hunts(self, ring: Ring, more: More) -> list[str]:
        """Prepare the first step of a hunt; return the R-URI of its clock, if it has one."""
        KSR.setflag(HUNTED)
        must(KSR.tm.t_set_fr(ring.ring_ms, more.first_response_ms), "t_set_fr")
        must(KSR.tm.t_set_max_lifetime(more.life_ms, more.life_ms), "t_set_max_lifetime")
        self._marks = _marks(more.orders)
        KSR.pv.sets("$avp(hunt)", more.plan.pack())
        if ring.rest is not None:
            KSR.pv.sets("$avp(rest)", ring.rest)
        return self._clock_uri(ring.event.call, more.orders.clock_ms)

    def _is_clock(self, code: int) -> bool:
        """Note what a reply of a hunted call says of its branch; whether that is the clock."""
        flags = _get("$bf")
        if flags & CLOCK:
            if code == 100:
                KSR.pv.sets("$avp(clock_via)", hunting.sent_via(request.via()))
                if (said := _get("$avp(announcement)")) is not None:
                    if self._plays(said, code, once=True):
                        KSR.pv.unset("$avp(announcement)")  # what is there when somebody answers, nobody has heard
                    else:
                        self._wake(_get("$avp(call)"))
                elif not hunt.unpack(_get("$avp(hunt)")).ringing:  # all had refused before the clock was heard of
                    self._wake(_get("$avp(call)"))
            elif code < 300:
                raise ValueError("a clock that rings")  # whatever it is, it does not pass
            else:
                headers.take(vias_kept=2)
                signalling.blank(code)  # on_failure answers the caller; if it fails, this says nothing
            return True
        if code < 200:
            if not flags & _SAID:
                one = flags & _MASK, flags >> _ATTEMPT & _MASK
                vias = hunting.remember(_get("$avp(vias)") or "", one, request.via())
                KSR.pv.unset("$avp(vias)")
                KSR.pv.sets("$avp(vias)", vias)
            KSR.pv.seti("$bf", flags | _SAID | (_RUNG if code > 100 else 0))
        elif code < 300 and _get("$avp(winner)") is None and _get("$T_reply_last") < 300:
            with contextlib.suppress(Exception):  # whose turn it is next is worth no call
                self._taken_by(flags & _MASK)
        return False

    def _taken_by(self, leg: int) -> None:
        plan = hunt.unpack(_get("$avp(hunt)"))
        if plan.noted and (member := plan.member(leg)):
            self._past.talks(_get("$avp(call)"), member)

    def _rings_on(self) -> bool:
        """Ring the next step, in on_failure; whether there was one."""
        try:
            return self._steps(hunt.unpack(_get("$avp(hunt)")))
        except Exception as error:  # then this is the end of the call, which has to be told
            log.failed("_rings_on", error)
            return False

    def _steps(self, plan: Hunt) -> bool:
        while (orders := plan.next_wave(self._now_ms())) is not None:
            must(KSR.tm.t_set_fr_inv(orders.ring_ms), "t_set_fr_inv")
            if self._obey(plan, orders):
                return True
            if yes(KSR.tm.t_is_canceled()):
                return False
        return self._falls_back(plan)

    @guarded(callbacks.let_go)
    def on_branch_failure(self, msg: Any) -> int:
        """One leg has ended, or the clock has struck; the others ring on. The transaction's reply lock is held."""
        del msg
        if yes(KSR.tm.t_is_canceled()):
            return 1
        flags = _get("$bf")
        plan = hunt.unpack(_get("$avp(hunt)"))
        if flags & CLOCK:
            self._obey(plan, plan.struck(self._now_ms()))
            return 1
        leg, attempt = flags & _MASK, flags >> _ATTEMPT & _MASK
        code, by_timer = KSR.tm.t_get_status_code(), yes(KSR.tm.t_branch_timeout())
        replied = yes(KSR.tm.t_branch_replied())
        if by_timer:
            self._timed_out(leg, attempt, replied=replied)
        unreached = hunt.is_unreached(code, by_timer=by_timer, replied=replied, rang=bool(flags & _RUNG))
        self._obey(plan, plan.failed(leg, attempt, unreached=unreached))
        return 1

    def _timed_out(self, leg: int, attempt: int, *, replied: bool) -> None:
        """Write down a leg's end that came by no reply."""
        call = _get("$avp(call)")
        self._is_silent(self._keys.leg_call_id(bytes.fromhex(call), leg_letters(leg, attempt)))
        if replied:
            KSR.setflag(RANG_OUT)
        KSR.setflag(SEEN[ringing.OTHER if replied else ringing.UNREACHABLE])
        self._sink.put(Failed(call, leg, attempt, 408, "no_answer" if replied else "unreachable"))

    def _obey(self, plan: Hunt, orders: Orders) -> bool:
        """Do what is ordered; whether a leg left, or would have."""
        call = _get("$avp(call)")
        orders, counted = self._placed(plan, call, orders)
        for one in orders.stop:
            self._stop(plan, call, one)
        self._marks = _marks(orders)
        self._blocks = {
            one.uri: f"Call-ID: {self._leg_id(call, one)}\r\n{plan.blocks[one.gateway]}" for one in orders.ring
        }
        self._ways = {one.uri: plan.ways[one.gateway] for one in orders.ring if one.gateway in plan.ways}
        self._carry_on()
        uris = [*self._blocks, *self._clock_uri(call, orders.clock_ms)]
        KSR.pv.unset("$avp(hunt)")
        KSR.pv.sets("$avp(hunt)", plan.pack())
        if orders.ring:
            self._sink.put(Offered(call, tuple(hunt.offered(one) for one in orders.ring), counted))
            log.offered(call, [self._leg_id(call, one) for one in orders.ring])
        if orders.wake:
            self._wake(call)
        if not uris:
            return False
        callbacks.arm(more_to_come=True)
        return signalling.fork(uris)

    def _placed(self, plan: Hunt, call: str, orders: Orders) -> tuple[Orders, tuple[str, ...]]:
        """Return the orders with those who find a place at a gateway, the next one if need be; and what counts them."""
        ring: list[Attempt] = []
        counted: list[str] = []
        wake, wanted = orders.wake, list(orders.ring)
        while wanted:
            one = wanted.pop(0)
            keys = self._place(call, one.gateway)
            if keys is None:
                then = plan.failed(one.leg, one.attempt, unreached=True)
                wanted += then.ring
                wake |= then.wake
            else:
                ring.append(one)
                counted += keys
        if wake and orders.clock_ms:  # it has not been set yet
            return orders._replace(ring=tuple(ring), clock_ms=1), tuple(counted)
        return orders._replace(ring=tuple(ring), wake=wake), tuple(dict.fromkeys(counted))

    def _place(self, call: str, gateway: int) -> tuple[str, ...] | None:
        raise NotImplementedError  # kemi.ksr.router

    def _clock_uri(self, call: str, ms: int) -> list[str]:
        """Return the R-URI of the clock that is to strike after `ms`; nothing for 0."""
        if not ms:
            return []
        uri = hunting.clock_uri(self._keys, call, ms, signalling.here())
        self._blocks[uri], self._marks[uri] = hunting.clock_headers(call), CLOCK
        KSR.pv.sets("$avp(clock)", uri)
        return [uri]

    def _stop(self, plan: Hunt, call: str, one: Attempt) -> None:
        """End one leg; what has said nothing yet cannot be cancelled, and ends by itself."""
        via = hunting.via_of(_get("$avp(vias)") or "", one)
        if via:
            from_ = hunting.from_of(plan.blocks[one.gateway])
            self._cancel(one.uri, via, self._leg_id(call, one), from_, read_path(plan.ways.get(one.gateway, ""))[1])

    def _wake(self, call: str) -> None:
        """Have the clock strike now: it is cancelled, as any leg."""
        via = _get("$avp(clock_via)")
        if via:
            self._cancel(_get("$avp(clock)"), via, hunting.CLOCK_ID + call, hunting.CLOCK_FROM)

    def _cancel(self, uri: str, via: str, call_id: str, from_: str, way: str = "") -> None:
        caused = hunting.Caused(from_, KSR.hdr.gete("To"), int(_get("$cs")))
        signalling.send(way or uri, hunting.cancel(uri, via, call_id, caused))

    def _leg_id(self, call: str, one: Attempt) -> str:
        return self._keys.leg_call_id(bytes.fromhex(call), leg_letters(one.leg, one.attempt))

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _marks(orders: Orders) -> dict[str, int]:
    return {one.uri: one.leg | one.attempt << _ATTEMPT for one in orders.ring}
