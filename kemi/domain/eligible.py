"""Whether a member may ring now: his hours, the tenant's destinations, the plan's rules. In words, for the ledger."""

from typing import Final

from kemi.domain.model import Member, Plan, Tenant
from kemi.domain.schedule import within

OUTSIDE_HOURS: Final = "it is not one of the member's hours"
NOT_VERIFIED: Final = "the plan rings verified members only"
NOT_IN_PLAN: Final = "the plan does not allow this destination"
NOT_ALLOWED: Final = "the tenant does not allow this destination"
NO_GATEWAY: Final = "no gateway takes the member's number"


def why_not(member: Member, tenant: Tenant, plan: Plan | None, second: int) -> str | None:
    """Return why a member may not ring, None if he may; `second`: of the week, by the tenant's clock."""
    broken = broken_rule(member, tenant, plan)
    if broken is None and member.hours and not within(member.hours, second):
        return OUTSIDE_HOURS
    return broken


def broken_rule(member: Member, tenant: Tenant, plan: Plan | None) -> str | None:
    """Return the rule that a member breaks whenever the call comes, None if he breaks none."""
    if not member.number.startswith(tenant.destinations):
        return NOT_ALLOWED
    if plan is not None:
        if plan.destinations and not member.number.startswith(plan.destinations):
            return NOT_IN_PLAN
        if plan.verified_members_only and not member.verified:
            return NOT_VERIFIED
    return None
