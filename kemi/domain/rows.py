"""The ledger's rows, as the fold makes them (`kemi.domain.outcome`). Times are µs since the epoch, UTC.

The names are the columns of `call`, `call_leg` and `notification`; only `…_us` stands for a column `…_at`.
"""

from typing import Literal

from kemi.domain.redaction import Discreet


class CallRow(Discreet, frozen=True, kw_only=True):
    """A row of `call`."""

    id: str
    node: str
    instance: str
    tenant_id: int | None
    trunk_id: int
    hotline_id: int | None
    hotline_number: str | None = None
    dialled: str
    group_id: int | None = None
    outbound_number: str | None = None
    caller_number: str | None
    caller_withheld: bool
    sip_call_id: str
    arrived_us: int
    ring_seconds: int | None = None
    notify_members: bool = False
    notify_missed: str = "offered"
    withheld_sms: str = "none"
    min_talk_seconds: int = 0
    outcome: str
    reason: str | None = None
    final_code: int | None = None
    answered_leg: int | None = None
    answered_us: int | None = None
    ended_us: int | None = None
    ended_by: str | None = None
    ring_ms: int | None = None
    talk_ms: int | None = None
    false_answer: bool = False
    confirm_us: int | None = None
    confirm_mono_ns: int | None = None


class LegRow(Discreet, frozen=True, kw_only=True):
    """A row of `call_leg`."""

    call_id: str
    leg: int
    attempt: int
    member_id: int
    member_number: str
    gateway_id: int | None = None
    outcome: str
    reason: str | None = None
    code: int | None = None
    offered_us: int | None = None
    rang_us: int | None = None
    answered_us: int | None = None
    ended_us: int | None = None
    can_text: bool = False


class NotificationRow(Discreet, frozen=True, kw_only=True):
    """A row of `notification` as it begins."""

    call_id: str
    tenant_id: int
    member_id: int
    member_number: str
    kind: Literal["answered", "missed"]
    state: Literal["queued", "not_applicable", "withheld"]
    caller_number: str | None
    called_us: int
