"""Rows become records: who rings, under which number, through which gateways, and if not, why not.

Pure: rows in, records and problems out (`kemi.table.rows` reads the rows). What cannot ring is compiled too, with the
reasons as its `refusal`: its callers get 480 and the ledger says why. What depends on the moment of the call (expiry,
hours, the tenant's and the gateways' switches) or is another record's (plan, destinations) is left to the call.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from kemi.domain.model import EarlyMedia, Group, Hotline, Member, NotifyMissed, SkippedMember, Strategy
from kemi.domain.redaction import shown
from kemi.domain.schedule import Schedule, Slot, SpecialDay
from kemi.domain.sounds import RINGBACK
from kemi.table.numbers import can_text, is_persons, is_slip


class GroupRow(NamedTuple):
    """A row of `external_group` with the `hotline` it calls out under; times are epoch seconds.

    `gateways` are the ids of those that accept the outbound number.
    """

    id: int
    name: str
    strategy: Strategy
    ring_seconds: int
    notify_members: bool
    notify_missed: NotifyMissed
    enabled: bool
    outbound_number: str
    outbound_enabled: bool
    outbound_allowed: bool
    outbound_expires_at: int | None
    gateways: Sequence[int]
    min_talk_seconds: int = 0
    early_media: EarlyMedia = "ringback"
    all_refused_code: int = 603
    fallback_group: int | None = None
    fallback_number: str | None = None
    fallback_code: int | None = None
    fallback_is_hotline: bool = False
    waiting_sound: str | None = None
    record_days: int | None = None
    announcement: str | None = None
    announcement_ms: int = 0

    def __repr__(self) -> str:
        return shown(self, self._fields)


class HotlineRow(NamedTuple):
    """A row of `hotline`."""

    number: str
    id: int
    tenant_id: int
    enabled: bool
    inbound_allowed: bool
    expires_at: int | None
    group: int | None
    closed_code: int = 480
    max_calls: int | None = None
    over_limit_code: int = 486


class MemberRow(NamedTuple):
    """A row of `group_member`; `is_hotline`: its number is an enabled hotline of ours; `hours`: seconds of the week."""

    id: int
    number: str
    enabled: bool
    is_hotline: bool
    ring_seconds: int | None = None
    delay_seconds: int = 0
    verified: bool = False
    hours: Sequence[Sequence[int]] = ()

    def __repr__(self) -> str:
        return shown(self, self._fields)


class CompiledHotline(NamedTuple):
    """A hotline's record, and what an operator should know about it, in words."""

    hotline: Hotline
    problems: tuple[str, ...]


class CompiledGroup(NamedTuple):
    """A group's record, and what an operator should know about it, in words."""

    group: Group
    problems: tuple[str, ...]


DISABLED: Final = "the member is disabled"
LOOP: Final = "the member is one of our own hotlines"
_SERVICE: Final = "a premium or service number"
_SLIP: Final = "no mobile and no landline: a digit is missing, or one is too many"
SERVICE: Final = f"the member's number is {_SERVICE}"
SLIP: Final = f"the member's number is {_SLIP}"
_LONGEST_ANNOUNCEMENT_MS: Final = 30_000
_TOLD: Final = frozenset({LOOP, SERVICE, SLIP})  # what an operator did not mean


def compile_hotline(row: HotlineRow, slots: Iterable[Slot] = (), special: Iterable[SpecialDay] = ()) -> CompiledHotline:
    """Compile a hotline with its schedule, both parts in the order of time."""
    schedule = Schedule(tuple(slots), tuple(special))
    has_schedule = bool(schedule.slots or schedule.special)
    reasons = []
    if not row.enabled:
        reasons.append("the hotline is disabled")
    if not row.inbound_allowed:
        reasons.append("the hotline takes no inbound calls")
    if row.group is None and not has_schedule:
        reasons.append("the hotline has no group")
    record = Hotline(
        row.id, row.number, row.tenant_id, row.expires_at, "; ".join(reasons) or None, row.group,
        schedule if has_schedule else None, row.closed_code, row.max_calls, row.over_limit_code,
    )  # fmt: skip
    return CompiledHotline(record, tuple(f"hotline {row.id}: {reason}" for reason in reasons))


