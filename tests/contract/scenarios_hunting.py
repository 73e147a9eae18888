"""Scenarios of calls in which a leg goes on to another gateway."""

from tests.contract.play import Play, scenario


@scenario
def a_leg_goes_on_while_the_other_rings(play: Play) -> None:
    """The new branch has the branch callback, and a mark of its own; the loser is cancelled in the end."""
    play.invite("fails over", more="Subject: hello\r\n")
    play.reply(1, 180)
    play.reply(0, 503)
    assert len(play.legs()) == 3
    play.reply(2, 180)
    play.reply(2, 200, more="Contact: <sip:m@h>\r\n")
    assert play.caller_saw() == [180, 180, 200]
    assert [m.parts[1].split(b"@")[0] for m in play.at_gateway("CANCEL")] == [b"sip:leg1"]


@scenario
def the_last_leg_goes_on_and_the_failure_route_waits(play: Play) -> None:
    """It runs when nothing is open any more; each branch's mark is what its own replies made of it."""
    play.invite("fails over")
    play.reply(1, 486)
    play.reply(0, 180)
    play.reply(0, 503)
    play.reply(2, 503)
    assert len(play.legs()) == 4
    assert play.caller_saw() == [180]
    play.reply(3, 503)
    assert len(play.legs()) == 4
    assert play.caller_saw() == [180, 480]


@scenario
def nothing_goes_on_after_the_callers_cancel(play: Play) -> None:
    """Its 487s run the branch-failure route, which is told."""
    play.invite("fails over")
    play.reply(0, 180)
    play.reply(1, 180)
    play.cancel()
    play.reply(0, 487)
    play.reply(1, 503)
    assert len(play.legs()) == 2
    assert play.caller_saw()[-1] == 487


@scenario
def an_answer_ends_it(play: Play) -> None:
    """A 503 after it runs no branch-failure route."""
    play.invite("fails over")
    play.reply(0, 180)
    play.reply(0, 200, more="Contact: <sip:m@h>\r\n")
    play.reply(1, 503)
    assert len(play.legs()) == 2
    assert play.caller_saw() == [180, 200]
