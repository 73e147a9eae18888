"""The decision: what becomes of a call to a hotline. Pure: records, the time and chance in, a `Decision` out.

    hotline ── door: may it ring at all, and which group now? ──> group ── decide ──> Fork, in waves
       └── Refuse                                                   └── Refuse

`kemi.deciding` reads the records and goes on to fallbacks.
"""

from collections import Counter
from collections.abc import Callable, Container
from typing import Final, NamedTuple, TypeAlias

from kemi.domain.addresses import SAID
from kemi.domain.e164 import spell
from kemi.domain.eligible import NO_GATEWAY, why_not
from kemi.domain.gateways import Gateways, binds, for_number, ranked
from kemi.domain.identity import Caller
from kemi.domain.model import Gateway, Group, Hotline, Member, Plan, SkippedMember, Tenant
from kemi.domain.redaction import shown
from kemi.domain.schedule import clock, held, second_of_week, zone
from kemi.domain.strategy import NoPast, Past, steps

MAX_LEGS = 30  # tm's ceiling for the branches of one transaction (design.md §3.3)


CLOSED: Final = "the hotline is closed now"
NO_ENABLED_GATEWAY: Final = "no enabled gateway accepts the outbound number"
UNSPOKEN: Final = "SIP_TCP is off, and the gateway that accepts the outbound number speaks TCP"


class Leg(NamedTuple):
    """An INVITE to send: to which member, through which gateway, as which R-URI.

    `ring_seconds`: how long; `delay_seconds`: how long after its wave began. `others`: the gateways to go on with,
    best first (`retried`).
    """

    number: int
    attempt: int
    member: Member
    gateway: Gateway
    uri: str
    ring_seconds: int = 30
    delay_seconds: int = 0
    others: Gateways = ()

    def __repr__(self) -> str:
        return shown(self, self._fields)


class Fork(NamedTuple):
    """Ring these: `waves`, one after the other, the legs of each together; `legs` is the first one.

    `passed`: the ids of the groups that the call has come through, this one the last.
    """

    hotline: Hotline
    group: Group
    tenant: Tenant
    legs: tuple[Leg, ...]
    skipped: tuple[SkippedMember, ...]
    waves: tuple[tuple[Leg, ...], ...] = ()
    plan: Plan | None = None
    passed: tuple[int, ...] = ()


class Refuse(NamedTuple):
    """Do not ring; tell the caller `code`, and the ledger `reason` (words; no number of a person)."""

    code: int
    reason: str
    hotline: Hotline | None = None


Decision: TypeAlias = Fork | Refuse


class Present(NamedTuple):
    """What is so at the moment: what is remembered, chance ([0, 1) each time), the ids of gateways that are dead."""

    past: Past
    chance: Callable[[], float]
    down: Container[int]


QUIET: Final = Present(NoPast(), lambda: 0.0, frozenset())


def door(hotline: Hotline | None, tenant: Tenant | None, now: float) -> int | Refuse:
    """Return the id of the group that a call to `hotline` rings at `now` (seconds since the epoch), or why none."""
    if hotline is None:
        return Refuse(404, "no such hotline")
    reason = _cannot_ring(hotline, tenant, now)
    if reason is not None or tenant is None:
        return Refuse(480, reason or "the tenant is disabled", hotline)
    group = hotline.group
    if hotline.schedule is not None:
        holds = held(hotline.schedule, clock(now, zone(tenant.time_zone)))
        if holds is not None:
            group = holds.group
        if group is None:
            return Refuse(hotline.closed_code, CLOSED, hotline)
    return Refuse(480, "the hotline has no group", hotline) if group is None else group


def _cannot_ring(hotline: Hotline, tenant: Tenant | None, now: float) -> str | None:
    if hotline.refusal is not None:
        return hotline.refusal
    if tenant is None or not tenant.enabled:
        return "the tenant is disabled"
    if tenant.plan_expires_at is not None and tenant.plan_expires_at <= now:
        return "the tenant's plan has expired"
    if hotline.expires_at is not None and hotline.expires_at <= now:
        return "the hotline has expired"
    return None


