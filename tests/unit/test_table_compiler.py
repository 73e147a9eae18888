"""The compiler: who rings, who does not, and why a hotline or a group cannot ring."""

import pytest

from kemi.domain.model import Group, Hotline, Member, SkippedMember
from kemi.domain.schedule import Schedule, Slot, SpecialDay
from kemi.table.compiler import CompiledGroup, GroupRow, HotlineRow, MemberRow, compile_group, compile_hotline

NUMBER = "+842727777787"
MOBILE, LANDLINE, PREMIUM = "+84844441909", "+842838123456", "+841900123456"
GROUP = GroupRow(3, "Kinh doanh", "simultaneous", 30, True, "offered", True, NUMBER, True, True, None, [7, 8], 5)
HOTLINE = HotlineRow(NUMBER, 1, 2, True, True, None, 3)
ANH = MemberRow(11, MOBILE, enabled=True, is_hotline=False)


def compiled(row: GroupRow = GROUP, *members: MemberRow) -> CompiledGroup:
    return compile_group(row, members or [ANH])


def group_of(*members: MemberRow) -> Group:
    return compiled(GROUP, *members).group


def test_a_hotline_that_can_ring_has_all_that_a_call_needs() -> None:
    record, problems = compile_hotline(HOTLINE._replace(expires_at=1_900_000_000, closed_code=404, max_calls=5))
    assert record == Hotline(1, NUMBER, 2, 1_900_000_000, None, 3, closed_code=404, max_calls=5)
    assert problems == ()


def test_a_hotline_without_a_group_has_its_schedule() -> None:
    slots, special = (Slot(0, 3600, 4),), (SpecialDay(738000, 0, 86400, None),)
    record, problems = compile_hotline(HOTLINE._replace(group=None), slots, special)
    assert (record.refusal, record.group, problems) == (None, None, ())
    assert record.schedule == Schedule(slots, special)


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        (HOTLINE._replace(enabled=False), "the hotline is disabled"),
        (HOTLINE._replace(inbound_allowed=False), "the hotline takes no inbound calls"),
        (HOTLINE._replace(group=None), "the hotline has no group"),
        (HOTLINE._replace(enabled=False, group=None), "the hotline is disabled; the hotline has no group"),
    ],
)
def test_a_hotline_that_cannot_ring_says_why(row: HotlineRow, refusal: str) -> None:
    record, problems = compile_hotline(row)
    assert record.refusal == refusal
    assert problems == tuple(f"hotline 1: {reason}" for reason in refusal.split("; "))


def test_a_group_that_can_ring_has_all_that_a_call_needs() -> None:
    row = GROUP._replace(outbound_expires_at=1_800_000_000, strategy="random", early_media="first", fallback_group=4)
    member = ANH._replace(ring_seconds=9, delay_seconds=4, verified=True, hours=[[0, 3600], [7200, 9000]])
    record, problems = compiled(row, member)
    assert problems == ()
    assert record == Group(
        3, "Kinh doanh", "random", NUMBER, 1_800_000_000, 30, True, "offered",
        (Member(11, MOBILE, True, 9, 4, True, ((0, 3600), (7200, 9000))),), (), (7, 8), 5,
        early_media="first", fallback_group=4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "refusal", "can_call_out"),
    [
        (GROUP._replace(enabled=False), "the group is disabled", True),
        (GROUP._replace(outbound_enabled=False), f"outbound number {NUMBER} is disabled", False),
        (GROUP._replace(outbound_allowed=False), f"outbound number {NUMBER} may not call out", False),
        (GROUP._replace(gateways=[]), f"no gateway accepts outbound number {NUMBER}", False),
    ],
)
def test_a_group_that_cannot_ring_says_why(row: GroupRow, refusal: str, can_call_out: bool) -> None:
    record, problems = compiled(row)
    assert (record.refusal, record.can_call_out) == (refusal, can_call_out)
    assert problems == (f"group 3: {refusal}",)


