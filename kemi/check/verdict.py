"""Whether a hotline, a group, a member can ring at a moment: yes, or why not. Pure; decided by the code of the call.

yes      it rings
closed   not now, as its schedule or hours say; `until` when
off      switched off: somebody wanted it so
no       it cannot ring though nobody wanted that: the check fails
"""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from kemi import deciding
from kemi.domain import eligible, routing
from kemi.domain.gateways import Gateways, binds, for_number, ranked
from kemi.domain.identity import Caller
from kemi.domain.model import Group, Hotline, Member, Plan, SkippedMember, Tenant
from kemi.domain.redaction import Discreet
from kemi.domain.routing import QUIET, Fork, Refuse
from kemi.domain.schedule import clock, next_change, next_within, zone
from kemi.ports import RoutingTable

State = Literal["yes", "closed", "off", "no"]
SWITCHED_OFF: Final = frozenset(
    {
        "the hotline is disabled",
        "the hotline takes no inbound calls",
        "the group is disabled",
        "the tenant is disabled",
        "the member is disabled",
        "the trunk is disabled",
        "the gateway is disabled",
    }
)
HOME: Final = "Asia/Ho_Chi_Minh"
UNREACHED: Final = "no hotline, schedule or fallback leads to it: no call ever comes"
NO_TEXT: Final = "a landline: no SMS reaches it"
NOBODY: Final = Caller(None, withheld=False)


class MemberRow(Discreet, frozen=True):
    """A row of `group_member` as it is listed."""

    id: int
    number: str
    name: str | None


class MemberVerdict(Discreet, frozen=True):
    """Whether a member rings, through which gateway; `note`: what else is to be known."""

    id: int
    number: str
    name: str | None
    state: State
    reason: str | None = None
    gateway: str | None = None
    until: str | None = None
    note: str | None = None


class GroupVerdict(msgspec.Struct, frozen=True):
    """Whether a group rings, and who of it.

    `fallback`: what is wrong with where it falls back to; `unreached`: that no call ever comes to it.
    """

    id: int
    name: str
    tenant: str
    state: State
    reason: str | None
    members: tuple[MemberVerdict, ...] = ()
    fallback: str | None = None
    unreached: str | None = None


class HotlineVerdict(msgspec.Struct, frozen=True):
    """Whether a hotline rings, and which group; `code`: what its callers get if it does not."""

    number: str
    tenant: str
    state: State
    reason: str | None = None
    code: int | None = None
    group: str | None = None
    until: str | None = None


def hotline_verdict(table: RoutingTable, hotline: Hotline, now: float) -> HotlineVerdict:
    """Judge a hotline by a call to it at `now`, from a caller who withholds his number."""
    tenant = table.tenant(hotline.tenant_id)
    name, where = ("", HOME) if tenant is None else (tenant.name, tenant.time_zone)
    until = None
    if hotline.schedule is not None:
        until = _shown(next_change(hotline.schedule, now, zone(where)), where)
    decision = deciding.decide(table, hotline.number, NOBODY, now)
    if isinstance(decision, Fork):
        return HotlineVerdict(hotline.number, name, "yes", group=decision.group.name, until=until)
    is_closed = decision.reason == routing.CLOSED
    state: State = "closed" if is_closed else state_of(decision.reason)
    return HotlineVerdict(
        hotline.number, name, state, decision.reason, decision.code, until=until if is_closed else None
    )


