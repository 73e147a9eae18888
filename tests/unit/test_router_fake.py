"""Whole calls of the real router on the fake Kamailio: who saw what, what was written, and that nothing leaked."""

import msgspec
import pytest

from tests.fakes.parties import MEMBER_SDP, Caller
from tests.fakes.world import SDP, World


class TestAnswered:
    def test_the_first_to_answer_wins_and_the_others_are_cancelled(self, world: World) -> None:
        """Also the one whose ringing the caller was not told of."""
        caller = Caller(world)
        bob, carol, dave = caller.calls()
        bob.replies(180)
        carol.replies(183, "Content-Type: application/sdp\r\n", MEMBER_SDP)
        dave.replies(100)
        carol.answers()
        assert caller.saw == [180, 200]
        assert bob.was_cancelled
        assert dave.was_cancelled
        assert not carol.was_cancelled
        assert [m.message.text("reason") for m in bob.got("CANCEL")] == [
            'SIP;cause=200;text="Call completed elsewhere"'
        ]
        bob.replies(487)
        dave.replies(487)
        assert caller.saw == [180, 200]
        assert world.sink.kinds() == ["received", "rang", "rang", "answered"]

    def test_every_leg_has_its_own_call_id_and_shows_the_outbound_number(self, world: World) -> None:
        """And nothing of the caller, which the fixture looks for."""
        legs = [member.invite.message for member in Caller(world).calls()]
        assert len({leg.text("call-id") for leg in legs}) == 3
        assert all("02727777787@" in leg.text("from") for leg in legs)
        assert all(leg.text("to") == "<sip:02727777787@127.0.0.1:5060>" for leg in legs)
        assert [leg.parts[1] for leg in legs] == [
            f"sip:{n}@127.0.0.20:5060".encode() for n in ("0844441909", "0844441910", "0987654321")
        ]

    def test_the_caller_sees_his_own_headers_and_standard_words(self, world: World) -> None:
        """From, Call-ID, Vias and his To with the member's tag."""
        caller = Caller(world)
        caller.calls()[0].answers()
        answer = caller.got[-1]
        assert answer.buf.startswith(b"SIP/2.0 200 OK\r\n")
        assert answer.text("from") == '"Nguyen Van A" <sip:0909789846@10.9.9.9>;tag=fromtag'
        assert answer.text("call-id") == caller.call_id
        assert answer.text("to").startswith("<sip:02727777787@127.0.0.1:5060>;tag=")
        assert len(answer.vias()) == 2
        assert "10.9.9.9:5070" in answer.vias()[1]
        assert answer.body.count(b"m=audio") == 1
        assert int(answer.text("content-length")) == len(answer.body)

    @pytest.mark.parametrize("tie", [False, True])
    def test_the_second_200_is_hung_up_and_is_no_second_answer(self, world: World, tie: bool) -> None:
        """Before tm has it; in a tie after, when tm passes on a 200 without From and To. The ledger has one winner."""
        caller = Caller(world)
        bob, carol, _ = caller.calls()
        bob.answers()
        if tie:
            world.kam.tables["answered"].clear()
        world.kam.take()
        carol.answers()
        sent = world.kam.take()
        assert [one.message.method for one in sent if one.to == world.GATEWAY] == ["ACK", "BYE"]
        passed = [one.data for one in sent if one.to == world.TRUNK]
        assert [(b"\r\nFrom:" in one, b"\r\nTo:" in one) for one in passed] == [(False, False)] * tie
        bob.answers()
        assert caller.saw[-1] == 200
        assert world.sink.kinds() == ["received", "answered", "answeredelsewhere"]
        assert world.leaks() == []

    def test_ack_and_bye_go_through_by_the_token_alone(self, world: World) -> None:
        """The caller hangs up; the member gets his own dialog's BYE, and his 200 goes back."""
        caller = Caller(world)
        bob = caller.calls()[0]
        bob.answers()
        caller.sends("ACK", 1)
        ack = bob.got("ACK")[-1].message
        caller.sends("BYE")
        bye = bob.got("BYE")[-1]
        bob.replies(200, to=bye)
        assert ack.text("from") == bye.message.text("from") == bob.invite.message.text("from")
        assert bye.message.text("to").startswith("<sip:02727777787@")
        assert bye.message.parts[1] == b"sip:0844441909@127.0.0.20:5060"
        assert caller.got[-1].method == "BYE"
        assert caller.got[-1].text("call-id") == caller.call_id
        assert world.sink.kinds()[-1] == "ended"

    def test_the_member_hangs_up(self, world: World) -> None:
        """The caller gets a BYE in his own dialog."""
        caller = Caller(world)
        bob = caller.calls()[0]
        bob.answers()
        caller.sends("ACK", 1)
        out = bob.sends("BYE")
        bye = out[-1].message
        assert out[-1].to == world.TRUNK
        assert bye.text("call-id") == caller.call_id
        assert "fromtag" in bye.text("to")
        world.kam.reply(out[-1], 200)
        assert [s.status for s in world.kam.sent if s.to == world.GATEWAY and s.status][-1] == 200

    def test_hold_and_update_go_both_ways(self, world: World) -> None:
        """With their bodies scrubbed."""
        caller = Caller(world)
        bob = caller.calls()[0]
        bob.answers()
        caller.sends("ACK", 1)
        caller.sends("INVITE", 2, "Content-Type: application/sdp\r\n", SDP)
        again = bob.got("INVITE")[-1]
        bob.replies(200, "Content-Type: application/sdp\r\n", MEMBER_SDP, to=again)
        assert caller.saw[-1] == 200
        out = bob.sends("UPDATE", "Content-Type: application/sdp\r\n", MEMBER_SDP)
        assert b"o=-" in out[-1].data
        world.kam.reply(out[-1], 200)


