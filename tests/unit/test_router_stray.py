"""An answer that nobody can get: its phone is acknowledged and hung up, and the caller sees nothing of it."""

import random

import pytest

from tests.fakes.parties import MEMBER_SDP, Caller, Member
from tests.fakes.state import Sent
from tests.fakes.world import World
from tests.unit.given import ALPHANUMERIC


def answer_of(member: Member) -> bytes:
    """The datagram with which a member answers, not sent yet."""
    return member.reply(200, "Content-Type: application/sdp\r\n", MEMBER_SDP)


def answers_too_late(world: World) -> Member:
    """The edge has been started again while it rang: no transaction knows the answer."""
    bob = Caller(world).calls()[0]
    world.kam.transactions.clear()
    world.kam.take()
    bob.answers()
    return bob


def requests(sent: list[Sent]) -> list[tuple[str, str, str]]:
    """Method, CSeq and R-URI of what left."""
    return [(one.message.method, one.message.text("cseq"), one.message.parts[1].decode()) for one in sent]


def test_an_answer_without_its_transaction_gets_ack_and_bye(world: World) -> None:
    """In its own dialog, at the address it came from."""
    bob = answers_too_late(world)
    sent = world.kam.take()
    contact = "sip:0844441909@127.0.0.20:5060"
    assert requests(sent) == [("ACK", "1 ACK", contact), ("BYE", "2 BYE", contact)]
    assert {one.to for one in sent} == {world.GATEWAY}
    for one in sent:
        assert one.message.text("call-id") == bob.invite.message.text("call-id")
        assert one.message.text("from") == bob.invite.message.text("from")
        assert ";tag=uas-" in one.message.text("to")
    assert world.leaks() == []


def test_a_repeated_answer_gets_the_very_same_ack_and_a_bye_again(world: World) -> None:
    """So the telephone takes the ACK for the retransmission that it is; the BYE is tm's, which repeats it by itself."""
    bob = answers_too_late(world)
    first = world.kam.take()
    bob.answers()
    again = world.kam.take()
    assert again[0].data == first[0].data
    assert requests(again) == requests(first)


def test_just_after_a_start_an_answer_waits_for_the_caller_s_ack(world: World) -> None:
    """It may be one that was passed on before the edge was started again."""
    world.uptime = 4.0
    bob = answers_too_late(world)
    assert world.kam.take() == []
    world.uptime = 6.0
    bob.answers()
    assert [one.message.method for one in world.kam.take()] == ["ACK", "BYE"]


def test_the_bye_s_own_answer_goes_nowhere(world: World) -> None:
    """tm has it."""
    answers_too_late(world)
    bye = world.kam.take()[-1]
    world.kam.reply(bye, 200)
    assert world.kam.take() == []


@pytest.mark.parametrize(
    "spoil",
    [
        ("Call-ID: ", "Call-ID: x"),
        ("CSeq: 1 INVITE", "CSeq: 1 UPDATE"),
        (";tag=uas-", ";nothing=uas-"),
    ],
)
def test_what_is_no_answer_of_a_leg_gets_nothing(world: World, spoil: tuple[str, str]) -> None:
    """Nobody can make the edge send to others: another's Call-ID, another method, no dialog."""
    bob = Caller(world).calls()[0]
    world.kam.transactions.clear()
    data = answer_of(bob)
    world.kam.take()
    world.kam.receive(data.replace(spoil[0].encode(), spoil[1].encode()), world.STRANGER)
    assert world.kam.take() == []


def test_it_goes_to_where_it_came_from_whatever_the_contact_says(world: World) -> None:
    """kemi/decisions/0011: nothing is sent to an address only because a peer wrote it down."""
    bob = Caller(world).calls()[0]
    data = answer_of(bob).replace(b"Contact: <sip:0844441909@127.0.0.20", b"Contact: <sip:0844441909@9.9.9.9")
    world.kam.transactions.clear()
    world.kam.take()
    world.kam.receive(data, world.GATEWAY)
    assert {one.to for one in world.kam.take()} == {world.GATEWAY}


def test_an_answer_that_cannot_be_read_frees_its_phone_and_the_hunt_goes_on(world: World) -> None:
    """The caller gets another member instead."""
    caller = Caller(world)
    bob, carol, _ = caller.calls()
    world.kam.take()
    world.kam.receive(answer_of(bob).replace(b"Contact: <", b'Contact: "\xff" <'), world.GATEWAY)
    assert [one.message.method for one in world.kam.take()] == ["ACK", "BYE"]
    assert caller.saw == []
    carol.answers()
    assert caller.saw == [200]
    assert world.sink.kinds() == ["received", "answered"]


def test_an_answer_whose_contact_fits_no_token_frees_its_phone(world: World) -> None:
    """It is found before tm has it, for tm would pass it on."""
    caller = Caller(world)
    bob, *_ = caller.calls()
    world.kam.take()
    long = "".join(random.Random(1).choices(ALPHANUMERIC, k=200))
    world.kam.receive(answer_of(bob).replace(b"Contact: <sip:", f"Contact: <sip:{long}".encode()), world.GATEWAY)
    assert [one.message.method for one in world.kam.take()] == ["ACK", "BYE"]
    assert caller.saw == []


def test_an_answer_after_the_caller_was_told_that_nobody_answers_frees_its_phone(world: World) -> None:
    """His call stays missed, and the 200 that tm cannot keep from him answers nobody: it has no From, no To."""
    caller = Caller(world)
    bob, *_ = caller.calls()
    bob.replies(180)
    world.kam.time_runs_out()
    saw, kinds = caller.saw, world.sink.kinds()
    world.kam.take()
    bob.answers()
    sent = [one for one in world.kam.take() if one.what == "request" or one.to != world.TRUNK]
    assert [one.message.method for one in sent] == ["ACK", "BYE"]
    assert caller.saw == saw
    assert world.sink.kinds() == kinds
    assert world.leaks() == []


def test_an_answer_of_a_leg_whose_own_time_is_over_frees_its_phone(world: World) -> None:
    """To tm it has failed, so its 200 goes nowhere; the others ring on, and one of them may win."""
    caller = Caller(world)
    bob, carol, _ = caller.calls()
    bob.replies(180)
    world.kam.time_runs_out(branch=0)
    world.kam.take()
    bob.answers()
    assert [one.message.method for one in world.kam.take()] == ["ACK", "BYE"]
    assert "answered" not in world.sink.kinds()
    carol.answers()
    assert caller.saw == [180, 200]
    assert world.sink.kinds()[-1] == "answered"


def test_an_answer_by_way_of_everybody_is_dropped_and_hung_up(world: World) -> None:
    """RFC 4475 §3.3.10: its second Via, where the caller's should be, is the broadcast address."""
    caller = Caller(world)
    bob, carol, _ = caller.calls()
    theirs = bob.invite.message.vias()[1]
    world.kam.take()
    world.kam.receive(
        answer_of(bob).replace(theirs.encode(), b"SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKsaber"), world.GATEWAY
    )
    sent = world.kam.take()
    assert [method for method, *_ in requests(sent)] == ["ACK", "BYE"]
    assert caller.saw == []
    carol.answers()
    assert caller.saw == [200]
