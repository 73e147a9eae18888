"""From group to group: what a call does when a group cannot ring, or nobody answers."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi import deciding
from kemi.domain.identity import Caller
from kemi.domain.model import Gateway, Group, Hotline, Member, Plan, SkippedMember, Tenant, TrunkAddress
from kemi.domain.routing import Decision, Fork, Refuse
from tests.unit.given import NOW, TENANT, gateway, group, hotline, members

CALLER = Caller("+84909789846", withheld=False)
DIALLED = "02727777787"
OFF = "the group is disabled"


class Table:
    """A routing table of groups; one hotline that rings group 1."""

    def __init__(self, *groups: Group, plan: Plan | None = None) -> None:
        self.groups = {one.id: one for one in groups}
        self.line: Hotline = hotline()
        self.its_plan = plan

    def look(self) -> None:
        """It never changes."""

    def hotline(self, number: str) -> Hotline | None:
        """The one."""
        return self.line if number == self.line.number else None

    def group(self, group_id: int) -> Group | None:
        """One of the groups."""
        return self.groups.get(group_id)

    def tenant(self, _: int) -> Tenant | None:
        """The one."""
        return TENANT

    def plan(self, _: int) -> Plan | None:
        """The one, if there is."""
        return self.its_plan

    def gateway(self, gateway_id: int) -> Gateway | None:
        """Gateway 1."""
        return gateway() if gateway_id == 1 else None

    def trunk_address(self, _: str) -> TrunkAddress | None:
        """Not asked for."""
        raise AssertionError


def decided(*groups: Group, plan: Plan | None = None, caller: Caller = CALLER) -> Decision:
    return deciding.decide(Table(*groups, plan=plan), DIALLED, caller, NOW)


def passed(decision: Decision | None) -> tuple[int, ...]:
    assert isinstance(decision, Fork)
    return decision.passed


def of(group_id: int, **changes: Any) -> Group:
    return group(id=group_id, **changes)


def test_a_call_rings_the_hotlines_group() -> None:
    decision = decided(of(1))
    assert isinstance(decision, Fork)
    assert (decision.group, decision.passed, decision.plan) == (of(1), (1,), None)


@pytest.mark.parametrize("dialled", ["113", "nobody", "", "0909789846"])
def test_what_is_no_hotline_is_not_found(dialled: str) -> None:
    assert deciding.decide(Table(of(1)), dialled, CALLER, NOW) == Refuse(404, "no such hotline")


def test_a_group_that_cannot_ring_hands_on_to_its_fallback() -> None:
    """And that one to its own; the ledger has the one that rang."""
    decision = decided(of(1, refusal=OFF, fallback_group=2), of(2, members=(), fallback_group=3), of(3))
    assert isinstance(decision, Fork)
    assert (decision.group.id, decision.passed) == (3, (1, 2, 3))


def test_a_circle_of_groups_that_cannot_ring_ends() -> None:
    assert decided(of(1, refusal=OFF, fallback_group=2), of(2, refusal=OFF, fallback_group=1)) == Refuse(
        480, OFF, hotline()
    )


def test_a_fallback_that_is_gone_is_a_refusal() -> None:
    decision = decided(of(1, refusal=OFF, fallback_group=9))
    assert decision == Refuse(480, "the group is not in the table", hotline())


def test_a_fallback_code_is_what_the_caller_gets_with_the_first_reason() -> None:
    assert decided(of(1, refusal=OFF, fallback_code=404)) == Refuse(404, OFF, hotline())


def test_a_loop_has_no_fallback() -> None:
    """It would only be longer."""
    decision = decided(of(1, fallback_group=2), of(2), caller=Caller("+842727777787", withheld=False))
    assert isinstance(decision, Refuse)
    assert decision.code == 482


FALLBACK = "+84281234567"


def test_a_fallback_number_rings_alone_under_the_same_outbound_number() -> None:
    """It is no row, so it has no id, and gets no SMS."""
    early = SkippedMember(9, "+84900000009", "the member is disabled")
    decision = decided(of(1, members=(), skipped=(early,), refusal="nobody", fallback_number=FALLBACK))
    assert isinstance(decision, Fork)
    assert [leg.member for leg in decision.legs] == [Member(0, FALLBACK, can_text=False)]
    assert decision.group.outbound_number == of(1).outbound_number


@pytest.mark.parametrize(
    ("changes", "plan"),
    [
        ({"can_call_out": False}, None),
        ({"fallback_number": "+12025550123"}, None),
        ({}, Plan(1, "trial", None, verified_members_only=True)),
        ({}, Plan(1, "trial", None, destinations=("+849",))),
        ({"gateways": ()}, None),
    ],
)
def test_a_fallback_number_obeys_the_same_rules(changes: dict[str, Any], plan: Plan | None) -> None:
    """Outbound number, destinations, plan, gateways."""
    one = of(1, **{"refusal": OFF, "fallback_number": FALLBACK} | changes)
    assert decided(one, plan=plan) == Refuse(480, OFF, hotline())


def after(table: Table, decision: Decision) -> Decision | None:
    assert isinstance(decision, Fork)
    return deciding.after(table, decision, CALLER, NOW)


def test_when_nobody_answers_the_fallback_rings_with_legs_of_its_own_numbers() -> None:
    """The ledger's legs go on where they ended."""
    table = Table(of(1, strategy="sequential", fallback_group=2), of(2, members=members(2)))
    first = deciding.decide(table, DIALLED, CALLER, NOW)
    second = after(table, first)
    assert isinstance(second, Fork)
    assert [leg.number for leg in second.legs] == [3, 4]
    assert second.passed == (1, 2)
    assert after(table, second) is None


