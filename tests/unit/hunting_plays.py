"""Whole calls that do not ring everybody at once, on the fake: what `test_router_faults` breaks step by step."""

from typing import Any, Final

import msgspec

from kemi.admission import Admission
from kemi.domain.model import Group, Member, Plan
from tests.fakes.parties import MEMBER_SDP, Caller
from tests.fakes.parties import Member as Telephone
from tests.fakes.state import Sent
from tests.fakes.world import HOTLINE, World

from kemi.ksr.counters import OpenCalls, SharedCounters  # isort: skip
from kemi.ksr.counting import CountingSink  # isort: skip

_SOUND: Final = "Content-Type: application/sdp\r\n"
_NASTY: Final = 'Warning: 399 10.8.8.8 "Nam"\r\nReason: SIP;text="0844441909"\r\nSubject: Anh Nam\r\n'
_OTHER_PORT: Final = 5070


def heard(world: World) -> None:
    """One after the other: one gateway fails, a member is busy, one does not answer, one does and is hung up."""
    _set(world, strategy="sequential", early_media="first", gateways=(1, 2))
    caller = Caller(world)
    caller.calls()
    for code in (503, 183, 486):
        _newest(world, code)
    _newest(world, 180)
    _time(world)
    _newest(world, 200)
    _hangs_up(caller)


def woken(world: World) -> None:
    """Who was to ring later rings at once, for all others have refused; and answers."""
    members = list(world.table.groups[1].members)
    members[2] = msgspec.structs.replace(members[2], delay_seconds=20)
    _set(world, members=tuple(members), strategy="simultaneous")
    caller = Caller(world)
    caller.calls()
    world.kam.hears_itself()
    _all(world, 486)
    world.kam.hears_itself()
    _newest(world, 180)
    _newest(world, 200)
    _hangs_up(caller)


def fallen_back(world: World) -> None:
    """Nobody takes it, the other group does."""
    _set(world, fallback_group=2, strategy="longest_idle")
    world.table.groups[2] = Group(
        2, "Ca dem", "simultaneous", HOTLINE, None, 6, True, "offered", (Member(9, "+84844441999", True),), (), (1,)
    )
    caller = Caller(world)
    caller.calls()
    for code in (486, 603, 404, 183, 200):
        _newest(world, code)
    _hangs_up(caller)


def limited(world: World) -> None:
    """A call that is counted and whose length is limited, in turn, through gateways with few channels."""
    for key in (1, 2):
        _set(world, strategy="round_robin", gateways=(1, 2))
        world.table.gateways[key] = msgspec.structs.replace(world.table.gateways[key], max_channels=1)
    world.table.hotlines[HOTLINE] = msgspec.structs.replace(world.table.hotlines[HOTLINE], max_calls=3)
    world.table.plan = lambda plan_id: Plan(plan_id, "short", None, max_call_seconds=60)  # type: ignore[method-assign]
    router: Any = world.kam.handler
    counters = SharedCounters()
    sink = CountingSink(world.sink, OpenCalls(counters))
    router._calls._admission = Admission(counters)
    router._sink = router._strays._sink = sink
    caller = Caller(world)
    caller.calls()
    for code in (503, 486, 180, 200):
        _newest(world, code)
    _hangs_up(caller)


def held(world: World) -> dict[str, int]:
    """Return the counters that are not 0."""
    return {key: int(value) for key, value in world.kam.tables.get("limits", {}).items() if value}


def _set(world: World, **columns: Any) -> None:
    world.table.groups[1] = msgspec.structs.replace(world.table.groups[1], **columns)
    first = world.table.gateways[1]
    world.table.gateways.setdefault(2, msgspec.structs.replace(first, id=2, name="other", port=_OTHER_PORT))


def _legs(world: World) -> list[Sent]:
    return [
        sent
        for sent in world.kam.sent
        if sent.what == "request" and sent.to[0] == world.GATEWAY[0] and sent.message.method == "INVITE"
    ]


def _newest(world: World, code: int) -> None:
    """Let the leg that was rung last say something, with all that tells who it is."""
    if legs := _legs(world):
        telephone = Telephone(world, legs[-1])
        more, body = (_SOUND, MEMBER_SDP) if code in (183, 200) else ("", "")
        telephone.replies(code, _NASTY + more, body)
        world.kam.hears_itself()


def _all(world: World, code: int) -> None:
    for sent in _legs(world):
        Telephone(world, sent).replies(code, _NASTY)


def _time(world: World) -> None:
    if world.kam.calls_in_progress():
        world.kam.time_runs_out(world.kam.calls_in_progress()[0])


def _hangs_up(caller: Caller) -> None:
    if 200 in caller.saw:
        caller.sends("ACK", 1)
        caller.sends("BYE", 3)
