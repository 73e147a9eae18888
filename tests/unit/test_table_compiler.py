"""The compiler: who rings, who does not, and why a hotline cannot ring."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain.model import Group, Member, SkippedMember
from kemi.table.compiler import NO_SMS, Compiled, GroupRow, HotlineRow, MemberRow, can_text, compile_hotline

NUMBER = "+842727777787"
MOBILE, LANDLINE = "+84844441909", "+842838123456"
GROUP = GroupRow(3, "Kinh doanh", "simultaneous", 30, True, "offered", True, NUMBER, True, True, None, [7, 8], 5)
HOTLINE = HotlineRow(NUMBER, 1, 2, True, True, None, GROUP)
ANH = MemberRow(11, MOBILE, enabled=True, is_hotline=False)


def compiled(row: HotlineRow = HOTLINE, *members: MemberRow) -> Compiled:
    return compile_hotline(row, members or [ANH])


def group_of(*members: MemberRow) -> Group:
    group = compiled(HOTLINE, *members).hotline.group
    assert group is not None
    return group


def test_a_hotline_that_can_ring_has_all_that_a_call_needs() -> None:
    row = HOTLINE._replace(expires_at=1_900_000_000, group=GROUP._replace(outbound_expires_at=1_800_000_000))
    record, problems = compiled(row)
    assert (record.id, record.tenant_id, record.number, record.expires_at) == (1, 2, NUMBER, 1_900_000_000)
    assert record.refusal is None
    assert problems == ()
    assert record.group == Group(
        3, "Kinh doanh", "simultaneous", NUMBER, 1_800_000_000, 30, True, "offered",
        (Member(11, MOBILE, can_text=True),), (), (7, 8), 5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        (HOTLINE._replace(enabled=False), "the hotline is disabled"),
        (HOTLINE._replace(inbound_allowed=False), "the hotline takes no inbound calls"),
        (HOTLINE._replace(group=None), "the hotline has no group"),
        (HOTLINE._replace(group=GROUP._replace(enabled=False)), "the group is disabled"),
        (HOTLINE._replace(group=GROUP._replace(outbound_enabled=False)), f"outbound number {NUMBER} is disabled"),
        (HOTLINE._replace(group=GROUP._replace(outbound_allowed=False)), f"outbound number {NUMBER} may not call out"),
        (HOTLINE._replace(group=GROUP._replace(gateways=[])), f"no gateway accepts outbound number {NUMBER}"),
    ],
)
def test_a_hotline_that_cannot_ring_says_why(row: HotlineRow, refusal: str) -> None:
    record, problems = compiled(row)
    assert record.refusal == refusal
    assert problems == (f"hotline 1: {refusal}",)


def test_all_reasons_are_told_at_once() -> None:
    row = HOTLINE._replace(enabled=False, group=GROUP._replace(enabled=False, gateways=[]))
    assert compiled(row).hotline.refusal == (
        f"the hotline is disabled; the group is disabled; no gateway accepts outbound number {NUMBER}"
    )


def test_a_group_without_an_enabled_member_cannot_ring() -> None:
    assert compile_hotline(HOTLINE, []).hotline.refusal == "the group has no enabled member"
    assert compiled(HOTLINE, ANH._replace(enabled=False)).hotline.refusal == "the group has no enabled member"


def test_a_disabled_member_is_skipped_with_the_reason() -> None:
    group = group_of(ANH, MemberRow(12, LANDLINE, enabled=False, is_hotline=False))
    assert [one.id for one in group.members] == [11]
    assert group.skipped == (SkippedMember(12, LANDLINE, "the member is disabled"),)


def test_a_member_that_is_a_hotline_of_ours_would_loop_and_is_skipped() -> None:
    own = MemberRow(12, "+842811112222", enabled=True, is_hotline=True)
    record, problems = compiled(HOTLINE, ANH, own)
    assert record.refusal is None
    assert record.group is not None
    assert record.group.skipped == (SkippedMember(12, own.number, "the member is one of our own hotlines"),)
    assert problems == ("hotline 1: member 12 is not rung: the member is one of our own hotlines",)
    assert compiled(HOTLINE, own).hotline.refusal == "every member of the group is a hotline"


def test_the_same_number_twice_is_one_member_the_first() -> None:
    assert [one.id for one in group_of(ANH, ANH._replace(id=12)).members] == [11]


@pytest.mark.parametrize("first", [True, False])
def test_a_number_that_rings_by_one_row_is_not_skipped_by_another(first: bool) -> None:
    group = group_of(ANH._replace(enabled=first), ANH._replace(id=12, enabled=not first))
    assert [one.id for one in group.members] == [11 if first else 12]
    assert group.skipped == ()


def test_members_ring_in_the_order_they_come_in() -> None:
    numbers = [f"+8490000000{n}" for n in (3, 1, 2)]
    members = [MemberRow(n, number, enabled=True, is_hotline=False) for n, number in enumerate(numbers)]
    assert [one.number for one in group_of(*members).members] == numbers


@given(st.from_regex(r"\+84[1-9][0-9]{4,12}", fullmatch=True))  # no area begins with 0
def test_numbers_at_home_are_judged_as_phonenumbers_judges_them(number: str) -> None:
    assert can_text(number) is (phonenumbers.number_type(phonenumbers.parse(number)) not in NO_SMS)


@pytest.mark.parametrize(
    ("number", "reached"),
    [
        (MOBILE, True),
        ("+84909789846", True),
        (LANDLINE, False),
        ("+842727777787", False),
        ("+841800123456", False),  # toll free
        ("+14155550123", True),  # the USA: landline or mobile, nobody can tell
        ("+84599999999", True),  # a prefix that the library may not know yet
        ("+999123456", False),  # no country
    ],
)
def test_who_can_be_reached_by_sms(number: str, reached: bool) -> None:
    assert can_text(number) is reached
