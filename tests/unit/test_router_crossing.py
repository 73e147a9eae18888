"""A leg's first provisional reply while the winner's worker is between the 200 and that leg's CANCEL."""

import pytest

from tests.fakes.parties import Caller, Member
from tests.fakes.state import Branch
from tests.fakes.world import World


def crossed(world: World) -> tuple[Member, Branch]:
    """Carol, whose leg the winner's worker has not come to yet, and the branch that it will take for a silent one."""
    bob, carol, _ = Caller(world).calls()
    bob.answers()
    [branch] = [one for one in world.kam.calls_in_progress()[-1].branches if one.index == carol.invite.branch]
    branch.canceled = False
    world.kam.take()
    return carol, branch


@pytest.mark.parametrize("code", [100, 180, 183])
def test_its_cancel_is_not_forgotten(world: World, code: int) -> None:
    carol, branch = crossed(world)
    carol.replies(code)
    assert not carol.was_cancelled
    branch.canceled = True  # now he has been there, and has sent nothing
    world.kam.hears_itself()
    assert carol.was_cancelled


def test_what_crossed_reaches_nobody_and_is_no_ringing(world: World) -> None:
    carol, _ = crossed(world)
    carol.replies(180)
    assert [one.to for one in world.kam.take()] == [world.kam.listen]
    assert world.sink.kinds() == ["received", "answered"]


def test_it_does_not_go_on_for_ever(world: World) -> None:
    """A leg that nobody comes to."""
    carol, _ = crossed(world)
    carol.replies(180)
    world.kam.hears_itself()
    assert [int(one.message.parts[2]) for one in world.kam.take()] == list(range(1, 21))


def test_a_leg_that_has_refused_is_let_be(world: World) -> None:
    """Its 180 has been overtaken by its 486: there is nothing to be cancelled."""
    bob, carol, _ = Caller(world).calls()
    carol.replies(486)
    bob.answers()
    world.kam.take()
    carol.replies(180)
    assert world.kam.take() == []


def test_a_reply_that_is_no_text_is_sent_again_all_the_same(world: World) -> None:
    carol, branch = crossed(world)
    world.kam.receive(carol.reply(180).replace(b"Server: ", b"Server: \xff\xfe"), world.GATEWAY)
    branch.canceled = True
    world.kam.hears_itself()
    assert carol.was_cancelled
