"""Who is told of a call by SMS, each number once (design.md §3.4)."""

from collections.abc import Iterable, Iterator
from typing import Literal

from kemi.domain.ending import End
from kemi.domain.events import OfferedLeg, Received, Stamped
from kemi.domain.facts import Facts
from kemi.domain.rows import NotificationRow

Kind = Literal["answered", "missed"]


def told(facts: Facts, when: Stamped, event: Received, end: End, *, stood: bool) -> Iterator[NotificationRow]:
    """Yield who is told of the call that `event` began; nobody while that is not decided.

    `stood`: whether the winner has been told already that he had the call.
    """
    if not event.notify_members:
        return
    unknown = event.withheld or event.caller is None
    silent = unknown and event.withheld_sms == "none"
    for number, (kind, one) in _audience(facts, event, end, stood=stood).items():
        yield NotificationRow(
            call_id=event.call,
            tenant_id=event.tenant_id,
            member_id=one.member_id,
            member_number=number,
            kind=kind,
            state="not_applicable" if not one.can_text else "withheld" if silent else "queued",
            caller_number=None if unknown else event.caller,
            called_us=when.at_us,
        )


def _audience(facts: Facts, event: Received, end: End, *, stood: bool) -> dict[str, tuple[Kind, OfferedLeg]]:
    """Return what is told to whom, by number."""
    audience: dict[str, tuple[Kind, OfferedLeg]] = {}
    if facts.answered is not None and (end.answer == "counts" or (end.answer == "false" and stood)):
        winner = facts.answered.event.leg
        audience = {one.number: ("answered", one) for leg, one in facts.members().items() if leg == winner}
    if _is_missed(facts, end):
        for one in _missed_by(facts, event):
            audience.setdefault(one.number, ("missed", one))
    return audience


def _is_missed(facts: Facts, end: End) -> bool:
    if end.outcome == "answered":
        return end.answer == "false"
    if end.outcome == "missed":
        return facts.missed is not None and facts.missed.event.cause != "not_sent"
    return end.outcome == "interrupted"


def _missed_by(facts: Facts, event: Received) -> Iterable[OfferedLeg]:
    rang = {leg for leg, _ in facts.rang}
    return (one for leg, one in facts.members().items() if event.notify_missed == "offered" or leg in rang)
