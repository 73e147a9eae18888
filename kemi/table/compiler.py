"""Rows become records: who rings, under which number, through which gateways, and if not, why not.

Pure: rows in, records and problems out (`kemi.table.rows` reads the rows). A hotline that cannot ring is
compiled too, with the reasons as its `refusal`: its callers get 480 and the ledger says why. What depends on
the moment of the call (expiry, the tenant's and the gateways' own switches) is left to the call.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from kemi.domain.model import Group, Hotline, Member, NotifyMissed, SkippedMember, Strategy
from kemi.domain.redaction import shown

_HOME: Final = "+84"

# No SMS reaches these. An unknown kind is tried: new mobile prefixes are older than the library's tables.
NO_SMS: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)


class GroupRow(NamedTuple):
    """A row of `external_group` with the `hotline` it calls out under; times are epoch seconds.

    `gateways` are the ids of those that accept the outbound number, best first.
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


class HotlineRow(NamedTuple):
    """A row of `hotline` with its group."""

    number: str
    id: int
    tenant_id: int
    enabled: bool
    inbound_allowed: bool
    expires_at: int | None
    group: GroupRow | None


class MemberRow(NamedTuple):
    """A row of `group_member`; `is_hotline`: its number is an enabled hotline of ours."""

    id: int
    number: str
    enabled: bool
    is_hotline: bool

    def __repr__(self) -> str:
        return shown(self, self._fields)


class Compiled(NamedTuple):
    """A hotline's record, and what an operator should know about it, in words."""

    hotline: Hotline
    problems: tuple[str, ...]


def compile_hotline(row: HotlineRow, members: Iterable[MemberRow]) -> Compiled:
    """Compile a hotline; `members` are its group's, in the order they ring."""
    group = None if row.group is None else _group(row.group, members)
    reasons = _own_reasons(row)
    if row.group is not None and group is not None:
        reasons += _group_reasons(row.group, group)
    refusal = "; ".join(reasons) or None
    record = Hotline(row.id, row.number, row.tenant_id, row.expires_at, refusal, group)
    looped = [one for one in group.skipped if one.reason == _LOOP] if group else []
    notes = [f"member {one.id} is not rung: {one.reason}" for one in looped]
    return Compiled(record, tuple(f"hotline {row.id}: {text}" for text in [*reasons, *notes]))


def _own_reasons(row: HotlineRow) -> list[str]:
    reasons = []
    if not row.enabled:
        reasons.append("the hotline is disabled")
    if not row.inbound_allowed:
        reasons.append("the hotline takes no inbound calls")
    if row.group is None:
        reasons.append("the hotline has no group")
    return reasons


def _group_reasons(row: GroupRow, group: Group) -> list[str]:
    reasons = []
    if not row.enabled:
        reasons.append("the group is disabled")
    if not group.members:
        only_loops = any(one.reason == _LOOP for one in group.skipped)
        reasons.append("every member of the group is a hotline" if only_loops else "the group has no enabled member")
    if not row.outbound_enabled:
        reasons.append(f"outbound number {row.outbound_number} is disabled")
    if not row.outbound_allowed:
        reasons.append(f"outbound number {row.outbound_number} may not call out")
    if not row.gateways:
        reasons.append(f"no gateway accepts outbound number {row.outbound_number}")
    return reasons


_DISABLED: Final = "the member is disabled"
_LOOP: Final = "the member is one of our own hotlines"


def _group(row: GroupRow, rows: Iterable[MemberRow]) -> Group:
    ring: dict[str, Member] = {}
    skip: dict[str, SkippedMember] = {}
    for one in rows:
        if one.enabled and not one.is_hotline:
            ring.setdefault(one.number, Member(one.id, one.number, can_text(one.number)))
        else:
            skip.setdefault(one.number, SkippedMember(one.id, one.number, _LOOP if one.is_hotline else _DISABLED))
    return Group(
        id=row.id,
        name=row.name,
        strategy=row.strategy,
        outbound_number=row.outbound_number,
        outbound_expires_at=row.outbound_expires_at,
        ring_seconds=row.ring_seconds,
        notify_members=row.notify_members,
        notify_missed=row.notify_missed,
        members=tuple(ring.values()),
        # a number that rings by another of its rows is not skipped
        skipped=tuple(one for number, one in skip.items() if number not in ring),
        gateways=tuple(row.gateways),
        min_talk_seconds=row.min_talk_seconds,
    )


@lru_cache(maxsize=1 << 16)
def can_text(number: str) -> bool:
    """Whether an SMS can reach an E.164 `number`: not a landline, not a service number."""
    try:
        # parse() costs two thirds of it, and at home there is nothing to find out
        home = number.startswith(_HOME)
        parsed = PhoneNumber(84, int(number[len(_HOME) :])) if home else phonenumbers.parse(number)
        return phonenumbers.number_type(parsed) not in NO_SMS
    except phonenumbers.NumberParseException:
        return False
