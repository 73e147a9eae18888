"""What became of each attempt at a member; its own end goes before the call's."""

from collections.abc import Iterator
from typing import Final

import msgspec

from kemi.domain.ending import End
from kemi.domain.events import OfferedLeg, Received
from kemi.domain.facts import Facts, Key
from kemi.domain.rows import LegRow

FIRST_SKIPPED: Final = 1000  # call_leg.leg of the first member who was not rung


def legs(facts: Facts, event: Received, end: End) -> Iterator[LegRow]:
    """Yield a row for each attempt at a member, then one for each member who was not rung."""
    offered = {key: _offered_row(event.call, one, when.at_us) for key, (when, one) in facts.offered.items()}
    members = facts.members()
    for leg, attempt in {**facts.rang, **facts.failed, **facts.picked_up}:
        if leg in members and (leg, attempt) not in offered:
            # A later attempt at the same member; its `offered` is still to be read.
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


def _leg_ended(facts: Facts, key: Key, row: LegRow, end: End) -> LegRow:
    """Return `row` with what became of the leg; its own end goes before the call's."""
    change = msgspec.structs.replace
    rang = facts.rang.get(key)
    row = change(row, rang_us=None if rang is None else rang.at_us)
    if (picked_up := facts.picked_up.get(key)) is not None:
        won = facts.answered is not None and key == (facts.answered.event.leg, facts.answered.event.attempt)
        ended = facts.ended.get(row.leg)
        # A second answer is hung up by the edge, there and then (kemi/decisions/0022).
        ended_us = ended.when.at_us if ended is not None else None if won else picked_up.at_us
        return change(
            row,
            outcome="answered" if won else "answered_elsewhere",
            code=200,
            answered_us=picked_up.at_us,
            ended_us=ended_us,
        )
    if (failed := facts.failed.get(key)) is not None:
        return change(row, outcome=failed.event.reason, code=failed.event.code, ended_us=failed.when.at_us)
    if end.leg_outcome is not None:
        at_us = None if end.at is None else end.at.at_us
        return change(row, outcome=end.leg_outcome, reason=end.leg_reason, ended_us=at_us)
    return row if rang is None else change(row, outcome="ringing")
