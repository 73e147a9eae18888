"""What comes when nobody of a group has answered: its fallback, with what that lets the caller hear, and records."""

from typing import Final

import KSR

from kemi.domain.hunt import Hunt, Orders
from kemi.exchange import Exchange, unpack
from kemi.ksr.hearing import FIRST_SOUNDS, PLAYS, RANG, note_early_asked
from kemi.ksr.replying import Replying
from kemi.ksr.truth import must
from kemi.offering import After

_FIRST_RESPONSE_MS: Final = 30_000  # the longest that a gateway may take (gateway.first_response_ms)
_get = KSR.pv.get


class Falling(Replying):
    """The step from a group to the next one, in on_failure: no leg is left."""

    def _falls_back(self, plan: Hunt) -> bool:
        """Ring whom the group falls back to; whether there was anybody."""
        rest = _get("$avp(rest)")
        exchange = unpack(_get("$avp(exchange)"))
        was = exchange.held, exchange.record
        then = self._after(rest, exchange) if rest else None
        KSR.pv.unset("$avp(rest)")
        if then is None:
            return False
        if isinstance(then, int):
            KSR.pv.seti("$avp(final)", then)
            return False
        if then.rest is not None:
            KSR.pv.sets("$avp(rest)", then.rest)
        exchange.record = then.record
        if was != (exchange.held, exchange.record):  # held: a gateway's longer address has taken the room
            _again("$avp(exchange)", exchange.pack())
        plan.extend(then.waves, then.headers, then.ways)
        life_ms = plan.life_ms(_FIRST_RESPONSE_MS) + then.hold_ms
        must(KSR.tm.t_set_max_lifetime(life_ms, life_ms), "t_set_max_lifetime")
        if not then.is_same:
            self._lets_hear(then)
            if then.announcement and plan.waves:
                return self._announces(plan, then)
        return self._steps(plan)

    def _lets_hear(self, then: After) -> None:
        """Have the caller hear what the next group has for him, from its first ringing on; what he hears now, goes on.

        Who has had a 183 of ours has a ringing tone of ours where it has nothing.
        """
        plays = KSR.isflagset(PLAYS)
        music = then.music or (then.tone if plays else "")
        if music != (_get("$avp(music)") or ""):
            _again("$avp(music)", music)
            if music:
                KSR.resetflag(RANG)
        _again("$avp(announcement)", then.announcement)
        if then.first_sounds and not plays:
            KSR.setflag(FIRST_SOUNDS)
        else:
            KSR.resetflag(FIRST_SOUNDS)
        if music or then.announcement:
            note_early_asked()

    def _announces(self, plan: Hunt, then: After) -> bool:
        """Have the caller told something before the fallback's members ring; then he hears its sound."""
        KSR.resetflag(RANG)
        orders = plan.hold(self._now_ms(), then.hold_ms)
        must(KSR.tm.t_set_fr_inv(orders.ring_ms), "t_set_fr_inv")
        return self._obey(plan, orders)

    def _after(self, rest: str, exchange: Exchange) -> After | int | None:
        raise NotImplementedError  # kemi.ksr.router

    def _steps(self, plan: Hunt) -> bool:
        raise NotImplementedError  # kemi.ksr.hunting

    def _obey(self, plan: Hunt, orders: Orders) -> bool:
        raise NotImplementedError

    def _now_ms(self) -> int:
        raise NotImplementedError


def _again(name: str, value: str) -> None:
    KSR.pv.unset(name)  # or there would be two
    if value:
        KSR.pv.sets(name, value)