def test_a_call_passes_a_group_once() -> None:
    table = Table(of(1, fallback_group=2), of(2, fallback_group=1))
    first = deciding.decide(table, DIALLED, CALLER, NOW)
    second = after(table, first)
    assert passed(second) == (1, 2)
    assert isinstance(second, Fork)
    assert after(table, second) is None


def test_after_the_fallback_number_there_is_nothing() -> None:
    table = Table(of(1, fallback_number=FALLBACK))
    first = deciding.decide(table, DIALLED, CALLER, NOW)
    second = after(table, first)
    assert isinstance(second, Fork)
    assert [(leg.number, leg.member.number) for leg in second.legs] == [(3, FALLBACK)]
    assert after(table, second) is None


def test_a_fallback_code_comes_when_nobody_answers() -> None:
    table = Table(of(1, fallback_code=600))
    assert after(table, deciding.decide(table, DIALLED, CALLER, NOW)) == Refuse(600, "nobody answered", hotline())


def test_tms_ceiling_holds_over_all_that_a_call_rings() -> None:
    table = Table(of(1, members=members(20), fallback_group=2), of(2, members=members(20)))
    second = after(table, deciding.decide(table, DIALLED, CALLER, NOW))
    assert isinstance(second, Fork)
    assert len(second.legs) == 10


GROUPS = st.lists(
    st.tuples(st.none() | st.integers(1, 6), st.booleans(), st.sampled_from([None, FALLBACK])), min_size=1, max_size=6
)


@given(GROUPS)
def test_a_call_ends_whatever_leads_where(made: list[tuple[int | None, bool, str | None]]) -> None:
    """No group twice, and no leg has another's number."""
    table = Table(
        *(
            of(n, members=members(2), fallback_group=to, refusal=OFF if off else None,
               fallback_number=None if to else number)
            for n, (to, off, number) in enumerate(made, 1)
        )
    )  # fmt: skip
    decision: Decision | None = deciding.decide(table, DIALLED, CALLER, NOW)
    numbers: list[int] = []
    for _ in range(2 * len(made) + 2):
        if not isinstance(decision, Fork):
            break
        assert len(set(decision.passed)) == len(decision.passed)
        numbers += [leg.number for leg in decision.legs]
        decision = after(table, decision)
    assert not isinstance(decision, Fork)
    assert numbers == list(range(len(numbers)))


def test_a_closed_hotline_rings_nobody() -> None:
    table = Table(of(1))
    table.line = msgspec.structs.replace(table.line, refusal="the hotline is disabled")
    assert deciding.decide(table, DIALLED, CALLER, NOW) == Refuse(480, "the hotline is disabled", table.line)
