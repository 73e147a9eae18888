"""Calls that hunt, played on the fake: one after the other, through another gateway, later, not for as long."""

import msgspec

from tests.fakes.parties import Caller, Member
from tests.fakes.world import World


def hunting(world: World, strategy: str = "sequential", **of_second: int) -> Caller:
    """Give the group a strategy, a second gateway, and its second member times of his own; nobody has called yet."""
    group, gateway = world.table.groups[1], world.table.gateways[1]
    first, second, third = group.members
    members = (first, msgspec.structs.replace(second, **of_second), third)
    world.table.groups[1] = msgspec.structs.replace(group, strategy=strategy, gateways=(1, 2), members=members)
    world.table.gateways[2] = msgspec.structs.replace(gateway, id=2, name="second", number_format="e164", priority=2)
    return Caller(world)


def rung(world: World) -> list[Member]:
    """Every leg so far, in the order in which the INVITEs left."""
    out = [sent for sent in world.kam.sent if sent.what == "request" and sent.to == world.GATEWAY and sent.is_readable]
    return [Member(world, sent) for sent in out if sent.message.method == "INVITE"]


def last(world: World) -> Member | None:
    """The leg that was rung last; None, where a fault has left none."""
    legs = rung(world)
    return legs[-1] if legs else None


def hunted(world: World) -> None:
    """The first one's gateway fails, so does the other; the second is busy; the third answers."""
    caller = hunting(world)
    caller.calls()
    for code in (503, 500, 486):
        if (leg := last(world)) is not None:
            leg.replies(180) if code == 486 else None
            leg.replies(code, 'Warning: 399 10.8.8.8 "Nam"\r\n')
    if (leg := last(world)) is not None:
        leg.answers()
    if 200 in caller.saw:
        caller.sends("ACK", 1)


def hunted_in_vain(world: World) -> None:
    """Silence through both gateways, then no answer, then the caller gives up."""
    caller = hunting(world)
    caller.calls()
    for rings in (False, False, True):
        if rings and (leg := last(world)) is not None:
            leg.replies(180)
        if world.kam.calls_in_progress() and world.kam.calls_in_progress()[-1].status < 200:
            world.kam.time_runs_out()
    caller.cancels()
    if (leg := last(world)) is not None:
        leg.replies(180)
        leg.replies(487)


def later(world: World) -> None:
    """The second rings later than the others, and answers."""
    caller = hunting(world, "simultaneous", delay_seconds=5)
    caller.calls()
    world.kam.hears_itself()
    for leg in rung(world):
        leg.replies(180)
    world.uptime += 5
    world.kam.wakes_up()
    if (late := last(world)) is not None:
        late.answers()
    world.kam.hears_itself()
    if 200 in caller.saw:
        caller.sends("ACK", 1)


def shorter(world: World) -> None:
    """The second rings for three seconds, the others for six; all end, and the clock with them."""
    caller = hunting(world, "simultaneous", ring_seconds=3, delay_seconds=0)
    caller.calls()
    world.kam.hears_itself()
    for leg in rung(world):
        leg.replies(180)
    world.uptime += 3
    world.kam.wakes_up()
    for leg in rung(world):
        leg.replies(487 if leg.was_cancelled else 603)
    world.kam.hears_itself()
    if any(code >= 300 for code in caller.saw):
        caller.acks_refusal()
