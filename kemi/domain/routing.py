"""The decision: what becomes of a call to a hotline. Pure: records and the time in, a `Decision` out."""

from typing import NamedTuple, TypeAlias

from kemi.domain.e164 import spell
from kemi.domain.identity import Caller
from kemi.domain.model import Gateway, Group, Hotline, Member, Plan, SkippedMember, Tenant
from kemi.domain.redaction import shown

MAX_LEGS = 30  # tm's ceiling for the branches of one transaction (design.md §3.3)


class Leg(NamedTuple):
    """An INVITE to send: to which member, through which gateway, as which R-URI."""

    number: int
    attempt: int
    member: Member
    gateway: Gateway
    uri: str

    def __repr__(self) -> str:
        return shown(self, self._fields)


class Fork(NamedTuple):
    """Ring these."""

    hotline: Hotline
    group: Group
    tenant: Tenant
    legs: tuple[Leg, ...]
    skipped: tuple[SkippedMember, ...]


class Refuse(NamedTuple):
    """Do not ring; tell the caller `code`, and the ledger `reason` (words; no number of a person)."""

    code: int
    reason: str
    hotline: Hotline | None = None


Decision: TypeAlias = Fork | Refuse


def decide(
    hotline: Hotline | None,
    tenant: Tenant | None,
    plan: Plan | None,
    gateways: tuple[Gateway, ...],
    caller: Caller,
    now: float,
) -> Decision:
    """Decide on a call to `hotline`.

    `gateways` are the records of the group's gateways, best first; `now` is seconds since the epoch.
    """
    if hotline is None:
        return Refuse(404, "no such hotline")
    reason = _cannot_ring(hotline, tenant, now)
    group = hotline.group
    if reason is not None or group is None or tenant is None:
        return Refuse(480, reason or "the hotline has no group", hotline)
    if caller.number in {hotline.number, group.outbound_number}:
        return Refuse(482, "a hotline calls itself", hotline)
    gateway = next((one for one in gateways if one.enabled), None)
    if gateway is None:
        return Refuse(503, "no enabled gateway accepts the outbound number", hotline)
    rung, skipped = _within_limits(group, plan)
    legs = tuple(Leg(i, 0, member, gateway, leg_uri(member, gateway)) for i, member in enumerate(rung))
    return Fork(hotline, group, tenant, legs, skipped)


def _cannot_ring(hotline: Hotline, tenant: Tenant | None, now: float) -> str | None:
    if hotline.refusal is not None:
        return hotline.refusal
    if tenant is None or not tenant.enabled:
        return "the tenant is disabled"
    if hotline.expires_at is not None and hotline.expires_at <= now:
        return "the hotline has expired"
    group = hotline.group
    if group is None or not group.members:
        return "the group has no member that can ring"
    if group.outbound_expires_at is not None and group.outbound_expires_at <= now:
        return "the group's outbound number has expired"
    return None


def _within_limits(group: Group, plan: Plan | None) -> tuple[tuple[Member, ...], tuple[SkippedMember, ...]]:
    most = min(MAX_LEGS, plan.max_members if plan and plan.max_members is not None else MAX_LEGS)
    why = f"only {most} members may ring at once"
    over = tuple(SkippedMember(m.id, m.number, why) for m in group.members[most:])
    return group.members[:most], group.skipped + over


def leg_uri(member: Member, gateway: Gateway) -> str:
    """Return the R-URI of a leg: the member in the gateway's number format, at the gateway's address."""
    host = f"[{gateway.host}]" if ":" in gateway.host else gateway.host
    transport = "" if gateway.transport == "udp" else f";transport={gateway.transport}"
    return f"sip:{spell(member.number, gateway.number_format)}@{host}:{gateway.port}{transport}"
