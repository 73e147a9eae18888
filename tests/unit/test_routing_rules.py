"""The rules of a decision: schedules, hours, destinations, plans, gateways by prefix; waves and attempts."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain import eligible
from kemi.domain.identity import Caller, identity_line
from kemi.domain.model import Gateway, Group, Identity, Member, Plan, Strategy, Tenant
from kemi.domain.routing import QUIET, Decision, Fork, Refuse, decide, door, leg_uri, retried
from kemi.domain.schedule import DAY, Schedule, Slot
from tests.unit.given import NOW, TENANT, gateway, group, hotline, members

CALLER = Caller("+84909789846", withheld=False)
TUESDAY_NINE = datetime(2026, 9, 1, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).timestamp()
NINE = DAY + 9 * 3600  # of the week
ONLY_THEN = ((NINE, NINE + 3600),)
NEVER_THEN = ((NINE + 3600, NINE + 7200),)
ABROAD = Member(8, "+12025550123", True)


def decided(
    *whom: Member,
    tenant: Tenant = TENANT,
    plan: Plan | None = None,
    gateways: tuple[Gateway, ...] = (gateway(),),
    now: float = TUESDAY_NINE,
    **changes: object,
) -> Decision:
    """The decision on a call to a group of these members."""
    return decide(hotline(), tenant, plan, group(members=whom, **changes), gateways, CALLER, now)


def rung(decision: Decision) -> list[int]:
    """The ids of the members who ring, in their order."""
    assert isinstance(decision, Fork)
    return [leg.member.id for wave in decision.waves for leg in wave]


def reasons(decision: Decision) -> list[tuple[int, str]]:
    """Who is skipped, and why."""
    assert isinstance(decision, Fork)
    return [(one.id, one.reason) for one in decision.skipped]


def test_the_schedule_says_which_group_rings_and_else_the_hotlines_own() -> None:
    slots = (Slot(NINE, NINE + 60, 5), Slot(NINE + 60, NINE + 120, None))
    line = hotline(schedule=Schedule(slots), closed_code=404)
    assert door(line, TENANT, TUESDAY_NINE) == 5
    assert door(line, TENANT, TUESDAY_NINE + 60) == Refuse(404, "the hotline is closed now", line)
    assert door(line, TENANT, TUESDAY_NINE + 120) == 1


def test_outside_its_schedule_a_hotline_without_a_group_is_closed() -> None:
    line = hotline(group=None, schedule=Schedule((Slot(NINE, NINE + 60, 5),)))
    assert door(line, TENANT, TUESDAY_NINE) == 5
    assert door(line, TENANT, TUESDAY_NINE - 1) == Refuse(480, "the hotline is closed now", line)


def test_the_schedule_is_read_in_the_tenants_zone() -> None:
    line = hotline(schedule=Schedule((Slot(NINE, NINE + 60, 5),)))
    assert door(line, msgspec.structs.replace(TENANT, time_zone="Europe/Berlin"), TUESDAY_NINE) == 1


def with_(member: Member, **changes: object) -> Member:
    return msgspec.structs.replace(member, **changes)


ONE, TWO, THREE = members(3)


def test_a_member_rings_in_his_hours_only() -> None:
    decision = decided(with_(ONE, hours=NEVER_THEN), with_(TWO, hours=ONLY_THEN), THREE)
    assert rung(decision) == [2, 3]
    assert reasons(decision) == [(1, eligible.OUTSIDE_HOURS)]


def test_a_tenants_members_are_where_it_allows() -> None:
    """At home unless it says otherwise; what it lists is all there is."""
    assert reasons(decided(ONE, ABROAD)) == [(8, eligible.NOT_ALLOWED)]
    both = msgspec.structs.replace(TENANT, destinations=("+84", "+1"))
    assert rung(decided(ONE, ABROAD, tenant=both)) == [1, 8]
    assert reasons(decided(ONE, ABROAD, tenant=msgspec.structs.replace(TENANT, destinations=("+1",)))) == [
        (1, eligible.NOT_ALLOWED)
    ]


def test_a_plan_lets_only_its_destinations_and_verified_members_ring() -> None:
    """Both rules, and the tenant's before them."""
    plan = Plan(1, "trial", None, verified_members_only=True, destinations=("+8490",))
    elsewhere = Member(9, "+84281234567", False, verified=True)
    decision = decided(ONE, with_(TWO, verified=True), elsewhere, ABROAD, plan=plan)
    assert rung(decision) == [2]
    assert reasons(decision) == [
        (1, eligible.NOT_VERIFIED), (9, eligible.NOT_IN_PLAN), (8, eligible.NOT_ALLOWED),
    ]  # fmt: skip


def test_a_limit_counts_only_those_who_may_ring() -> None:
    decision = decided(with_(ONE, hours=NEVER_THEN), TWO, THREE, plan=Plan(1, "small", 1))
    assert rung(decision) == [2]
    assert reasons(decision) == [(1, eligible.OUTSIDE_HOURS), (3, "only 1 members may ring")]