def compile_group(row: GroupRow, rows: Iterable[MemberRow], *, is_in_a_circle: bool = False) -> CompiledGroup:
    """Compile a group; `rows` are its members, in the order they ring; a circle is one of its fallbacks."""
    members, skipped = _members(rows)
    fallback, wrong = _fallback_number(row)
    announced = row.announcement is not None and row.announcement_ms <= _LONGEST_ANNOUNCEMENT_MS
    outbound = _outbound_reasons(row)
    reasons = [*([] if row.enabled else ["the group is disabled"]), *_nobody(members, skipped), *outbound]
    group = Group(
        id=row.id,
        name=row.name,
        strategy=row.strategy,
        outbound_number=row.outbound_number,
        outbound_expires_at=row.outbound_expires_at,
        ring_seconds=row.ring_seconds,
        notify_members=row.notify_members,
        notify_missed=row.notify_missed,
        members=members,
        skipped=skipped,
        gateways=tuple(row.gateways),
        min_talk_seconds=row.min_talk_seconds,
        refusal="; ".join(reasons) or None,
        can_call_out=not outbound,
        early_media=row.early_media,
        all_refused_code=row.all_refused_code,
        fallback_group=row.fallback_group,
        fallback_number=fallback,
        fallback_code=row.fallback_code,
        waiting_sound=row.waiting_sound or (RINGBACK if announced else None),
        record_days=row.record_days if announced or row.announcement is None else None,
        announcement=row.announcement if announced else None,
        announcement_ms=row.announcement_ms if announced else 0,
    )
    notes = [f"member {one.id} is not rung: {one.reason}" for one in skipped if one.reason in _TOLD] + wrong
    if row.announcement is not None and not announced:
        notes.append("the announcement is longer than 30 s: it is not played, and nothing is recorded")
    if is_in_a_circle:
        notes.append("its fallbacks lead back to it; a call passes it once")
    return CompiledGroup(group, tuple(f"group {row.id}: {text}" for text in [*reasons, *notes]))


def _members(rows: Iterable[MemberRow]) -> tuple[tuple[Member, ...], tuple[SkippedMember, ...]]:
    ring: dict[str, Member] = {}
    skip: dict[str, SkippedMember] = {}
    for one in rows:
        reason = _why_never(one)
        if reason is None:
            hours = tuple((begin, end) for begin, end in one.hours)
            ring.setdefault(
                one.number,
                Member(
                    one.id, one.number, can_text(one.number), one.ring_seconds, one.delay_seconds, one.verified, hours
                ),
            )
        else:
            skip.setdefault(one.number, SkippedMember(one.id, one.number, reason))
    # a number that rings by another of its rows is not skipped
    return tuple(ring.values()), tuple(one for number, one in skip.items() if number not in ring)


def _why_never(row: MemberRow) -> str | None:
    if row.is_hotline:
        return LOOP
    if not row.enabled:
        return DISABLED
    return None if is_persons(row.number) else SLIP if is_slip(row.number) else SERVICE


def _nobody(members: Sequence[Member], skipped: Sequence[SkippedMember]) -> list[str]:
    if members:
        return []
    reasons = {one.reason for one in skipped}
    if LOOP in reasons:
        return ["every member of the group is a hotline"]
    if SERVICE in reasons:
        return [f"every member of the group is {_SERVICE}"]
    if SLIP in reasons:
        return [f"every member of the group is {_SLIP}"]
    return ["the group has no enabled member"]


def _outbound_reasons(row: GroupRow) -> list[str]:
    reasons = []
    if not row.outbound_enabled:
        reasons.append(f"outbound number {row.outbound_number} is disabled")
    if not row.outbound_allowed:
        reasons.append(f"outbound number {row.outbound_number} may not call out")
    if not row.gateways:
        reasons.append(f"no gateway accepts outbound number {row.outbound_number}")
    return reasons


def _fallback_number(row: GroupRow) -> tuple[str | None, list[str]]:
    """Return the fallback number if it may ring, and what is wrong with it."""
    if row.fallback_number is None:
        return None, []
    if row.fallback_is_hotline:
        return None, ["the fallback number is not rung: it is one of our own hotlines"]
    if not is_persons(row.fallback_number):
        return None, [f"the fallback number is not rung: it is {_SLIP if is_slip(row.fallback_number) else _SERVICE}"]
    return row.fallback_number, []
