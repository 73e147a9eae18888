"""The decision: who rings through which gateway, or why nobody does."""

import msgspec
import pytest

from kemi.domain.identity import Caller
from kemi.domain.model import Gateway, Group, Hotline, Member, Plan, SkippedMember, Tenant
from kemi.domain.routing import MAX_LEGS, Fork, Refuse, decide, door, leg_uri
from tests.unit.given import NOW, TENANT, gateway, group, hotline, members

CALLER = Caller("+84909789846", withheld=False)
PAST, FUTURE = int(NOW) - 1, int(NOW) + 1


def decided(
    its_group: Group | None = None,
    plan: Plan | None = None,
    gateways: tuple[Gateway, ...] = (gateway(),),
    caller: Caller = CALLER,
) -> Fork | Refuse:
    """The decision on a call now."""
    return decide(hotline(), TENANT, plan, its_group or group(), gateways, caller, NOW)


def forked(
    its_group: Group | None = None,
    plan: Plan | None = None,
    gateways: tuple[Gateway, ...] = (gateway(),),
    caller: Caller = CALLER,
) -> Fork:
    """The same, of a call that rings."""
    decision = decided(its_group, plan, gateways, caller)
    assert isinstance(decision, Fork)
    return decision


DISABLED = msgspec.structs.replace(TENANT, enabled=False)
OVER = msgspec.structs.replace(TENANT, plan_expires_at=int(NOW))
TURNED = [
    (None, TENANT, (404, "no such hotline")),
    (hotline(refusal="the hotline is disabled"), TENANT, (480, "the hotline is disabled")),
    (hotline(refusal="no group", group=None), TENANT, (480, "no group")),
    (hotline(), None, (480, "the tenant is disabled")),
    (hotline(), DISABLED, (480, "the tenant is disabled")),
    (hotline(), OVER, (480, "the tenant's plan has expired")),
    (hotline(expires_at=PAST), TENANT, (480, "the hotline has expired")),
    (hotline(expires_at=int(NOW)), TENANT, (480, "the hotline has expired")),
    (hotline(group=None), TENANT, (480, "the hotline has no group")),
    (hotline(refusal="first", expires_at=PAST), DISABLED, (480, "first")),
]


@pytest.mark.parametrize(("line", "tenant", "why"), TURNED)
def test_the_door_turns_a_call_away_with_the_first_reason(
    line: Hotline | None, tenant: Tenant | None, why: tuple[int, str]
) -> None:
    """In words that name no person's number; the hotline goes with it, for the ledger."""
    assert door(line, tenant, NOW) == Refuse(*why, line)


def test_the_door_leads_to_the_hotlines_group() -> None:
    """While its plan and it itself last."""
    assert door(hotline(expires_at=FUTURE), msgspec.structs.replace(TENANT, plan_expires_at=FUTURE), NOW) == 1


REFUSED = [
    (group(refusal="the outbound number is disabled"), "the outbound number is disabled"),
    (group(members=()), "the group has no member that can ring"),
    (group(outbound_expires_at=PAST), "the group's outbound number has expired"),
    (group(outbound_expires_at=int(NOW)), "the group's outbound number has expired"),
]


@pytest.mark.parametrize(("its_group", "reason"), REFUSED)
def test_a_group_that_cannot_ring_is_refused_with_the_reason(its_group: Group, reason: str) -> None:
    """Which is temporary: 480."""
    assert decided(its_group) == Refuse(480, reason, hotline())


def test_a_group_that_is_not_in_the_table_is_refused() -> None:
    """It may be on its way there."""
    assert decide(hotline(), TENANT, None, None, (gateway(),), CALLER, NOW) == Refuse(
        480, "the group is not in the table", hotline()
    )


@pytest.mark.parametrize("gateways", [(), (gateway(enabled=False),), (gateway(enabled=False), gateway(enabled=False))])
def test_without_an_enabled_gateway_it_is_503(gateways: tuple[Gateway, ...]) -> None:
    """The caller may try again later."""
    decision = decided(gateways=gateways)
    assert isinstance(decision, Refuse)
    assert (decision.code, decision.reason) == (503, "no enabled gateway accepts the outbound number")


