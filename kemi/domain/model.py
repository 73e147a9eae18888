"""What a call needs to know, compiled: the records of the routing table.

A record holds answers, not rows: who rings, under which number, through which gateways. The compiler
(`kemi.table.compiler`) makes them from SQL; a SIP worker reads a few of them a call and never sees a table. A group
that several hotlines, schedules or fallbacks lead to is one record. Numbers are E.164 with the plus sign
("+842727777787"); prefixes are the beginnings of such; times are seconds since the epoch, UTC; ids are the rows'
primary keys. What is as its default is left out: most records are small.
"""

from typing import Literal

import msgspec

from kemi.domain.redaction import Discreet
from kemi.domain.schedule import Hours, Schedule

Transport = Literal["udp", "tcp"]
NumberFormat = Literal["national", "e164", "e164_no_plus", "international"]
Identity = Literal["none", "p_asserted", "p_preferred", "remote_party_id"]
Strategy = Literal["simultaneous", "sequential", "round_robin", "random", "longest_idle"]
EarlyMedia = Literal["ringback", "first"]
NotifyMissed = Literal["offered", "rang"]
MediaWay = Literal["anchored", "direct"]
WithoutMedia = Literal["refuse", "direct"]
WithheldSms = Literal["none", "without_number"]


class Member(Discreet, frozen=True, array_like=True, gc=False):
    """One telephone that may ring: a row of `group_member`.

    `ring_seconds`: his own waiting time, None = the group's. `delay_seconds`: until he rings, from his turn on.
    `hours`: when he rings, seconds of the week by the tenant's clock; () = always.
    """

    id: int
    number: str
    can_text: bool  # False: a landline, which no SMS reaches
    ring_seconds: int | None = None
    delay_seconds: int = 0
    verified: bool = False
    hours: Hours = ()


class SkippedMember(Discreet, frozen=True, array_like=True, gc=False):
    """A member of the group who does not ring, and why; for the ledger and for `extgroup check`."""

    id: int
    number: str
    reason: str


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """An external group as a call uses it.

    `gateways` are the ids of the gateways that accept `outbound_number`, best first. An answered call that ends before
    `min_talk_seconds` counts as missed for the SMS; 0: every answer counts.
    `gateways` are the ids of the gateways that accept `outbound_number`. `refusal` is why it cannot ring, found when it
    was compiled (outbound number disabled, nobody enabled, …); None: it can. `can_call_out`: whether its outbound
    number can, so that a fallback number may ring. At most one of the three fallbacks is set. `waiting_sound`: what the
    caller hears while it rings, as the edge's files name it (`kemi.table.sounds`). `record_days`: how long
    recordings are kept; None: there are none. `announcement`: what he hears once before anybody rings, and how long.
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
    refusal: str | None = None
    can_call_out: bool = True
    early_media: EarlyMedia = "ringback"
    all_refused_code: int = 603
    fallback_group: int | None = None
    fallback_number: str | None = None
    fallback_code: int | None = None
    waiting_sound: str | None = None
    record_days: int | None = None
    announcement: str | None = None
    announcement_ms: int = 0


class Hotline(msgspec.Struct, frozen=True, omit_defaults=True):
    """A hotline: its own switches, and which group rings.

    `refusal` is why it cannot ring, found when it was compiled; None: `group` rings where no `schedule` holds (None:
    then it is closed). `max_calls`: most at once, None = no limit; `over_limit_code`: what one more gets.
    """

    id: int
    number: str
    tenant_id: int
    expires_at: int | None
    refusal: str | None
    group: int | None
    schedule: Schedule | None = None
    closed_code: int = 480
    max_calls: int | None = None
    over_limit_code: int = 486


class Tenant(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The company that owns hotlines and groups.

    `withheld_sms`: what members are told of a caller whose number is not known. `destinations`: prefixes of the numbers
    that its members may have.
    """

    id: int
    name: str
    enabled: bool
    plan_id: int
    withheld_sms: WithheldSms = "none"
    time_zone: str = "Asia/Ho_Chi_Minh"
    plan_expires_at: int | None = None
    destinations: tuple[str, ...] = ("+84",)


class Plan(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a tenant has bought; None = no limit.

    `max_members`: most members that a call rings. `destinations`: prefixes of the members' numbers, () = all.
    `max_calls`: most calls of a tenant at once; `over_limit_code`: what one more gets.
    """

    id: int
    name: str
    max_members: int | None
    verified_members_only: bool = False
    destinations: tuple[str, ...] = ()
    max_call_seconds: int | None = None
    max_calls: int | None = None
    over_limit_code: int = 486


class Gateway(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A carrier's SIP address that legs are sent to.

    `from_host`: host part of From and the like towards it; None = the edge's own. `prefixes`: of the members' numbers
    that it takes, () = all. `proxy`: "address" or "address:port" that its requests are sent to, IPv6 in brackets; None
    = `host` and `port`. `max_channels`, `max_calls_per_second`: None = no limit. `probe_seconds`: 0 = no OPTIONS.
    `unspoken`: it speaks TCP and the edge does not (SIP_TCP); then it is not enabled, either.
    """

    id: int
    name: str
    host: str
    port: int
    transport: Transport
    number_format: NumberFormat
    from_host: str | None
    identity: Identity
    enabled: bool
    priority: int = 1
    weight: int = 1
    prefixes: tuple[str, ...] = ()
    proxy: str | None = None
    max_channels: int | None = None
    max_calls_per_second: int | None = None
    first_response_ms: int = 5000
    probe_seconds: int = 0
    media: MediaWay = "anchored"
    srtp: bool = False
    media_family: int | None = None
    unspoken: bool = False


class TrunkAddress(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An IP address that calls are taken from, and the trunk it belongs to.

    `max_calls_per_second` is the trunk's, over all its addresses; None = no limit. A call's voice goes through an
    rtpengine unless its trunk and all its gateways say `direct`; `without_media`: what it does where none answers.
    """

    trunk_id: int
    trunk_name: str
    max_calls_per_second: int | None = None
    over_limit_code: int = 503
    media: MediaWay = "anchored"
    without_media: WithoutMedia = "refuse"