def test_a_group_of_whom_nobody_may_ring_says_how_many_for_which_reason() -> None:
    decision = decided(with_(ONE, hours=NEVER_THEN), with_(TWO, hours=NEVER_THEN), ABROAD)
    assert isinstance(decision, Refuse)
    assert decision.code == 480
    assert decision.reason == (
        f"the group has no member that can ring: {eligible.OUTSIDE_HOURS} (2), {eligible.NOT_ALLOWED} (1)"
    )


def test_a_member_goes_through_the_gateway_of_his_prefix_and_on_through_the_others() -> None:
    viettel, everything = gateway(id=2, priority=9, prefixes=("+8497",)), gateway(id=3)
    decision = decided(with_(ONE, number="+84971234567"), TWO, gateways=(everything, viettel))
    assert isinstance(decision, Fork)
    assert [(leg.gateway.id, [one.id for one in leg.others]) for leg in decision.legs] == [(2, [3]), (3, [])]


def test_a_member_whom_no_gateway_takes_is_skipped() -> None:
    decision = decided(ONE, with_(TWO, number="+84281234567"), gateways=(gateway(prefixes=("+849",)),))
    assert rung(decision) == [1]
    assert reasons(decision) == [(2, eligible.NO_GATEWAY)]


def test_with_every_gateway_down_the_caller_may_try_elsewhere() -> None:
    present = QUIET._replace(down={1})
    decision = decide(hotline(), TENANT, None, group(), (gateway(),), CALLER, NOW, present)
    assert decision == Refuse(503, "every gateway that accepts the outbound number is down", hotline())


@pytest.mark.parametrize("strategy", ["sequential", "round_robin", "random", "longest_idle"])
def test_a_hunt_is_a_wave_for_each_member_and_its_legs_are_numbered_through(strategy: Strategy) -> None:
    decision = decided(*members(3), strategy=strategy)
    assert isinstance(decision, Fork)
    assert [[leg.number for leg in wave] for wave in decision.waves] == [[0], [1], [2]]
    assert decision.legs == decision.waves[0]


def test_a_member_has_his_own_waiting_time_and_delay() -> None:
    decision = decided(with_(ONE, ring_seconds=9, delay_seconds=4), TWO, ring_seconds=25)
    assert isinstance(decision, Fork)
    assert [(leg.ring_seconds, leg.delay_seconds) for leg in decision.legs] == [(9, 4), (25, 0)]


def test_an_attempt_that_failed_goes_on_with_the_next_gateway_until_there_is_none() -> None:
    second = gateway(id=2, priority=2, host="192.0.2.9", number_format="e164")
    decision = decided(ONE, gateways=(second, gateway()))
    assert isinstance(decision, Fork)
    leg = decision.legs[0]
    again = retried(leg)
    assert again is not None
    assert (again.number, again.attempt, again.member, again.gateway) == (leg.number, 1, ONE, second)
    assert again.uri == leg_uri(ONE, second)
    assert retried(again) is None


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        ("none", ()),
        ("p_asserted", ("P-Asserted-Identity: <sip:0@e>",)),
        ("p_preferred", ("P-Preferred-Identity: <sip:0@e>",)),
        ("remote_party_id", ("Remote-Party-ID: <sip:0@e>;party=calling;privacy=off;screen=yes",)),
    ],
)
def test_a_gateway_is_told_the_outbound_number_in_its_own_style(style: Identity, lines: tuple[str, ...]) -> None:
    assert identity_line(style, "sip:0@e") == lines


MEMBERS = st.lists(
    st.builds(
        Member,
        id=st.integers(1, 99),
        number=st.sampled_from(["+84901234567", "+84971234567", "+842838123456", "+12025550123"]),
        can_text=st.booleans(),
        verified=st.booleans(),
        hours=st.sampled_from([(), ONLY_THEN, NEVER_THEN]),
    ),
    max_size=40,
)
PLANS = st.none() | st.builds(
    Plan,
    id=st.just(1),
    name=st.just("p"),
    max_members=st.none() | st.integers(1, 40),
    verified_members_only=st.booleans(),
    destinations=st.sampled_from([(), ("+849",), ("+84",)]),
)


@given(MEMBERS, PLANS, st.sampled_from(["simultaneous", "sequential"]))
def test_everybody_rings_or_is_skipped_with_a_reason(whom: list[Member], plan: Plan | None, strategy: Strategy) -> None:
    """Nobody twice, nobody lost; who rings breaks no rule."""
    its_group: Group = group(members=tuple(whom), strategy=strategy)
    decision = decide(hotline(), TENANT, plan, its_group, (gateway(),), CALLER, TUESDAY_NINE)
    if isinstance(decision, Refuse):
        assert all(eligible.why_not(one, TENANT, plan, NINE) for one in whom)
        return
    ring = [leg.member for wave in decision.waves for leg in wave]
    assert sorted(map(id, ring)) == sorted(set(map(id, ring)))
    assert len(ring) + len(decision.skipped) == len(whom)
    assert all(eligible.why_not(one, TENANT, plan, NINE) is None for one in ring)
