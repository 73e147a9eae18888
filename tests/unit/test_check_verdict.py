"""The check's verdicts: yes, closed, off, or no and why."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from kemi.check.explain import explain
from kemi.check.report import Checked
from kemi.check.verdict import NO_TEXT, GroupVerdict, MemberRow, State, group_verdict, hotline_verdict
from kemi.domain import eligible
from kemi.domain.identity import Caller
from kemi.domain.model import Group, Member, Plan, SkippedMember
from kemi.domain.schedule import DAY, Schedule, Slot, SpecialDay
from tests.unit.given import TENANT, gateway, group, hotline, members
from tests.unit.test_deciding import Table

TUESDAY_NINE = datetime(2026, 9, 1, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).timestamp()
NINE = DAY + 9 * 3600
WEEK = Schedule((Slot(NINE, NINE + 1800, None), Slot(NINE + 1800, NINE + 3600, 2)))
CALLER = Caller("+84909789846", withheld=False)
ONE, TWO, THREE = members(3)


def judged(its_group: Group, *rows: Member | SkippedMember, plan: Plan | None = None, **more: Any) -> GroupVerdict:
    listed = [MemberRow(one.id, one.number, f"n{one.id}") for one in rows or its_group.members]
    return group_verdict(Table(its_group, plan=plan), its_group, TENANT, listed, more.get("problems", ()), TUESDAY_NINE)


def states(verdict: GroupVerdict) -> list[tuple[int, State, str | None]]:
    return [(one.id, one.state, one.reason) for one in verdict.members]


def test_a_group_that_rings_says_who_rings_through_which_gateway() -> None:
    verdict = judged(group())
    assert (verdict.state, verdict.reason, verdict.fallback) == ("yes", None, None)
    assert [(one.state, one.gateway, one.name) for one in verdict.members] == [
        ("yes", "carrier", f"n{n}") for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"refusal": "the group is disabled"}, "off"),
        ({"refusal": "the group is disabled; no gateway accepts outbound number +842727777787"}, "no"),
        ({"refusal": "outbound number +842727777787 is disabled"}, "no"),
        ({"outbound_expires_at": 1}, "no"),
        ({"gateways": ()}, "no"),
    ],
)
def test_a_group_that_cannot_ring_is_off_only_if_somebody_switched_it_off(
    changes: dict[str, Any], state: State
) -> None:
    verdict = judged(group(**changes))
    assert verdict.state == state
    assert verdict.reason


SKIPPED = SkippedMember(7, "+84900000007", "the member is one of our own hotlines")
OFF = SkippedMember(8, "+84900000008", "the member is disabled")
AWAY = msgspec.structs.replace(ONE, hours=((NINE + 1800, NINE + 3600),))


def test_every_member_has_a_verdict_of_his_own() -> None:
    double = msgspec.structs.replace(TWO, id=9)
    its_group = group(members=(AWAY, TWO, Member(4, "+12025550123", True)), skipped=(SKIPPED, OFF))
    verdict = judged(its_group, *its_group.members, SKIPPED, OFF, double)
    assert states(verdict) == [
        (1, "closed", eligible.OUTSIDE_HOURS),
        (2, "yes", None),
        (4, "no", eligible.NOT_ALLOWED),
        (7, "no", "the member is one of our own hotlines"),
        (8, "off", "the member is disabled"),
        (9, "off", "the same number as member 2: it rings once"),
    ]
    assert verdict.members[0].until == "2026-09-01 09:30"


def test_a_plans_rules_are_told_by_member() -> None:
    verdict = judged(group(), plan=Plan(1, "trial", 1, destinations=("+849",)))
    assert states(verdict) == [
        (1, "yes", None), (2, "no", "only 1 members may ring"), (3, "no", "only 1 members may ring"),
    ]  # fmt: skip
    unverified = judged(group(), plan=Plan(1, "trial", None, verified_members_only=True))
    assert {one.reason for one in unverified.members} == {eligible.NOT_VERIFIED}
    assert unverified.state == "no"


def test_a_landline_gets_no_sms_which_is_said_only_where_members_are_told() -> None:
    landline = msgspec.structs.replace(ONE, can_text=False)
    assert judged(group(members=(landline,))).members[0].note == NO_TEXT
    assert judged(group(members=(landline,), notify_members=False)).members[0].note is None


def test_a_group_whose_members_all_have_their_evening_is_closed() -> None:
    assert judged(group(members=(AWAY,))).state == "closed"
    assert judged(group(members=(AWAY,), skipped=(SKIPPED,)), AWAY, SKIPPED).state == "no"


def test_a_group_whose_members_are_all_switched_off_is_off() -> None:
    assert judged(group(members=(), skipped=(OFF,), refusal="the group has no enabled member"), OFF).state == "off"


def test_a_group_without_any_member_cannot_ring() -> None:
    assert judged(group(members=(), refusal="the group has no enabled member")).state == "no"


@pytest.mark.parametrize(
    ("changes", "problems", "words"),
    [
        ({"fallback_number": "+12025550123"}, (), eligible.NOT_ALLOWED),
        ({}, ("group 1: the fallback number is not rung: it is one of our own hotlines",), "own hotlines"),
        ({}, ("group 1: its fallbacks lead back to it; a call passes it once",), "lead back"),
    ],
)
def test_what_is_wrong_with_a_fallback_is_told(changes: dict[str, Any], problems: tuple[str, ...], words: str) -> None:
    verdict = judged(group(**changes), problems=problems)
    assert verdict.state == "yes"
    assert words in str(verdict.fallback)


def table(**changes: Any) -> Table:
    made = Table(group(), group(id=2, name="Night", strategy="round_robin"))
    made.line = hotline(**changes)
    return made


def test_a_hotline_that_rings_says_which_group_and_until_when() -> None:
    made = table(schedule=WEEK)
    verdict = hotline_verdict(made, made.line, TUESDAY_NINE + 1800)
    assert (verdict.state, verdict.group, verdict.until) == ("yes", "Night", "2026-09-01 10:00")


def test_a_closed_hotline_says_until_when() -> None:
    made = table(schedule=WEEK, closed_code=404)
    verdict = hotline_verdict(made, made.line, TUESDAY_NINE)
    assert (verdict.state, verdict.code, verdict.until) == ("closed", 404, "2026-09-01 09:30")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"refusal": "the hotline is disabled"}, "off"),
        ({"refusal": "the hotline is disabled; the hotline has no group"}, "no"),
        ({"expires_at": 1}, "no"),
        ({"group": None}, "no"),
        ({"group": 9}, "no"),
    ],
)
def test_a_hotline_that_cannot_ring_is_no_unless_switched_off(changes: dict[str, Any], state: State) -> None:
    made = table(**changes)
    assert hotline_verdict(made, made.line, TUESDAY_NINE).state == state


def test_the_check_is_good_if_all_ring_that_should_and_the_workers_know() -> None:
    good, bad = judged(group()), judged(group(members=(ONE,), skipped=(SKIPPED,)), ONE, SKIPPED)
    off = judged(group(refusal="the group is disabled"))
    wrong = judged(group(fallback_number="+12025550123"))
    line = hotline_verdict(table(), hotline(), TUESDAY_NINE)
    assert Checked([line], [good, off], []).is_good
    assert not Checked([line], [good, bad], []).is_good
    assert not Checked([line], [good, wrong], []).is_good
    assert not Checked([line], [good], ["G:1"]).is_good
    assert Checked([line], [good], [], live="not built yet").is_good


def told(made: Table, when: float = TUESDAY_NINE, dialled: str = "02727777787", caller: Caller = CALLER) -> list[str]:
    return [f"{step.what}: {step.said}" for step in explain(made, dialled, caller, when).steps]


def test_the_steps_of_a_call_that_rings() -> None:
    made = table(schedule=Schedule((), (SpecialDay(datetime(2026, 9, 1).toordinal(), 9 * 3600, 36000, 2),)))
    made.groups[2] = group(
        id=2, name="Night", strategy="sequential", members=(msgspec.structs.replace(ONE, delay_seconds=4), TWO),
        skipped=(OFF,), fallback_number="+84281234567",
    )  # fmt: skip
    assert told(made) == [
        "dialled: +842727777787",
        "hotline: number 1 of tenant vContact",
        "plan: not in the table",
        "clock: Tuesday 2026-09-01 09:00:00 in Asia/Ho_Chi_Minh",
        "schedule: special day 2026-09-01, 09:00 to 10:00: group 2",
        "group: 2 Night: sequential, 30 s, calls out under +842727777787",
        f"wave 1: member 1 {ONE.number}: 30 s, after 4 s, through carrier",
        f"wave 2: member 2 {TWO.number}: 30 s, through carrier",
        f": member 8 {OFF.number}: no, the member is disabled",
        "decision: 2 telephones of group Night will ring",
        "if nobody answers: the fallback number of group Night rings",
        "group: 2 Night: simultaneous, 30 s, calls out under +842727777787",
        "ring: fallback number +84281234567: 30 s, through carrier",
        "if nobody answers: the caller gets the code that fits what happened",
    ]


def test_the_steps_of_a_call_that_does_not() -> None:
    made = table(schedule=WEEK, closed_code=600)
    assert told(made)[-2:] == [
        "schedule: Tuesday, 09:00 to 09:30: closed",
        "decision: refused with 600: the hotline is closed now",
    ]
    assert told(table(), dialled="0900000000")[-1] == "decision: refused with 404: no such hotline"
    assert told(table(), dialled="Anh")[0] == "dialled: 'Anh' is not a telephone number"


def test_a_loop_is_explained() -> None:
    found = explain(table(), "02727777787", Caller("+842727777787", withheld=False), TUESDAY_NINE)
    assert (found.rings, found.code) == (False, 482)


def test_it_goes_from_group_to_group_as_the_call_does() -> None:
    made = table()
    made.groups[1] = group(refusal="the group is disabled", fallback_group=2)
    made.groups[2] = group(id=2, name="Night", gateways=(1, 5), fallback_group=1, fallback_code=None)
    lines = told(made)
    assert "group: 1 Kinh doanh: simultaneous, 30 s, calls out under +842727777787" in lines
    assert ": cannot ring: the group is disabled" in lines
    assert "decision: 3 telephones of group Night will ring" in lines
    assert lines[-1] == "if nobody answers: the caller gets the code that fits what happened"


def test_other_gateways_are_named() -> None:
    class Two(Table):
        def gateway(self, gateway_id: int) -> Any:
            return gateway(id=gateway_id, name=f"g{gateway_id}", priority=gateway_id)

    made = Two(group(gateways=(1, 5), members=(ONE,)))
    assert f"ring: member 1 {ONE.number}: 30 s, through g1; else through g5" in told(made)
