"""A call as the ledger hears of it when it begins."""

from kemi.domain.events import OfferedLeg, Received, SkippedLeg
from kemi.domain.identity import Caller
from kemi.domain.limits import Held
from kemi.domain.model import TrunkAddress
from kemi.domain.redaction import redacted
from kemi.domain.routing import Fork, Leg


def recorded(call_id: str, who: Caller) -> str:
    """Return the Call-ID as the ledger has it: some telephones put their number there, and it may be withheld."""
    return redacted(call_id) if who.withheld else call_id


def received(
    call: bytes, trunk: TrunkAddress, fork: Fork, who: Caller, sip_call_id: str, held: Held | None
) -> Received:  # fmt: skip
    """Return the event that a call begins with; `sip_call_id` as `recorded` gave it."""
    hotline, group = fork.hotline, fork.group
    return Received(
        call=call.hex(),
        trunk_id=trunk.trunk_id,
        tenant_id=hotline.tenant_id,
        hotline_id=hotline.id,
        hotline=hotline.number,
        group_id=group.id,
        outbound=group.outbound_number,
        caller=who.number,
        withheld=who.withheld,
        sip_call_id=sip_call_id,
        ring_seconds=group.ring_seconds,
        notify_members=group.notify_members,
        notify_missed=group.notify_missed,
        withheld_sms=fork.tenant.withheld_sms,
        min_talk_seconds=group.min_talk_seconds,
        legs=tuple(_offered(leg) for leg in fork.legs),
        skipped=tuple(SkippedLeg(one.id, one.number, one.reason) for one in fork.skipped),
        counted=() if held is None else held.keys,
    )


def _offered(leg: Leg) -> OfferedLeg:
    member = leg.member
    return OfferedLeg(leg.number, leg.attempt, member.id, member.number, leg.gateway.id, member.can_text)
