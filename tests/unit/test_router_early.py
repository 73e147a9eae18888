"""Early media "first": the caller hears one leg, the first that sends sound, and it is masked as an answer is."""

import msgspec
import pytest

from tests.fakes.parties import MEMBER_SDP, Caller, Member
from tests.fakes.world import HOST, World

_SDP_TYPE = "Content-Type: application/sdp\r\n"


@pytest.fixture
def first(world: World) -> World:
    """The group lets the caller hear the first."""
    world.table.groups[1] = msgspec.structs.replace(world.table.groups[1], early_media="first")
    return world


def sounds(member: Member, code: int = 183) -> None:
    """Send sound before the answer."""
    member.replies(code, _SDP_TYPE, MEMBER_SDP)


def test_the_first_sound_passes_in_its_own_early_dialog(first: World) -> None:
    """Of its SDP what an answer's would show."""
    caller = Caller(first)
    bob, *_ = caller.calls()
    sounds(bob)
    heard = caller.got[-1]
    assert (heard.status, heard.text("content-type")) == (183, "application/sdp")
    assert b"c=IN IP4 127.0.0.20" in heard.body
    assert heard.text("to").endswith(f";tag=uas-{bob.invite.to[1]}-{bob.invite.branch}")
    assert heard.text("contact")


def test_no_other_legs_sound_is_mixed_into_it(first: World) -> None:
    """Nor a 180: the caller would stop hearing."""
    caller = Caller(first)
    bob, carol, dave = caller.calls()
    sounds(bob)
    sounds(carol)
    dave.replies(180)
    assert caller.saw == [183]
    carol.answers()
    assert caller.saw == [183, 200]
    assert [member.was_cancelled for member in (bob, carol, dave)] == [True, False, True]


def test_until_then_it_rings(first: World) -> None:
    """One 180; what has no SDP is no sound."""
    caller = Caller(first)
    bob, carol, _ = caller.calls()
    bob.replies(180)
    carol.replies(183, "Content-Type: text/plain\r\n", "0844441909")
    assert caller.saw == [180]
    sounds(bob)
    sounds(bob)
    assert caller.saw == [180, 183]


def test_when_that_leg_fails_the_next_may_be_heard(first: World) -> None:
    """Not one that failed beside it."""
    caller = Caller(first)
    bob, carol, dave = caller.calls()
    sounds(bob)
    dave.replies(486)
    sounds(carol)
    assert caller.saw == [183]
    bob.replies(486)
    sounds(carol)
    assert caller.saw == [183, 183]


def test_by_default_members_sounds_become_one_180(world: World) -> None:
    """Without a body."""
    caller = Caller(world)
    bob, carol, _ = caller.calls()
    sounds(bob)
    sounds(carol)
    assert caller.saw == [180]
    assert caller.got[-1].body == b""


def test_sound_that_cannot_be_read_is_not_heard(first: World) -> None:
    """A media address that is a name: it is worth no more than a 180, and another may be heard."""
    caller = Caller(first)
    bob, carol, _ = caller.calls()
    bob.replies(183, _SDP_TYPE, MEMBER_SDP.replace("c=IN IP4 127.0.0.20", "c=IN IP4 media.example"))
    assert caller.saw == [180]
    sounds(carol)
    assert caller.saw == [180, 183]


def test_a_leg_whose_ringing_cannot_be_read_is_cancelled_like_any(world: World) -> None:
    """For a caller who wants it reliable it is read; held back, it must still be known to tm."""
    caller = Caller(world)
    bob, carol, _ = caller.calls(more="Require: 100rel\r\n")
    bob.replies(183, _SDP_TYPE, MEMBER_SDP.replace("c=IN IP4 127.0.0.20", "c=IN IP4 media.example"))
    assert caller.saw == []
    carol.answers()
    assert caller.saw == [200]
    assert bob.was_cancelled


def test_ringing_has_a_contact_and_a_tag_of_the_edges_own(world: World) -> None:
    """What begins a dialog has both (RFC 3261 §12.1.1); no member's, and nothing can be asked of it."""
    caller = Caller(world)
    bob, *_ = caller.calls()
    bob.replies(180, "Allow: X-0844441909\r\n")
    heard = caller.got[-1]
    assert (heard.status, heard.text("contact"), heard.body) == (180, f"<sip:{HOST}>", b"")
    tag = heard.text("to").partition(";tag=")[2]
    assert tag
    assert not tag.startswith("uas-")
    assert world.leaks() == []


def test_it_rings_also_where_a_gateway_mangles_vias(world: World) -> None:
    """One line for both, and the second is not the caller's: nothing of that reply passes, but he hears of it."""
    caller = Caller(world)
    bob, *_ = caller.calls()
    own, _ = bob.invite.message.vias()
    lines = bob.reply(180, "", "").partition(b"\r\nFrom:")
    world.kam.receive(
        f"SIP/2.0 180 Ringing\r\nVia: {own}, SIP/2.0/UDP bob-0844441909".encode() + b"".join(lines[1:]), world.GATEWAY
    )
    assert caller.saw == [180]
    assert world.leaks() == []