class TestMissed:
    def test_the_caller_hangs_up(self, world: World) -> None:
        """Every leg that spoke is cancelled, without the caller's own reason; 487 after the last."""
        caller = Caller(world)
        members = caller.calls()
        for member in members:
            member.replies(180)
        caller.cancels()
        assert all(member.was_cancelled for member in members)
        assert all(b"Nguyen" not in member.got("CANCEL")[0].data for member in members)
        for member in members:
            member.replies(487)
        assert caller.saw == [180, 200, 487]
        assert world.sink.kinds() == ["received", "rang", "rang", "rang", "missed"]
        assert world.sink.events[-1].cause == "caller_gave_up"  # type: ignore[union-attr]
        logged = len(world.kam.logged)
        caller.acks_refusal()
        assert len(world.kam.logged) == logged

    def test_a_200_that_crosses_the_cancel_is_an_answer(self, world: World) -> None:
        """Decided by what happened, not by what was asked."""
        caller = Caller(world)
        bob, *_ = caller.calls()
        bob.replies(180)
        caller.cancels()
        bob.answers()
        assert caller.saw == [180, 200, 200]
        assert world.sink.kinds()[-1] == "answered"

    def test_nobody_answers_in_time(self, world: World) -> None:
        """480, once; who rang is cancelled."""
        caller = Caller(world)
        bob, carol, _ = caller.calls()
        bob.replies(180)
        carol.replies(180)
        world.kam.time_runs_out()
        assert caller.saw == [180, 480]
        assert bob.was_cancelled
        assert carol.was_cancelled
        assert world.sink.events[-1].cause == "no_answer"  # type: ignore[union-attr]

    def test_all_refuse(self, world: World) -> None:
        """The caller gets one code of ours, in standard words; nothing of 401, 3xx or of names."""
        caller = Caller(world)
        for member, code in zip(caller.calls(), (486, 302, 401), strict=True):
            member.replies(code, 'WWW-Authenticate: Digest realm="10.8.8.8"\r\n')
        assert len(caller.saw) == 1
        assert caller.saw[0] in (480, 486, 600, 603)
        assert not caller.got[-1].all("www-authenticate")
        assert world.sink.kinds()[1:] == ["failed", "failed", "failed", "missed"]

    @pytest.mark.parametrize("code", [603, 480])
    def test_all_decline(self, world: World, code: int) -> None:
        """The group says what the caller is told then."""
        world.table.groups[1] = msgspec.structs.replace(world.table.groups[1], all_refused_code=code)
        caller = Caller(world)
        for member in caller.calls():
            member.replies(603)
        assert caller.saw == [code]

    def test_who_requires_100rel_and_hears_it_ring_is_told_the_same_when_nobody_answers(self, world: World) -> None:
        """480, not 503: somebody's telephone rang."""
        caller = Caller(world)
        bob, *_ = caller.calls(more="Require: 100rel\r\n")
        bob.replies(183, "Require: 100rel\r\nRSeq: 1\r\n")
        world.kam.time_runs_out()
        assert caller.saw == [183, 480]

    def test_one_603_does_not_end_the_hunt(self, world: World) -> None:
        """The others ring on, and one may answer."""
        caller = Caller(world)
        bob, carol, _ = caller.calls()
        bob.replies(180)
        carol.replies(603)
        assert not bob.was_cancelled
        bob.answers()
        assert caller.saw == [180, 200]


class TestOnce:
    def test_an_invite_sent_three_times_rings_once(self, world: World) -> None:
        """And is one call."""
        caller = Caller(world)
        assert len(caller.calls()) == 3
        assert caller.calls() == []
        assert caller.calls() == []
        assert world.sink.kinds() == ["received"]

    def test_a_retransmitted_bye_ends_once(self, world: World) -> None:
        """One event."""
        caller = Caller(world)
        bob = caller.calls()[0]
        bob.answers()
        caller.sends("BYE")
        caller.sends("BYE")
        assert world.sink.kinds().count("ended") == 1
