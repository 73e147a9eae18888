"""What became of a call: its events, in any order and however often read, folded into the ledger's rows.

    the events hold              the call           its legs without an end of their own    told by SMS
    ---------------------------  -----------------  --------------------------------------  --------------------
    answered (the first wins)    answered           cancelled                               that member
    answered, ended too soon     answered           cancelled                               every member offered
    missed, caller gave up       missed             cancelled                               every member offered
    missed, not sent             missed             unreachable (no INVITE left)            nobody
    missed, 503, and none rang   missed             unreachable (silent gateways)           every member offered
    missed, otherwise            missed             no_answer                               every member offered
    none of these, edge is gone  interrupted        interrupted                             every member offered
    none of these                ringing            offered, ringing                        nobody yet
    refused                      refused            –                                       nobody

The last column is design.md §3.4: only where the group's switch is on; `notify_missed` = "rang" narrows it to those
whose telephone rang. A landline's notification is `not_applicable`, one about an unknown caller `withheld`, or queued
without a number where the tenant has chosen that (`withheld_sms`).
An answer beats a miss: the 200 was relayed. Too soon: before the group's `min_talk_seconds`, until which nobody is told
(`kemi.domain.ending`). Times are µs since the epoch; durations come from the monotonic clock where both events were
written in one boot of one node, else from the wall clock.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from kemi.domain.ending import End, end_of
from kemi.domain.events import Answered, Ended, Received, Refused, Stamped
from kemi.domain.facts import Facts, Told, ms_between, same_clock
from kemi.domain.instances import node_of
from kemi.domain.legs import legs
from kemi.domain.rows import CallRow, LegRow, NotificationRow
from kemi.domain.telling import told


class Folded(NamedTuple):
    """What the ledger holds of one call."""

    call: CallRow
    legs: tuple[LegRow, ...] = ()
    notifications: tuple[NotificationRow, ...] = ()


def fold(happened: Iterable[Stamped], *, interrupted: bool = False, stood: bool = False) -> Folded | None:
    """Fold all that is known of one call; None while neither `received` nor `refused` is among it.

    What the ledger has concluded: `interrupted`, the edge died while it rang; `stood`, the answer had not ended after
    the group's `min_talk_seconds`.
    """
    facts = Facts(happened)
    if facts.received is None:
        return None if facts.refused is None else Folded(_refused(*facts.refused))
    when, received = facts.received
    end = end_of(facts, received.min_talk_seconds, interrupted=interrupted, stood=stood)
    rows = tuple(legs(facts, received, end))
    return Folded(_call(facts, when, received, end), rows, tuple(told(facts, when, received, end, stood=stood)))


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


def _call(facts: Facts, when: Stamped, event: Received, end: End) -> CallRow:
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
        min_talk_seconds=event.min_talk_seconds,
        outcome=end.outcome,
        reason=end.leg_reason if end.outcome == "interrupted" else None,
        ring_ms=None if end.at is None else ms_between(when, end.at),
    )
    if facts.answered is not None:
        row = _answered(row, facts.answered, facts.ended.get(facts.answered.event.leg))
        return _waiting(row, when, facts.answered.when) if end.answer == "waits" else _judged(row, end)
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
        reason=None if ended is None else ended.event.reason or None,
        talk_ms=None if ended is None else ms_between(winner.when, ended.when),
    )


def _waiting(row: CallRow, received: Stamped, answered: Stamped) -> CallRow:
    """Return `row` with when its answer will count; by the monotonic clock while the node is not booted anew."""
    mono_ns = answered.mono_ns + row.min_talk_seconds * 10**9
    return msgspec.structs.replace(
        row,
        confirm_us=answered.at_us + row.min_talk_seconds * 10**6,
        confirm_mono_ns=mono_ns if same_clock(received, answered) else None,
    )


def _judged(row: CallRow, end: End) -> CallRow:
    if end.answer != "false" or row.talk_ms is None:
        return row
    why = f"answered, but only for {row.talk_ms / 1000:.1f} s of {row.min_talk_seconds}: counted as missed"
    return msgspec.structs.replace(row, false_answer=True, reason=why)
