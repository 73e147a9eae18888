"""What a call needs to know, compiled: the records of the routing table.

A record holds answers, not rows: who rings, under which number, through which gateways. The compiler
(`kemi.table.compiler`) makes them from SQL; a SIP worker reads two or three of them a call and never
sees a table. Numbers are E.164 with the plus sign ("+842727777787"); times are seconds since the epoch,
UTC; ids are the rows' primary keys.
"""

from typing import Literal

import msgspec

from kemi.domain.redaction import Discreet

Transport = Literal["udp", "tcp"]
NumberFormat = Literal["national", "e164", "e164_no_plus", "international"]
Strategy = Literal["simultaneous"]
NotifyMissed = Literal["offered", "rang"]
WithheldSms = Literal["none", "without_number"]


class Member(Discreet, frozen=True, gc=False):
    """One telephone that rings: a row of `group_member` that may be called."""

    id: int
    number: str
    can_text: bool  # False: a landline, which no SMS reaches


class SkippedMember(Discreet, frozen=True, gc=False):
    """A member of the group who does not ring, and why; for the ledger and for `extgroup check`."""

    id: int
    number: str
    reason: str


class Group(msgspec.Struct, frozen=True):
    """An external group as a call uses it.

    `gateways` are the ids of the gateways that accept `outbound_number`, best first. An answered call that ends before
    `min_talk_seconds` counts as missed for the SMS; 0: every answer counts.
    """

    id: int
    name: str
    strategy: Strategy
    outbound_number: str
    outbound_expires_at: int | None
    ring_seconds: int
    notify_members: bool
    notify_missed: NotifyMissed
    members: tuple[Member, ...]
    skipped: tuple[SkippedMember, ...]
    gateways: tuple[int, ...]
    min_talk_seconds: int = 0


class Hotline(msgspec.Struct, frozen=True):
    """A hotline and all that a call to it decides on.

    `refusal` is why it cannot ring, found when it was compiled (no group, outbound number disabled, …);
    None means that `group` is there and can ring.
    """

    id: int
    number: str
    tenant_id: int
    expires_at: int | None
    refusal: str | None
    group: Group | None


class Tenant(msgspec.Struct, frozen=True, gc=False):
    """The company that owns hotlines and groups.

    `withheld_sms`: what members are told of a caller whose number is not known.
    """

    id: int
    name: str
    enabled: bool
    plan_id: int
    withheld_sms: WithheldSms = "none"  # a table from before it was asked is read on


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What a tenant has bought. `max_members`: most members that ring at once; None = no limit."""

    id: int
    name: str
    max_members: int | None


class Gateway(msgspec.Struct, frozen=True, gc=False):
    """A carrier's SIP address that legs are sent to.

    `from_host`: host part of From and P-Asserted-Identity towards it; None = the edge's own.
    `asserted_identity`: whether P-Asserted-Identity with the outbound number is added.
    """

    id: int
    name: str
    host: str
    port: int
    transport: Transport
    number_format: NumberFormat
    from_host: str | None
    asserted_identity: bool
    enabled: bool


class TrunkAddress(msgspec.Struct, frozen=True, gc=False):
    """An IP address that calls are taken from, and the trunk it belongs to."""

    trunk_id: int
    trunk_name: str
