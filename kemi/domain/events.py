"""What happened to a call, as the SIP workers tell it: the lines of the spool.

Each event is written before the message it tells of leaves (design.md §2): an event may exist without its
message, never the reverse. Events of one call come from several processes, so nothing may depend on the order
they are read in; `mono_ns` (CLOCK_MONOTONIC of the node's boot) orders and measures them.

    received ─┬─ offered* ─┬─ answered ── (timed) ── ended
              │ rang*      ├─ answered_elsewhere*   (a second 2xx)
              │ failed*    └─ missed
              └─ (nothing more: the edge died; the ledger concludes `interrupted`)
    refused                                         (alone: the call never forked)
"""

from typing import Literal, TypeAlias

import msgspec

from kemi.domain.model import NotifyMissed, WithheldSms
from kemi.domain.redaction import Discreet

LegFailure = Literal["busy", "declined", "no_answer", "not_found", "unreachable", "moved", "rejected"]
MissedCause = Literal["caller_gave_up", "no_answer", "all_refused", "not_sent"]
Side = Literal["caller", "member"]
EndedBy = Literal["caller", "member", "edge"]


class OfferedLeg(Discreet, frozen=True, gc=False):
    """One leg of the fork: a member, and the gateway his INVITE left for."""

    leg: int
    attempt: int
    member_id: int
    number: str
    gateway_id: int
    can_text: bool


class SkippedLeg(Discreet, frozen=True, gc=False):
    """A member who was not rung, and why."""

    member_id: int
    number: str
    reason: str


class Received(Discreet, frozen=True, tag_field="kind", tag="received"):
    """A call came and is about to fork. `caller` is None when withheld or not a telephone number."""

    call: str
    trunk_id: int
    tenant_id: int
    hotline_id: int
    hotline: str
    group_id: int
    outbound: str
    caller: str | None
    withheld: bool
    sip_call_id: str
    ring_seconds: int
    notify_members: bool
    notify_missed: NotifyMissed
    legs: tuple[OfferedLeg, ...]
    skipped: tuple[SkippedLeg, ...] = ()
    withheld_sms: WithheldSms = "none"  # what members are told where `caller` is None
    min_talk_seconds: int = 0  # an answer that ends sooner is no answer
    counted: tuple[str, ...] = ()  # the limits' counters that it is in (`kemi.domain.limits`)


class Offered(Discreet, frozen=True, tag_field="kind", tag="offered"):
    """More legs of a call that rings are about to leave: the next step, a delayed member, another gateway."""

    call: str
    legs: tuple[OfferedLeg, ...]
    counted: tuple[str, ...] = ()  # the gateways' counters that they are in


class Refused(Discreet, frozen=True, tag_field="kind", tag="refused"):
    """A known trunk's call that never forked. `dialled` is what was asked for, as it stood in the R-URI."""

    call: str
    trunk_id: int
    tenant_id: int | None
    hotline_id: int | None
    dialled: str
    caller: str | None
    withheld: bool
    sip_call_id: str
    reason: str
    code: int


class Rang(msgspec.Struct, frozen=True, tag_field="kind", tag="rang"):
    """A leg's first 18x."""

    call: str
    leg: int
    attempt: int
    code: int


class Failed(msgspec.Struct, frozen=True, tag_field="kind", tag="failed"):
    """A leg's negative final answer. Not written for the 487 of a leg that we cancelled."""

    call: str
    leg: int
    attempt: int
    code: int
    reason: LegFailure


class Answered(msgspec.Struct, frozen=True, tag_field="kind", tag="answered"):
    """The first 2xx of the call: this leg won.

    `record_days`: how long is kept what is recorded of it, as the group of this leg says; 0: nothing is.
    """

    call: str
    leg: int
    attempt: int
    record_days: int = 0


class AnsweredElsewhere(msgspec.Struct, frozen=True, tag_field="kind", tag="answered_elsewhere"):
    """A 2xx of a leg that came after another leg had won."""

    call: str
    leg: int
    attempt: int


class Missed(msgspec.Struct, frozen=True, tag_field="kind", tag="missed"):
    """Nobody answered. `code` is the final code the caller gets (487 when he hung up)."""

    call: str
    cause: MissedCause
    code: int


class Timed(msgspec.Struct, frozen=True, tag_field="kind", tag="timed"):
    """An answered call may last `seconds`, and this is what hanging it up takes, after a restart too.

    `to_caller`, `to_member`: the tokens (sealed: they show nothing) that lead to each side, where one did not fit with
    its rest behind a space; `member_tag`: the member's tag.
    """

    call: str
    leg: int
    seconds: int
    to_caller: str
    to_member: str
    member_tag: str


class Ended(msgspec.Struct, frozen=True, tag_field="kind", tag="ended"):
    """A BYE of an answered call, and whose it was; `reason`: why the edge hung up."""

    call: str
    leg: int
    by: EndedBy
    reason: str = ""


Event: TypeAlias = Received | Offered | Refused | Rang | Failed | Answered | AnsweredElsewhere | Missed | Timed | Ended


class Stamped(msgspec.Struct, frozen=True):
    """An event as it stands in the spool.

    `id` is unique for ever: the spool file's stem and `seq`. `at_us`: wall clock, µs since the epoch;
    `mono_ns`: the node's monotonic clock; `instance`: the Kamailio start that wrote it.
    """

    id: str
    seq: int
    instance: str
    at_us: int
    mono_ns: int
    event: Event
