"""Whether a call that is decided on may ring: its limits, asked and counted (`kemi.domain.limits`)."""

from typing import Final

from kemi.domain import limits
from kemi.domain.gateways import Gateways
from kemi.domain.limits import Counters, GatewayLimits, Held, Limit, Over, Wanted
from kemi.domain.model import Gateway, SkippedMember, TrunkAddress
from kemi.domain.routing import Decision, Fork, Leg, Refuse, leg_uri

_GATEWAY_FULL: Final = 503  # no column: a full gateway is as one that cannot be reached


class Admission:
    """Asks the limits of calls."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def admit(self, trunk: TrunkAddress, fork: Fork, now: float) -> tuple[Decision, Held | None]:
        """Count the call of `fork`; `now`: seconds since the epoch. Nothing is counted where nothing is limited.

        Returns the fork, without the legs that found no place, or why it may not ring; and what the call holds now:
        None where it is not counted, and never will be.
        """
        wanted = _wanted(trunk, fork)
        if wanted is None:
            return fork, None
        outcome = limits.admit(wanted, self._counters, now)
        if isinstance(outcome, Over):
            return Refuse(_code(outcome.limit, trunk, fork), outcome.limit.reason, fork.hotline), None
        if outcome.full or outcome.moved:
            fork = _placed(fork, outcome.full, outcome.moved)
        return fork, outcome.held

    def place(self, gateway: Gateway, now: float) -> tuple[str, ...] | None:
        """Take a place at a gateway for a leg that is offered later; None: it has none.

        Returns the keys for `kemi.domain.events.Offered.counted`. Only for a counted call.
        """
        met = limits.place(_limits(gateway), self._counters, int(now))
        return None if met is not None else (f"g{gateway.id}",) if gateway.max_channels is not None else ()

    def give_back(self, held: Held) -> None:
        """The call does not ring after all."""
        limits.give_back(held, self._counters)


def _wanted(trunk: TrunkAddress, fork: Fork) -> Wanted | None:
    """Return what limits the call; None where nothing does, which costs next to nothing."""
    hotline, plan = fork.hotline, fork.plan
    most = None if plan is None else plan.max_calls
    gateway: Gateway | None = None
    others: Gateways = ()
    limited = False
    for wave in fork.waves:
        for leg in wave:
            if leg.gateway is not gateway or leg.others is not others:  # as a rule all have the same
                gateway, others = leg.gateway, leg.others
                limited |= any(_is_limited(one) for one in (gateway, *others))
    if not limited and hotline.max_calls is None and most is None and trunk.max_calls_per_second is None:
        return None
    calls, rates = [], []
    if hotline.max_calls is not None:
        calls.append(limits.hotline_limit(hotline.id, hotline.max_calls))
    if most is not None:
        calls.append(limits.tenant_limit(hotline.tenant_id, most))
    if trunk.max_calls_per_second is not None:
        rates.append(limits.trunk_rate(trunk.trunk_id, trunk.max_calls_per_second))
    return Wanted(tuple(calls), tuple(rates), _legs(fork) if limited else ())


def _legs(fork: Fork) -> tuple[tuple[int, tuple[GatewayLimits, ...]], ...]:
    known: dict[int, GatewayLimits] = {}

    def of(gateway: Gateway) -> GatewayLimits:
        if gateway.id not in known:
            known[gateway.id] = _limits(gateway)
        return known[gateway.id]

    first = min(leg.delay_seconds for leg in fork.legs)  # who rings later asks later (`place`)
    return tuple(
        (leg.number, tuple(of(one) for one in (leg.gateway, *leg.others)))
        for leg in fork.legs
        if leg.delay_seconds == first
    )


def _limits(gateway: Gateway) -> GatewayLimits:
    return limits.gateway_limits(gateway.id, gateway.max_calls_per_second, gateway.max_channels)


def _is_limited(gateway: Gateway) -> bool:
    return gateway.max_channels is not None or gateway.max_calls_per_second is not None


def _placed(fork: Fork, full: dict[int, str], moved: dict[int, int]) -> Fork:
    """Return the fork without the legs that are `full`, those that are `moved` through their other gateway."""
    legs: list[Leg] = []
    for leg in fork.legs:
        if leg.number not in full:
            index = moved.get(leg.number, 0)
            gateway = (leg.gateway, *leg.others)[index]
            uri = leg_uri(leg.member, gateway) if index else leg.uri
            legs.append(leg._replace(gateway=gateway, uri=uri, others=leg.others[index:]))
    skipped = tuple(
        SkippedMember(leg.member.id, leg.member.number, full[leg.number]) for leg in fork.legs if leg.number in full
    )
    waves = (tuple(legs), *fork.waves[1:]) if fork.waves and fork.waves[0] == fork.legs else fork.waves
    return fork._replace(legs=tuple(legs), skipped=fork.skipped + skipped, waves=waves)


def _code(limit: Limit, trunk: TrunkAddress, fork: Fork) -> int:
    match limit.key[0]:
        case "h":
            return fork.hotline.over_limit_code
        case "t" if fork.plan is not None:
            return fork.plan.over_limit_code
        case "k":
            return trunk.over_limit_code
        case _:
            return _GATEWAY_FULL