@pytest.mark.parametrize("number", ["+842727777787", "+842871234567"])
def test_a_hotline_does_not_call_itself(number: str) -> None:
    """Neither by its own number nor by the one it shows: that would ring for ever."""
    decision = decided(group(outbound_number="+842871234567"), caller=Caller(number, withheld=False))
    assert decision == Refuse(482, "a hotline calls itself", hotline())


@pytest.mark.parametrize("caller", [CALLER, Caller(None, withheld=True), Caller(None, withheld=False)])
def test_every_member_rings_once_in_the_groups_order(caller: Caller) -> None:
    """Whoever calls."""
    decision = forked(group(outbound_expires_at=FUTURE), caller=caller)
    assert [leg.member for leg in decision.legs] == list(members(3))
    assert [(leg.number, leg.attempt) for leg in decision.legs] == [(0, 0), (1, 0), (2, 0)]
    assert decision.waves == (decision.legs,)
    assert decision.skipped == ()
    assert decision.passed == (1,)


def test_the_first_enabled_gateway_takes_every_leg_and_the_others_wait() -> None:
    """The least priority is the best."""
    off, best, second = gateway(enabled=False), gateway(id=2), gateway(id=3, priority=2)
    decision = forked(gateways=(off, second, best))
    assert {(leg.gateway, leg.others) for leg in decision.legs} == {(best, (second,))}


@pytest.mark.parametrize(
    ("count", "most", "rung"),
    [
        (29, None, 29), (30, None, 30), (31, None, MAX_LEGS), (100, None, MAX_LEGS), (3, 1, 1), (3, 2, 2), (3, 3, 3),
        (3, 4, 3), (40, 35, MAX_LEGS), (40, 30, 30), (40, 29, 29),
    ],
)  # fmt: skip
def test_no_more_ring_than_the_plan_and_tm_allow(count: int, most: int | None, rung: int) -> None:
    """The others are skipped, last ones first, and the ledger is told why."""
    decision = forked(group(members=members(count)), plan=Plan(1, "trial", most))
    assert [leg.member for leg in decision.legs] == list(members(count)[:rung])
    assert [(one.id, one.number) for one in decision.skipped] == [(m.id, m.number) for m in members(count)[rung:]]
    assert {one.reason for one in decision.skipped} <= {f"only {rung} members may ring"}


def test_without_a_plan_tm_is_the_only_limit() -> None:
    """A tenant whose plan is not in the table yet still rings."""
    assert len(forked(group(members=members(40)), plan=None).legs) == MAX_LEGS == 30


def test_who_was_skipped_when_compiled_stays_skipped_with_his_reason() -> None:
    """Before those whom a limit skips."""
    early = SkippedMember(9, "+84900000009", "the member is disabled")
    decision = forked(group(skipped=(early,)), plan=Plan(1, "trial", 2))
    third = members(3)[2]
    assert decision.skipped == (early, SkippedMember(third.id, third.number, "only 2 members may ring"))


@pytest.mark.parametrize(
    ("number", "changes", "uri"),
    [
        ("+84844441909", {}, "sip:0844441909@127.0.0.20:5060"),
        ("+84844441909", {"number_format": "e164"}, "sip:+84844441909@127.0.0.20:5060"),
        ("+84844441909", {"number_format": "e164_no_plus"}, "sip:84844441909@127.0.0.20:5060"),
        ("+84844441909", {"number_format": "international"}, "sip:0084844441909@127.0.0.20:5060"),
        ("+12025550123", {}, "sip:+12025550123@127.0.0.20:5060"),
        ("+84844441909", {"host": "2001:db8::1", "port": 5080}, "sip:0844441909@[2001:db8::1]:5080"),
        ("+84844441909", {"transport": "tcp"}, "sip:0844441909@127.0.0.20:5060;transport=tcp"),
    ],
)
def test_a_leg_goes_to_the_member_as_the_gateway_wants_him_written(
    number: str, changes: dict[str, object], uri: str
) -> None:
    """Format, port, transport, brackets."""
    assert leg_uri(Member(1, number, True), gateway(**changes)) == uri


def test_every_leg_has_a_uri_of_its_own() -> None:
    """What tells the branches apart when they leave."""
    assert len({leg.uri for leg in forked(group(members=members(30))).legs}) == 30
