"""One call as the workers tell it, event by event: two mobiles and a landline ring, a fourth member is skipped."""

from typing import Any

import msgspec

from kemi.domain.events import (
    Answered,
    AnsweredElsewhere,
    Ended,
    Event,
    Failed,
    Missed,
    OfferedLeg,
    Rang,
    Received,
    Refused,
    SkippedLeg,
    Stamped,
)

RECEIVED = Received(
    call="c1",
    trunk_id=1,
    tenant_id=2,
    hotline_id=3,
    hotline="+842727777787",
    group_id=4,
    outbound="+842727777787",
    caller="+84909789846",
    withheld=False,
    sip_call_id="x@y",
    ring_seconds=30,
    notify_members=True,
    notify_missed="offered",
    legs=(
        OfferedLeg(0, 0, 10, "+84844441909", 7, True),
        OfferedLeg(1, 0, 11, "+84844441910", 7, True),
        OfferedLeg(2, 0, 12, "+842838123456", 7, False),
    ),
    skipped=(SkippedLeg(13, "+842727777787", "is one of our hotlines"),),
)
RANG_0, RANG_1 = Rang("c1", 0, 0, 180), Rang("c1", 1, 0, 183)
ANSWERED_0, ANSWERED_1, LATE_1 = Answered("c1", 0, 0), Answered("c1", 1, 0), AnsweredElsewhere("c1", 1, 0)
BUSY_1, OFF_2 = Failed("c1", 1, 0, 486, "busy"), Failed("c1", 2, 0, 480, "no_answer")
GAVE_UP, TIMED_OUT = Missed("c1", "caller_gave_up", 487), Missed("c1", "no_answer", 480)
ALL_REFUSED, NOT_SENT = Missed("c1", "all_refused", 486), Missed("c1", "not_sent", 503)
BYE = Ended("c1", 0, "member")
REFUSED = Refused("c1", 1, None, None, "0999", None, True, "x@y", "no such hotline", 404)


def changed(**fields: Any) -> Received:
    return msgspec.structs.replace(RECEIVED, **fields)


def stamp(*events: Event, instance: str = "edge-b-1", step_us: int = 1_000_000) -> list[Stamped]:
    """Stamp `events` one second apart; the wall clock starts at 10 s, the monotonic one at 500 s."""
    return [
        Stamped(f"{instance}-9.{seq}", seq, instance, 10_000_000 + seq * step_us, (500 + seq) * 10**9, event)
        for seq, event in enumerate(events)
    ]


def of_call(call: str, *events: Any) -> list[Any]:
    """Return `events` as those of another call."""
    return [msgspec.structs.replace(event, call=call) for event in events]
