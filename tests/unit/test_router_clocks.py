"""Calls that do not ring everybody at once, on the fake: what leaves, what is written down, what is left behind."""

import msgspec
import pytest

from kemi.domain.model import Group, Member
from kemi.hunting import sent_via
from tests.fakes.parties import Caller
from tests.fakes.parties import Member as Telephone
from tests.fakes.state import Sent
from tests.fakes.world import HOTLINE, World
from tests.unit import hunting_plays
from tests.unit.test_router_faults import run, safe

ENDS = {
    "heard": "ended",
    "woken": "ended",
    "fallen_back": "ended",
    "limited": "ended",
}


@pytest.mark.parametrize("name", ENDS)
def test_each_play_ends_as_it_says(name: str) -> None:
    """Else it would break nothing; and no counter is left."""
    world = run(getattr(hunting_plays, name), None)
    kinds = world.sink.kinds()
    assert kinds[-1] == ENDS[name]
    assert "offered" in kinds
    assert kinds.count("answered") == (ENDS[name] == "ended")
    assert hunting_plays.held(world) == {}


def test_a_clock_says_nothing_of_anybody() -> None:
    """Not on the wire to ourselves either: no token, no number, no name."""
    world = run(hunting_plays.woken, None)
    clocks = [sent for sent in world.kam.sent if sent.to == world.kam.listen]
    assert any(sent.data.startswith(b"INVITE sip:clock-") for sent in clocks)
    assert all(b"\r\nContact:" not in sent.data for sent in clocks if not sent.status)
    assert safe(world) == []


def test_a_repeated_invite_rings_nobody_again(world: World) -> None:
    """In any step."""
    world.table.groups[1] = msgspec.structs.replace(world.table.groups[1], strategy="sequential")
    caller = Caller(world)
    [bob] = caller.calls()
    assert caller.calls() == []
    bob.replies(486)
    events = list(world.sink.events)
    assert caller.calls() == []
    assert world.sink.events == events


@pytest.mark.parametrize("user", ["clock-1000-{call}-AAAAAAAA", "clock-1000-{call}-", "clock-", "clock-0-{call}-x"])
def test_a_clock_that_somebody_has_made_up_is_refused(world: World, user: str) -> None:
    """By a stranger, or by a trunk that has seen a call's id."""
    made_up = user.format(call="6b05fc2136d090e5e718")
    for source, code in ((world.STRANGER, 403), (world.TRUNK, 404)):
        world.kam.take()
        world.kam.receive(world.invite(made_up, f"x@{source[0]}"), source)
        assert [sent.status for sent in world.kam.take() if sent.status != 100] == [code]
    assert world.kam.asleep == []


@pytest.mark.parametrize("code", [180, 183, 200])
def test_a_clock_never_rings_nor_answers(code: int) -> None:
    """Whoever says so in its place: the caller hears nothing of it."""
    world = World()
    members = list(world.table.groups[1].members)
    members[2] = msgspec.structs.replace(members[2], delay_seconds=2)
    world.table.groups[1] = msgspec.structs.replace(world.table.groups[1], members=tuple(members))
    caller = Caller(world)
    caller.calls()
    [clock] = [sent for sent in world.kam.sent if sent.to == world.kam.listen]
    world.kam.lenient = True
    Telephone(world, clock).replies(code, "Subject: Anh Nam\r\n", "0844441909")
    assert caller.saw == []
    assert safe(world) == []


def test_the_fallback_of_a_call_that_has_no_branch_left_is_not_offered(world: World) -> None:
    """Twenty members, each tried twice as far as tm's 30 branches go; then nobody is said to have been called."""
    many = tuple(Member(i, f"+84{841_234_567 + i * 991_013}", True) for i in range(20))
    first = world.table.gateways[1]
    world.table.gateways[2] = msgspec.structs.replace(first, id=2, name="other", port=5070)
    world.table.groups[1] = msgspec.structs.replace(
        world.table.groups[1], members=many, gateways=(1, 2), fallback_group=2
    )
    world.table.groups[2] = Group(
        2, "Ca dem", "simultaneous", HOTLINE, None, 6, True, "offered", (Member(99, "+84844441999", True),), (), (1,)
    )
    Caller(world).calls()
    done: set[int] = set()
    while left := [number for number in range(len(_invites(world))) if number not in done]:
        for number in left:
            done.add(number)
            Telephone(world, _invites(world)[number]).replies(503)
        world.kam.hears_itself()
    offered = sum(len(event.legs) for event in world.sink.events if hasattr(event, "legs"))
    assert len(_invites(world)) == offered == 30
    assert world.sink.kinds()[-1] == "missed"
    world.kam.wakes_up()


@pytest.mark.parametrize(
    ("via", "sent"),
    [
        ("SIP/2.0/UDP h:1;branch=b;received=1.2.3.4;rport=5", "SIP/2.0/UDP h:1;branch=b"),
        ("SIP/2.0/UDP h:1;branch=b, SIP/2.0/UDP trunk;branch=c", "SIP/2.0/UDP h:1;branch=b"),
        ("SIP/2.0/UDP h:1;branch=b;x=\r\n 1.0 SIP/2.0/UDP other", "SIP/2.0/UDP h:1;branch=b;x= 1.0 SIP/2.0/UDP other"),
        ("SIP/2.0/UDP h:1;branch=b;x=\x0b1.0 y", "SIP/2.0/UDP h:1;branch=b;x= 1.0 y"),
        ("", ""),
    ],
)
def test_a_via_is_kept_on_one_line_and_alone(via: str, sent: str) -> None:
    """What a gateway writes into it cannot stand for another leg's."""
    assert sent_via(via) == sent


def _invites(world: World) -> list[Sent]:
    return [
        sent
        for sent in world.kam.sent
        if sent.what == "request" and sent.to[0] == world.GATEWAY[0] and sent.message.method == "INVITE"
    ]
