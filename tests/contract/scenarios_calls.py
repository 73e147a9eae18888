"""Scenarios of whole calls: forks, answers, refusals, CANCEL, timeouts."""

from tests.contract.play import Play, scenario
from tests.fakes.kamailio import answer
from tests.fakes.state import Sent


@scenario
def a_plain_fork_is_answered_and_the_loser_cancelled(play: Play) -> None:
    play.invite("plain fork", vias="Via: SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKdeep;rport\r\n")
    play.reply(0, 180)
    play.reply(1, 180)
    play.reply(1, 200, more="Contact: <sip:m@h>\r\n")
    assert [m.text("reason") for m in play.at_gateway("CANCEL")] == ['SIP;cause=200;text="Call completed elsewhere"']
    assert play.caller_saw() == [180, 180, 200]


@scenario
def tm_picks_404(play: Play) -> None:
    play.invite("plain fork")
    for leg, code in enumerate((486, 404, 503)):
        play.reply(leg, code)
    assert play.caller_saw() == [404]


@scenario
def a_503_becomes_500(play: Play) -> None:
    play.invite("plain fork")
    for leg in range(3):
        play.reply(leg, 503)
    assert play.caller_saw() == [500]


@scenario
def each_leg_has_its_own_headers_and_so_has_its_cancel(play: Play) -> None:
    play.invite("masked legs")
    play.reply(0, 180)
    play.reply(1, 486)
    play.reply(2, 200)
    assert [leg.text("call-id") for leg in play.legs()] == ["leg-0", "leg-1", "leg-2"]
    assert [m.text("call-id") for m in play.at_gateway("CANCEL")] == ["leg-0"]
    assert [m.text("from") for m in play.at_gateway("ACK")] == ["<sip:hot@h>;tag=leg"]


@scenario
def a_header_removed_twice_is_removed_once(play: Play) -> None:
    play.invite("removed twice")
    assert all(leg.text("from") == "<sip:hot@h>;tag=leg" and len(leg.all("from")) == 1 for leg in play.legs())


@scenario
def flags_and_avps_live_with_the_transaction(play: Play) -> None:
    play.invite("flags")
    play.reply(0, 183)
    play.reply(0, 486)
    play.reply(1, 486)
    assert play.caller_saw() == [183, 480]


@scenario
def a_dropped_branch_takes_no_index(play: Play) -> None:
    play.invite("drop first")
    assert [leg.parts[1].split(b"@")[0] for leg in play.legs()] == [b"sip:leg1", b"sip:leg2"]


@scenario
def all_branches_dropped_is_an_error(play: Play) -> None:
    play.invite("drop all")
    assert (play.legs(), play.caller_saw(), play.saw()) == ([], [503], [["int:-6"]])


@scenario
def a_dropped_180_leaves_its_leg_without_cancel(play: Play) -> None:
    play.invite("drop 180")
    play.reply(0, 180)
    play.reply(1, 200)
    assert play.caller_saw() == [200]
    assert play.at_gateway("CANCEL") == []


@scenario
def a_dropped_180_behind_a_100_does_not(play: Play) -> None:
    play.invite("drop 180")
    play.reply(0, 100)
    play.reply(0, 180)
    play.reply(1, 200)
    assert len(play.at_gateway("CANCEL")) == 1


@scenario
def a_180_reworded_to_100_stays_here_and_is_known(play: Play) -> None:
    play.invite("180 as 100")
    play.reply(0, 180)
    play.reply(1, 200)
    assert play.caller_saw() == [200]
    assert len(play.at_gateway("CANCEL")) == 1


@scenario
def a_final_cannot_be_dropped_in_on_reply(play: Play) -> None:
    play.invite("drop final")
    play.reply(0, 200)
    assert play.caller_saw() == [200]


@scenario
def a_200_cannot_be_made_a_refusal_in_on_reply(play: Play) -> None:
    play.invite("200 as 500")
    play.reply(0, 180)
    play.reply(1, 200)
    assert play.caller_saw() == [180, 200]
    assert play.saw() == [["int:-1"]]