def group_verdict(
    table: RoutingTable,
    group: Group,
    tenant: Tenant,
    rows: Iterable[MemberRow],
    problems: Iterable[str],
    now: float,
) -> GroupVerdict:
    """Judge a group of `tenant` for itself, whatever it falls back to.

    `rows` are all its members, in their order; `problems` what its compiler says of it.
    """
    plan = table.plan(tenant.plan_id)
    found = (table.gateway(one) for one in group.gateways)
    gateways = tuple(one for one in found if one is not None)
    of_its_own = Hotline(0, "", tenant.id, None, None, group.id)
    decision = routing.decide(of_its_own, tenant, plan, group, gateways, NOBODY, now)
    members = tuple(_members(group, tenant, plan, ranked(gateways, QUIET.down, QUIET.chance), rows, now))
    wrong = _wrong_fallback(group, tenant, plan, problems)
    if isinstance(decision, Refuse):
        state = state_of(decision.reason)
        if state == "no" and members and all(one.state in {"closed", "off"} for one in members):
            state = "closed" if any(one.state == "closed" for one in members) else "off"
        return GroupVerdict(group.id, group.name, tenant.name, state, decision.reason, members, wrong)
    return GroupVerdict(group.id, group.name, tenant.name, "yes", None, members, wrong)


def failing(verdict: GroupVerdict) -> GroupVerdict | None:
    """Return of a verdict what fails the check: the group, with those of its members; None: nothing does."""
    members = tuple(one for one in verdict.members if one.state == "no")
    if verdict.state != "no" and not members and verdict.fallback is None and verdict.unreached is None:
        return None
    return msgspec.structs.replace(verdict, members=members)


def _wrong_fallback(group: Group, tenant: Tenant, plan: Plan | None, problems: Iterable[str]) -> str | None:
    told = [problem.partition(": ")[2] for problem in problems if "fallback" in problem]
    if group.fallback_number is not None:
        broken = eligible.broken_rule(Member(0, group.fallback_number, can_text=False), tenant, plan)
        told += [] if broken is None else [f"the fallback number is not rung: {broken}"]
    return "; ".join(told) or None


def _members(
    group: Group, tenant: Tenant, plan: Plan | None, usable: Gateways, rows: Iterable[MemberRow], now: float
) -> Iterable[MemberVerdict]:
    most = routing.most_members(plan)
    ring, skipped = routing.who_may_ring(group, tenant, plan, usable if binds(usable) else None, now, most)
    rung = {one.id: one for one in ring}
    left_out = {one.id: one for one in skipped}
    first = {one.number: one.id for one in ring} | {one.number: one.id for one in skipped}
    records = {one.id: one for one in group.members}
    for row in rows:
        if row.id in rung:
            yield _ringing(row, rung[row.id], group, usable)
        elif row.id in left_out:
            yield _skipped(row, left_out[row.id], records.get(row.id), tenant, now)
        else:
            reason = f"the same number as member {first.get(row.number, 0)}: it rings once"
            yield MemberVerdict(row.id, row.number, row.name, "off", reason)


def _ringing(row: MemberRow, member: Member, group: Group, usable: Gateways) -> MemberVerdict:
    through = for_number(member.number, usable)
    note = NO_TEXT if group.notify_members and not member.can_text else None
    if not through:
        return MemberVerdict(row.id, row.number, row.name, "no", routing.NO_ENABLED_GATEWAY, note=note)
    return MemberVerdict(row.id, row.number, row.name, "yes", gateway=through[0].name, note=note)


def _skipped(
    row: MemberRow, skipped: SkippedMember, member: Member | None, tenant: Tenant, now: float
) -> MemberVerdict:
    if skipped.reason == eligible.OUTSIDE_HOURS and member is not None:
        until = _shown(next_within(member.hours, now, zone(tenant.time_zone)), tenant.time_zone)
        return MemberVerdict(row.id, row.number, row.name, "closed", skipped.reason, until=until)
    return MemberVerdict(row.id, row.number, row.name, state_of(skipped.reason), skipped.reason)


def _shown(moment: float | None, where: str) -> str | None:
    """Return a moment as the tenant's clock shows it."""
    return None if moment is None else f"{clock(moment, zone(where)):%Y-%m-%d %H:%M}"


def state_of(reason: str | None) -> State:
    """Return whether somebody wanted it so: every one of the reasons is a switch; without a reason: yes."""
    if reason is None:
        return "yes"
    return "off" if set(reason.split("; ")) <= SWITCHED_OFF else "no"
