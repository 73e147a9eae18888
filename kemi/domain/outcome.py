"""What became of a call: its events, in any order and however often read, folded into the ledger's rows.

    the events hold              the call           its legs without an end of their own    told by SMS
    ---------------------------  -----------------  --------------------------------------  --------------------
    answered (the first wins)    answered           cancelled                               that member
    missed, caller gave up       missed             cancelled                               every member offered
    missed, not sent             missed             unreachable (no INVITE left)            nobody
    missed, otherwise            missed             no_answer                               every member offered
    none of these, edge is gone  interrupted        interrupted                             every member offered
    none of these                ringing            offered, ringing                        nobody yet
    refused                      refused            –                                       nobody

The last column is design.md §3.4: only where the group's switch is on; `notify_missed` = "rang" narrows it to those
whose telephone rang. A landline's notification is `not_applicable`, one about an unknown caller `withheld`, or queued
without a number where the tenant has chosen that (`withheld_sms`).
An answer beats a miss: the 200 was relayed. Times are µs since the epoch; durations come from the monotonic clock
where both events were written in one boot of one node, else from the wall clock.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from kemi.domain.events import Answered, Ended, OfferedLeg, Received, Refused, Stamped
from kemi.domain.facts import Facts, Key, Told
from kemi.domain.instances import boot_of, node_of
from kemi.domain.rows import CallRow, LegRow, NotificationRow

FIRST_SKIPPED: Final = 1000  # call_leg.leg of the first member who was not rung


class Folded(NamedTuple):
    """What the ledger holds of one call."""

    call: CallRow
    legs: tuple[LegRow, ...] = ()
    notifications: tuple[NotificationRow, ...] = ()


class _End(NamedTuple):
    """How the ringing ended, and what that makes of a leg without an end of its own (None: it goes on)."""

    outcome: str
    at: Stamped | None = None
    leg_outcome: str | None = None
    leg_reason: str | None = None


def fold(happened: Iterable[Stamped], *, interrupted: bool = False) -> Folded | None:
    """Fold all that is known of one call; None while neither `received` nor `refused` is among it.

    `interrupted`: the ledger has concluded that the edge died while it rang.
    """
    facts = Facts(happened)
    if facts.received is None:
        return None if facts.refused is None else Folded(_refused(*facts.refused))
    end = _end(facts, interrupted=interrupted)
    when, received = facts.received
    legs = tuple(_legs(facts, when, received, end))
    return Folded(_call(facts, when, received, end), legs, tuple(_told(facts, when, received, end)))


def _end(facts: Facts, *, interrupted: bool) -> _End:
    if facts.answered is not None:
        return _End("answered", facts.answered.when, "cancelled", "another member answered")
    if facts.missed is not None:
        at, missed = facts.missed
        if missed.cause == "caller_gave_up":
            return _End("missed", at, "cancelled", "the caller hung up")
        if missed.cause == "not_sent":
            return _End("missed", at, "unreachable", "the INVITE could not be sent")
        return _End("missed", at, "no_answer")
    if interrupted:
        return _End("interrupted", None, "interrupted", "the edge died while it rang")
    return _End("ringing")


def _refused(when: Stamped, event: Refused) -> CallRow:
    return CallRow(
        id=event.call,
        node=node_of(when.instance),
        instance=when.instance,
        tenant_id=event.tenant_id,
        trunk_id=event.trunk_id,
        hotline_id=event.hotline_id,
        dialled=event.dialled,
        caller_number=None if event.withheld else event.caller,
        caller_withheld=event.withheld,
        sip_call_id=event.sip_call_id,
        arrived_us=when.at_us,
        outcome="refused",
        reason=event.reason,
        final_code=event.code,
        ended_us=when.at_us,
    )


def _call(facts: Facts, when: Stamped, event: Received, end: _End) -> CallRow:
    row = CallRow(
        id=event.call,
        node=node_of(when.instance),
        instance=when.instance,
        tenant_id=event.tenant_id,
        trunk_id=event.trunk_id,
        hotline_id=event.hotline_id,
        hotline_number=event.hotline,
        dialled=event.hotline,
        group_id=event.group_id,
        outbound_number=event.outbound,
        caller_number=None if event.withheld else event.caller,
        caller_withheld=event.withheld,
        sip_call_id=event.sip_call_id,
        arrived_us=when.at_us,
        ring_seconds=event.ring_seconds,
        notify_members=event.notify_members,
        notify_missed=event.notify_missed,
        withheld_sms=event.withheld_sms,
        outcome=end.outcome,
        reason=end.leg_reason if end.outcome == "interrupted" else None,
        ring_ms=None if end.at is None else _ms(when, end.at),
    )
    if facts.answered is not None:
        return _answered(row, facts.answered, facts.ended.get(facts.answered.event.leg))
    if facts.missed is not None:
        at, missed = facts.missed
        return msgspec.structs.replace(row, reason=missed.cause, final_code=missed.code, ended_us=at.at_us)
    return row


def _answered(row: CallRow, winner: Told[Answered], ended: Told[Ended] | None) -> CallRow:
    return msgspec.structs.replace(
        row,
        final_code=200,
        answered_leg=winner.event.leg,
        answered_us=winner.when.at_us,
        ended_us=None if ended is None else ended.when.at_us,
        ended_by=None if ended is None else ended.event.by,
        talk_ms=None if ended is None else _ms(winner.when, ended.when),
    )


def _legs(facts: Facts, when: Stamped, event: Received, end: _End) -> Iterator[LegRow]:
    """Yield a row for each attempt at a member, then one for each member who was not rung."""
    offered = {(one.leg, one.attempt): _offered_row(event.call, one, when.at_us) for one in event.legs}
    members = {one.leg: one for one in event.legs}
    for leg, attempt in {**facts.rang, **facts.failed, **facts.picked_up}:
        if leg in members and (leg, attempt) not in offered:
            # A later attempt at the same member; through which gateway and since when, `received` could not know.
            later = _offered_row(event.call, members[leg], None)
            offered[leg, attempt] = msgspec.structs.replace(later, attempt=attempt, gateway_id=None)
    for key in sorted(offered):
        yield _leg_ended(facts, key, offered[key], end)
    for index, one in enumerate(event.skipped):
        yield LegRow(
            call_id=event.call,
            leg=FIRST_SKIPPED + index,
            attempt=0,
            member_id=one.member_id,
            member_number=one.number,
            outcome="skipped",
            reason=one.reason,
        )


def _offered_row(call: str, one: OfferedLeg, at_us: int | None) -> LegRow:
    return LegRow(
        call_id=call,
        leg=one.leg,
        attempt=one.attempt,
        member_id=one.member_id,
        member_number=one.number,
        gateway_id=one.gateway_id,
        outcome="offered",
        offered_us=at_us,
        can_text=one.can_text,
    )


def _leg_ended(facts: Facts, key: Key, row: LegRow, end: _End) -> LegRow:
    """Return `row` with what became of the leg; its own end goes before the call's."""
    change = msgspec.structs.replace
    rang = facts.rang.get(key)
    row = change(row, rang_us=None if rang is None else rang.at_us)
    if (picked_up := facts.picked_up.get(key)) is not None:
        won = facts.answered is not None and key == (facts.answered.event.leg, facts.answered.event.attempt)
        ended = facts.ended.get(row.leg)
        return change(
            row,
            outcome="answered" if won else "answered_elsewhere",
            code=200,
            answered_us=picked_up.at_us,
            ended_us=None if ended is None else ended.when.at_us,
        )
    if (failed := facts.failed.get(key)) is not None:
        return change(row, outcome=failed.event.reason, code=failed.event.code, ended_us=failed.when.at_us)
    if end.leg_outcome is not None:
        at_us = None if end.at is None else end.at.at_us
        return change(row, outcome=end.leg_outcome, reason=end.leg_reason, ended_us=at_us)
    return row if rang is None else change(row, outcome="ringing")