@scenario
def a_datagram_of_ours_leaves_from_our_socket(play: Play) -> None:
    play.invite("plain fork")
    stray = play.answer_of(0, 200).replace(b"X-Case: plain fork", b"X-Case: answer a stray")
    play.room.send("gateway", stray)
    play.room.settle()
    assert [len(play.at_gateway(method)) for method in ("ACK", "BYE")] == [1, 1]
    assert play.caller_saw() == []


@scenario
def a_request_of_our_own_has_a_transaction_that_takes_its_answer(play: Play) -> None:
    play.invite("plain fork")
    stray = play.answer_of(0, 200).replace(b"X-Case: plain fork", b"X-Case: hang up a stray")
    play.room.send("gateway", stray)
    play.room.settle()
    [bye] = play.at_gateway("BYE")
    assert bye.text("from") == "<sip:h;x=1>;tag=a"
    ok = answer(Sent(("gateway", 0), bye.buf, "request"), 200, more="X-Case: hang up a stray\r\n")
    play.room.send("gateway", ok)
    play.room.settle()
    assert play.caller_saw() == []


@scenario
def anything_can_be_dropped_before_tm(play: Play) -> None:
    play.invite("core drop")
    play.reply(0, 180)
    play.reply(0, 200)
    assert play.caller_saw() == []


@scenario
def a_603_does_not_end_the_hunt_when_told_so(play: Play) -> None:
    play.invite("six hundred")
    play.reply(0, 180)
    play.reply(1, 603)
    assert (play.at_gateway("CANCEL"), play.caller_saw()) == ([], [180])


@scenario
def a_603_ends_the_hunt_otherwise(play: Play) -> None:
    play.invite("plain fork")
    play.reply(0, 180)
    play.reply(1, 603)
    assert [m.text("reason") for m in play.at_gateway("CANCEL")] == ["SIP;cause=603"]


@scenario
def a_to_made_neutral_early_is_in_the_cancel(play: Play) -> None:
    play.invite("neutral to")
    play.reply(0, 180)
    play.cancel()
    assert [m.text("to") for m in play.at_gateway("CANCEL")] == ["<sip:neutral@h>"]


@scenario
def the_thirty_first_branch_is_refused(play: Play) -> None:
    play.invite("too many")


@scenario
def the_caller_hangs_up(play: Play) -> None:
    play.invite("canceled")
    play.reply(0, 180)
    play.cancel()
    assert [m.text("reason") for m in play.at_gateway("CANCEL")] == [""]
    play.reply(0, 487)
    play.reply(1, 180)
    assert len(play.at_gateway("CANCEL")) == 2
    play.reply(1, 487)
    assert play.caller_saw() == [180, 200, 480]


@scenario
def a_200_crosses_the_cancel(play: Play) -> None:
    play.invite("canceled")
    play.reply(0, 180)
    play.cancel()
    play.reply(0, 200)
    assert play.caller_saw() == [180, 200, 200]


@scenario
def a_cancel_of_nothing(play: Play) -> None:
    play.cancel()
    assert (play.caller_saw(), play.saw()) == ([481], [["int:-1"]])


@scenario
def nobody_answers(play: Play) -> None:
    play.invite("timeout")
    play.reply(0, 180)
    play.room.time_runs_out()
    assert play.caller_saw() == [180, 480]
    assert [m.text("reason") for m in play.at_gateway("CANCEL")] == [""]


@scenario
def a_late_200_is_still_relayed(play: Play) -> None:
    play.invite("plain fork")
    play.reply(0, 180)
    play.reply(1, 200)
    play.reply(0, 200)
    assert play.caller_saw() == [180, 200, 200]


@scenario
def a_retransmitted_invite_forks_nothing(play: Play) -> None:
    play.invite("plain fork")
    play.invite("plain fork")
    assert len(play.legs()) == 3
