"""Reads the records that a decision needs, and goes on to the fallbacks of groups that cannot ring or did not answer.

One code for the call (`kemi.call`) and for whoever asks what a call would do (`kemi.check`): only the table differs.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from kemi.domain import routing
from kemi.domain.e164 import e164
from kemi.domain.identity import Caller
from kemi.domain.model import Group, Hotline, Member, Plan, Tenant
from kemi.domain.routing import QUIET, Decision, Fork, Present, Refuse
from kemi.errors import NotANumber
from kemi.ports import RoutingTable

Heard: TypeAlias = Callable[[Group | None, Decision], object]  # told each group that is asked, and what it says


def decide(
    table: RoutingTable,
    dialled: str,
    caller: Caller,
    now: float,
    present: Present = QUIET,
    heard: Heard | None = None,
) -> Decision:
    """Decide on a call to what was `dialled`, at `now` (seconds since the epoch). Raises `TableUnavailable`."""
    try:
        hotline = table.hotline(e164(dialled))
    except NotANumber:
        return Refuse(404, "no such hotline")
    tenant = None if hotline is None else table.tenant(hotline.tenant_id)
    group = routing.door(hotline, tenant, now)
    if isinstance(group, Refuse):
        return group
    assert hotline is not None and tenant is not None, "the door lets nobody else in"  # noqa: S101, PT018
    return _Walk(table, hotline, tenant, table.plan(tenant.plan_id), caller, now, present, heard).ring(group)


def after(
    table: RoutingTable,
    fork: Fork,
    caller: Caller,
    now: float,
    present: Present = QUIET,
    heard: Heard | None = None,
) -> Decision | None:
    """Return what comes when nobody answered in `fork`: its group's fallback; None: it has none, or has had it.

    The legs' numbers go on where the fork's ended. Raises `TableUnavailable`.
    """
    first = fork.waves[-1][-1].number + 1
    walk = _Walk(table, fork.hotline, fork.tenant, fork.plan, caller, now, present, heard, first)
    return walk.fallback(fork.group, Refuse(480, "nobody answered", fork.hotline), fork.passed)


def resume(
    table: RoutingTable, hotline: str, passed: Sequence[int], first: int, caller: Caller, now: float,
    present: Present = QUIET,
) -> Decision | None:  # fmt: skip
    """Return what `after` does of a call to `hotline` that has come through the groups `passed`.

    `first` is the number of its next leg. Raises `TableUnavailable`.
    """
    line = table.hotline(hotline)
    tenant = None if line is None else table.tenant(line.tenant_id)
    group = table.group(passed[-1])
    if line is None or tenant is None or group is None:
        return None  # taken away while it rang
    walk = _Walk(table, line, tenant, table.plan(tenant.plan_id), caller, now, present, None, first)
    return walk.fallback(group, Refuse(480, "nobody answered", line), tuple(passed))


class _Walk(NamedTuple):
    """A call on its way from group to group; `first` is the number of its next leg."""

    table: RoutingTable
    hotline: Hotline
    tenant: Tenant
    plan: Plan | None
    caller: Caller
    now: float
    present: Present
    heard: Heard | None = None
    first: int = 0

    def ring(self, group_id: int, passed: tuple[int, ...] = ()) -> Decision:
        """Ring a group, or what it falls back to if it cannot ring."""
        group = self.table.group(group_id)
        decision = self._decide(group)
        here = (*passed, group_id)
        if isinstance(decision, Fork):
            return decision._replace(passed=here) if passed else decision
        if group is None or decision.code == 482:
            return decision
        return self.fallback(group, decision, here) or decision

    def fallback(self, group: Group, why: Refuse, passed: tuple[int, ...]) -> Decision | None:
        """Go on from a group that did not, or cannot, take the call; None: there is nowhere to go."""
        if group.fallback_group is not None and group.fallback_group not in passed:
            return self.ring(group.fallback_group, passed)
        if group.fallback_number is not None and group.can_call_out:
            decision = self._decide(_of_one(group, group.fallback_number))
            return decision._replace(passed=passed) if isinstance(decision, Fork) else None
        return None if group.fallback_code is None else why._replace(code=group.fallback_code)

    def _decide(self, group: Group | None) -> Decision:
        found = (self.table.gateway(one) for one in group.gateways) if group is not None else ()
        gateways = tuple(one for one in found if one is not None)
        decision = routing.decide(
            self.hotline, self.tenant, self.plan, group, gateways, self.caller, self.now, self.present, self.first
        )
        if self.heard is not None:
            self.heard(group, decision)
        return decision


def _of_one(group: Group, number: str) -> Group:
    """Return the group with its fallback number as its only member: no row, so no id, and no SMS."""
    return msgspec.structs.replace(
        group, strategy="simultaneous", members=(Member(0, number, can_text=False),), skipped=(), refusal=None,
        fallback_group=None, fallback_number=None, fallback_code=None,
    )  # fmt: skip