def _told(facts: Facts, when: Stamped, event: Received, end: _End) -> Iterator[NotificationRow]:
    """Yield who is told, once a number (design.md §3.4)."""
    kind: Literal["answered", "missed"] = "answered" if facts.answered is not None else "missed"
    unknown = event.withheld or event.caller is None
    silent = unknown and event.withheld_sms == "none"
    for one in _audience(facts, event, end):
        yield NotificationRow(
            call_id=event.call,
            tenant_id=event.tenant_id,
            member_id=one.member_id,
            member_number=one.number,
            kind=kind,
            state="not_applicable" if not one.can_text else "withheld" if silent else "queued",
            caller_number=None if unknown else event.caller,
            called_us=when.at_us,
        )


def _audience(facts: Facts, event: Received, end: _End) -> Iterable[OfferedLeg]:
    by_number: dict[str, OfferedLeg] = {}
    if not event.notify_members or end.outcome == "ringing":
        return ()
    if facts.answered is not None:
        winner = facts.answered.event.leg
        return [one for one in event.legs if one.leg == winner][:1]
    if facts.missed is not None and facts.missed.event.cause == "not_sent":
        return ()
    rang = {leg for leg, _ in facts.rang}
    for one in event.legs:
        if event.notify_missed == "offered" or one.leg in rang:
            by_number.setdefault(one.number, one)
    return by_number.values()


def _ms(start: Stamped, end: Stamped) -> int:
    """Return the milliseconds between two events, never negative."""
    same_clock = boot_of(start.instance) == boot_of(end.instance)
    ms = (end.mono_ns - start.mono_ns) // 1_000_000 if same_clock else (end.at_us - start.at_us) // 1000
    return max(0, ms)