def decide(
    hotline: Hotline,
    tenant: Tenant,
    plan: Plan | None,
    group: Group | None,
    gateways: Gateways,
    caller: Caller,
    now: float,
    present: Present = QUIET,
    first: int = 0,
) -> Decision:
    """Decide on a call to `hotline` that `door` sent to `group`.

    `gateways` are the records of the group's gateways; `first` is the number of the first leg, where there were others.
    """
    if group is None:
        return Refuse(480, "the group is not in the table", hotline)
    if group.refusal is not None:
        return Refuse(480, group.refusal, hotline)
    if group.outbound_expires_at is not None and group.outbound_expires_at <= now:
        return Refuse(480, "the group's outbound number has expired", hotline)
    if caller.number in {hotline.number, group.outbound_number}:
        return Refuse(482, "a hotline calls itself", hotline)
    usable = ranked(gateways, present.down, present.chance)
    if not usable:
        return Refuse(503, _no_way(gateways), hotline)
    by_number = binds(usable)
    most = most_members(plan, MAX_LEGS - first)
    ring, skipped = who_may_ring(group, tenant, plan, usable if by_number else None, now, most)
    if not ring:
        return Refuse(480, _nobody(skipped), hotline)
    waves = _waves(group, ring, usable, present, first, by_number=by_number)
    return Fork(hotline, group, tenant, waves[0], skipped, waves, plan, (group.id,))


def _no_way(gateways: Gateways) -> str:
    if any(one.enabled for one in gateways):
        return "every gateway that accepts the outbound number is down"
    return UNSPOKEN if any(one.unspoken for one in gateways) else NO_ENABLED_GATEWAY


def most_members(plan: Plan | None, room: int = MAX_LEGS) -> int:
    """Return how many members of a group ring at most, where there is `room` for so many legs."""
    return room if plan is None or plan.max_members is None else min(room, plan.max_members)


def who_may_ring(
    group: Group, tenant: Tenant, plan: Plan | None, choosy: Gateways | None, now: float, most: int
) -> tuple[tuple[Member, ...], tuple[SkippedMember, ...]]:
    """Return the members who may ring now, `most` of them, and those who may not.

    `choosy`: the gateways, where not each takes every number.
    """
    second = 0
    if any(member.hours for member in group.members):
        second = second_of_week(clock(now, zone(tenant.time_zone)))
    ring: list[Member] = []
    skipped: list[SkippedMember] = []
    for member in group.members:
        reason = why_not(member, tenant, plan, second)
        if reason is None and choosy is not None and not for_number(member.number, choosy):
            reason = NO_GATEWAY
        if reason is None and len(ring) >= most:
            reason = f"only {most} members may ring"
        if reason is None:
            ring.append(member)
        else:
            skipped.append(SkippedMember(member.id, member.number, reason))
    return tuple(ring), (*group.skipped, *skipped) if skipped else group.skipped


def _nobody(skipped: tuple[SkippedMember, ...]) -> str:
    counted = Counter(one.reason for one in skipped)
    told = ": " + ", ".join(f"{reason} ({count})" for reason, count in counted.items()) if counted else ""
    return "the group has no member that can ring" + told


def _waves(
    group: Group, members: tuple[Member, ...], usable: Gateways, present: Present, number: int, *, by_number: bool
) -> tuple[tuple[Leg, ...], ...]:
    waves: list[tuple[Leg, ...]] = []
    ring_seconds = group.ring_seconds
    gateway, others = usable[0], usable[1:]  # everybody's, unless it depends on the member
    for wave in steps(group.strategy, members, group.id, present.past, present.chance):
        legs: list[Leg] = []
        for member in wave:
            if by_number:
                own = for_number(member.number, usable)
                gateway, others = own[0], own[1:]
            ring, delay = member.ring_seconds or ring_seconds, member.delay_seconds
            legs.append(Leg(number, 0, member, gateway, leg_uri(member, gateway), ring, delay, others))
            number += 1
        waves.append(tuple(legs))
    return tuple(waves)


def retried(leg: Leg) -> Leg | None:
    """Return the next attempt at a leg, through the next of its gateways; None: there is no other."""
    if not leg.others:
        return None
    gateway = leg.others[0]
    return leg._replace(
        attempt=leg.attempt + 1, gateway=gateway, uri=leg_uri(leg.member, gateway), others=leg.others[1:]
    )


def leg_uri(member: Member, gateway: Gateway) -> str:
    """Return the R-URI of a leg: the member in the gateway's number format, at the gateway's address."""
    host = f"[{gateway.host}]" if ":" in gateway.host else gateway.host
    return f"sip:{spell(member.number, gateway.number_format)}@{host}:{gateway.port}{SAID[gateway.transport]}"
