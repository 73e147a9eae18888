"""Every step of every call broken on purpose, one at a time: nothing unmasked leaves, nothing escapes into Kamailio."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.fakes.machine import PASS
from tests.fakes.parties import MEMBER_SDP, Caller
from tests.fakes.state import Call
from tests.fakes.world import SDP, World
from tests.unit.hunted_plays import hunted, hunted_in_vain, later, shorter
from tests.unit.hunting_plays import fallen_back, heard, limited, woken

Play = Callable[[World], None]


def answered(world: World) -> None:
    """A call that is answered, held, and ended by the caller."""
    caller = Caller(world)
    for member in caller.calls("02727777787", "Privacy: none\r\nSubject: hi\r\nX-Any: 1\r\n"):
        member.replies(180)
        member.answers()
    if 200 in caller.saw:
        caller.sends("ACK", 1)
        caller.sends("INVITE", 2, "Content-Type: application/sdp\r\n", SDP)
        _gateway_answers(world)
        caller.sends("BYE", 3)
        _gateway_answers(world)


def ended_by_the_member(world: World) -> None:
    """A call that the member holds and ends."""
    caller = Caller(world)
    for member in caller.calls()[:1]:
        member.answers()
        if 200 in caller.saw:
            for sent in member.sends("INVITE", "Content-Type: application/sdp\r\n", MEMBER_SDP):
                if not sent.status and sent.to == world.TRUNK:
                    world.kam.reply(sent, 200, "Nguyen says OK", "X-Phone: 0909789846\r\n", SDP.encode())
            member.sends("BYE")


def refused(world: World) -> None:
    """A call that all refuse, with words and headers that tell who they are."""
    for member, code in zip(Caller(world).calls(), (486, 404, 603), strict=False):
        member.replies(code, 'Warning: 399 10.8.8.8 "Nam"\r\nContent-Type: text/plain\r\n', f"I am {member.number}")


def hung_up(world: World) -> None:
    """A call that the caller gives up."""
    caller = Caller(world)
    members = caller.calls()
    for member in members:
        member.replies(183, "Content-Type: application/sdp\r\n", MEMBER_SDP)
    caller.cancels()
    for member in members:
        member.replies(487)
    if any(code >= 300 for code in caller.saw):
        caller.acks_refusal()


def timed_out(world: World) -> None:
    """A call that nobody answers."""
    for member in Caller(world).calls()[:2]:
        member.replies(180)
    if world.kam.calls_in_progress():
        world.kam.time_runs_out()


def turned_away(world: World) -> None:
    """Calls that never fork."""
    caller = Caller(world)
    caller.calls("0999999999")
    caller.calls(source=world.STRANGER)
    caller.cancels()


OF_THE_CALLER: Final = (
    b"909789846",
    b"Nguyen",
    b"AlicePhone",
    b"alice",
    b"10.9.9.9",
    b"c1-private",
    b"fromtag",
    b"X-Any",
)
OF_THE_MEMBERS: Final = (b"8444419", b"987654321", b"Anh Nam", b"NamPhone", b"10.8.8.8", b"GatewayOf", b"Warning")
_SHORT: Final = (answered, ended_by_the_member, refused, hung_up, timed_out, turned_away)
_HUNTS: Final = (hunted, hunted_in_vain, later, shorter, heard, woken, fallen_back, limited)
PLAYS: Final[dict[str, Play]] = {play.__name__: play for play in (*_SHORT, *_HUNTS)}


def _gateway_answers(world: World) -> None:
    last = [sent for sent in world.kam.sent if sent.to == world.GATEWAY and not sent.status][-1]
    if last.message.method not in ("CANCEL", "ACK"):
        more = "Contact: <sip:0844441909@127.0.0.20:5060>\r\nServer: Nam\r\nContent-Type: application/sdp\r\n"
        world.kam.reply(last, 200, "Nam says OK", more, MEMBER_SDP.encode())


def run(play: Play, fault: Callable[[Call], Any] | None) -> World:
    """Play a call with a fault in it."""
    world = World()
    world.kam.lenient = True
    world.kam.fault = fault
    play(world)
    return world


def safe(world: World) -> list[str]:
    """Return what went wrong: leaks, and exceptions that reached Kamailio."""
    return spilled(world) + [f"{name} raised {error!r}" for name, error in world.kam.escaped]


def spilled(world: World) -> list[str]:
    """Return where a planted word of one side reached the other; plain, for it runs a thousand times."""
    found = []
    for sent in world.kam.sent:
        is_member = sent.to[0] == world.GATEWAY[0]
        words: tuple[bytes, ...] = OF_THE_CALLER if is_member else OF_THE_MEMBERS
        if sent.to == world.kam.listen:  # a clock's: nobody's
            words = OF_THE_CALLER + OF_THE_MEMBERS
        for word in words:
            if word in sent.data and not (is_member and sent.status):
                line = next(each for each in sent.data.split(b"\r\n") if word in each)
                found.append(f"{sent.data[:30]!r} to {sent.to[0]} has {line!r}")
    return found


def at(number: int, effect: Callable[[], Any]) -> Callable[[Call], Any]:
    """Return a fault that hits the one call `number`."""
    return lambda call: effect() if call.number == number else PASS


def of(name: str, effect: Callable[[], Any]) -> Callable[[Call], Any]:
    """Return a fault that hits every call of one function."""
    return lambda call: effect() if call.name == name else PASS


def raising() -> Any:
    """Raise, each time a new error: one raised again and again would keep every traceback, and all it holds."""
    raise RuntimeError("broken on purpose 0909789846")


@pytest.mark.parametrize("name", PLAYS)
def test_a_sound_call_is_safe(name: str) -> None:
    """The ground that the faults stand on."""
    world = run(PLAYS[name], None)
    assert safe(world) == [str(leak) for leak in world.leaks()] == []
    assert world.kam.misuses == []


@pytest.mark.parametrize("name", PLAYS)
def test_any_single_call_of_ksr_may_raise(name: str) -> None:
    """Each in turn, in every callback."""
    total = len(run(PLAYS[name], None).kam.calls)
    found = {}
    for number in range(total):
        world = run(PLAYS[name], at(number, raising))
        if wrong := safe(world):
            call = world.kam.calls[number]
            found[f"{number} {call.name} in {call.route}"] = wrong[:2]
    assert found == {}


@pytest.mark.parametrize("name", PLAYS)
def test_any_single_call_of_ksr_may_say_no(name: str) -> None:
    """-1, False or None instead of what was hoped for; but for the -1 that ends every walk over the headers."""
    sound = run(PLAYS[name], None).kam
    no = {"int": -1, "bool": False, "none": 0, "xval": None}
    found = {}
    for call in (each for each in sound.calls if each.name != "textopsx.hf_iterator_next"):
        refusal = no[sound.specs[call.name].returns]
        world = run(PLAYS[name], at(call.number, lambda refusal=refusal: refusal))  # type: ignore[misc]
        if wrong := safe(world):
            found[f"{call.number} {call.name} in {call.route}"] = wrong[:2]
    assert found == {}


# Without set_drop nothing can be held back: that one function must work.
ALWAYS: Final = sorted({call.name for play in PLAYS.values() for call in run(play, None).kam.calls} - {"set_drop"})


@pytest.mark.parametrize("function", ALWAYS)
def test_a_function_of_ksr_that_always_raises_lets_nothing_through(function: str) -> None:
    """Also when the guard itself needs it."""
    found = {}
    for name, play in PLAYS.items():
        world = run(play, of(function, raising))
        if leaks := spilled(world):
            found[name] = leaks[:2]
    assert found == {}


PARTS: Final = ("_calls.invite", "_dialogs.relay", "_replies.block", "_sink.put", "_table.trunk_address", "_keys.seal")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("error", [RuntimeError("x"), ValueError("x"), MemoryError(), RecursionError(), KeyError("k")])
def test_a_part_of_ours_that_always_raises_lets_nothing_through(part: str, error: BaseException) -> None:
    """Every request still has a reply, or is an ACK."""
    for play in PLAYS.values():
        world = World()
        world.kam.lenient = True
        holder, _, method = part.partition(".")

        def broken(*_args: Any, **_more: Any) -> Any:
            raise error

        setattr(getattr(world.kam.handler, holder), method, broken)
        play(world)
        assert safe(world) == []
        assert world.kam.misuses == []


@pytest.mark.parametrize("count", range(1, 12))
def test_a_sink_that_fails_in_the_middle_lets_nothing_through(count: int) -> None:
    """The first events are written, the next one is not."""
    for play in PLAYS.values():
        world = World()
        world.kam.lenient = True
        keep = world.sink.put

        def put(event: Any, world: World = world, keep: Callable[[Any], None] = keep) -> None:
            if len(world.sink.events) >= count:
                raise OSError("disk full")
            keep(event)

        world.sink.put = put  # type: ignore[method-assign]
        play(world)
        assert safe(world) == []