def test_all_reasons_are_told_at_once() -> None:
    record = compile_group(GROUP._replace(enabled=False, gateways=[]), []).group
    assert record.refusal == (
        f"the group is disabled; the group has no enabled member; no gateway accepts outbound number {NUMBER}"
    )


def test_a_group_without_an_enabled_member_cannot_ring() -> None:
    assert compile_group(GROUP, []).group.refusal == "the group has no enabled member"
    assert compiled(GROUP, ANH._replace(enabled=False)).group.refusal == "the group has no enabled member"


def test_a_disabled_member_is_skipped_with_the_reason() -> None:
    group = group_of(ANH, MemberRow(12, LANDLINE, enabled=False, is_hotline=False))
    assert [one.id for one in group.members] == [11]
    assert group.skipped == (SkippedMember(12, LANDLINE, "the member is disabled"),)


@pytest.mark.parametrize(
    ("bad", "reason", "all_bad"),
    [
        (
            MemberRow(12, "+842811112222", enabled=True, is_hotline=True),
            "the member is one of our own hotlines",
            "every member of the group is a hotline",
        ),
        (
            MemberRow(12, PREMIUM, enabled=True, is_hotline=False),
            "the member's number is a premium or service number",
            "every member of the group is a premium or service number",
        ),
        (
            MemberRow(12, "+8490123456", enabled=True, is_hotline=False),
            "the member's number is no mobile and no landline: a digit is missing, or one is too many",
            "every member of the group is no mobile and no landline: a digit is missing, or one is too many",
        ),
    ],
)
def test_a_member_that_must_not_ring_is_skipped_and_told(bad: MemberRow, reason: str, all_bad: str) -> None:
    """A hotline of ours would loop, a premium number cost."""
    record, problems = compiled(GROUP, ANH, bad)
    assert record.refusal is None
    assert record.skipped == (SkippedMember(12, bad.number, reason),)
    assert problems == (f"group 3: member 12 is not rung: {reason}",)
    assert compiled(GROUP, bad).group.refusal == all_bad


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fallback_is_hotline": True}, "it is one of our own hotlines"),
        ({"fallback_number": PREMIUM}, "it is a premium or service number"),
        (
            {"fallback_number": "+849012345678"},
            "it is no mobile and no landline: a digit is missing, or one is too many",
        ),
    ],
)
def test_a_fallback_number_that_must_not_ring_is_left_out_and_told(changes: dict[str, object], reason: str) -> None:
    row = GROUP._replace(fallback_number=MOBILE)
    assert compiled(row).group.fallback_number == MOBILE
    record, problems = compiled(row._replace(**changes))  # type: ignore[arg-type]
    assert record.fallback_number is None
    assert problems == (f"group 3: the fallback number is not rung: {reason}",)


def test_a_circle_of_fallbacks_is_told() -> None:
    record, problems = compile_group(GROUP._replace(fallback_group=4), [ANH], is_in_a_circle=True)
    assert (record.refusal, record.fallback_group) == (None, 4)
    assert problems == ("group 3: its fallbacks lead back to it; a call passes it once",)


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


def test_an_announcement_brings_a_ringing_tone_of_our_own_and_has_its_longest() -> None:
    """After it, the caller's network makes none; a sound of the group's goes before ours."""
    said = GROUP._replace(announcement="7-aa", announcement_ms=30_000)
    assert (group := compiled(said).group).announcement == "7-aa"
    assert (group.announcement_ms, group.waiting_sound) == (30_000, "ringback-0")
    assert compiled(said._replace(waiting_sound="8-bb")).group.waiting_sound == "8-bb"
    record, problems = compiled(said._replace(announcement_ms=30_001, record_days=90))
    assert (record.announcement, record.announcement_ms, record.waiting_sound) == (None, 0, None)
    assert record.record_days is None
    assert problems == ("group 3: the announcement is longer than 30 s: it is not played, and nothing is recorded",)
