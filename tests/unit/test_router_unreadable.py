"""Replies that cannot be read, of the real router on the fake Kamailio: nothing of them reaches the other side."""

import random

import pytest

from tests.fakes.parties import MEMBER_SDP, Caller, Member
from tests.fakes.world import SDP, World

WORDS = (b"8444419", b"Anh Nam", b"NamPhone", b"nam.example", b"7 Nam", b"10.8.8.8", b"GatewayOf", b"nobody")
TOO_LONG = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=300))
SDP_TYPE = "Content-Type: application/sdp\r\n"
# what a member's telephone adds to its answer, and its body
UNREADABLE = {
    "a body that is no SDP": (SDP_TYPE, "NamPhone 0844441909\r\n"),
    "SDP without a version": (SDP_TYPE, MEMBER_SDP.replace("o=0844441909 7 7", "o=0844441909 7 Nam")),
    "media at a name": (SDP_TYPE, MEMBER_SDP.replace("c=IN IP4 127.0.0.20", "c=IN IP4 nam.example.net")),
    "an open bracket in Contact": ("Contact: <sip:0844441909\r\n" + SDP_TYPE, MEMBER_SDP),
    "an open quote in Record-Route": ('Record-Route: <sip:10.8.8.8;lr>, "Nam\r\n' + SDP_TYPE, MEMBER_SDP),
    "bytes that are no UTF-8": ("Contact: <sip:\udcff@10.8.8.8>\r\n" + SDP_TYPE, MEMBER_SDP),
    "a Contact that fits no token": (f"Contact: <sip:nobody{TOO_LONG}@10.8.8.8>\r\n" + SDP_TYPE, MEMBER_SDP),
}


def replies(member: Member, code: int, more: str, body: str, to: int = 0) -> None:
    """Answer the member's INVITE number `to` with exactly these headers besides the dialog's own."""
    invite = member.got("INVITE")[to]
    contact = "" if "Contact" in more else f"Contact: <sip:{member.number}@127.0.0.20:5060>\r\n"
    more = f"{contact}Server: GatewayOf {member.number}\r\n{more}"
    data = f"SIP/2.0 {code} Anh Nam {member.number}\r\n".encode()
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        for value in invite.message.all(name.lower()):
            tag = ";tag=m1" if name == "To" and ";tag=" not in value.body else ""
            data += f"{name}: {value.body}{tag}\r\n".encode()
    data += more.encode(errors="surrogateescape") + f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    member.world.kam.receive(data, invite.to)


def seen_by_the_caller(world: World) -> bytes:
    return b"\n".join(sent.data for sent in world.kam.sent if sent.to == world.TRUNK)


@pytest.mark.parametrize("what", UNREADABLE)
def test_an_answer_that_cannot_be_read_tells_the_caller_nothing(what: str) -> None:
    """Neither its words, nor its headers, nor its body."""
    world = World()
    bob = Caller(world).calls()[0]
    replies(bob, 200, *UNREADABLE[what])
    assert [word for word in WORDS if word in seen_by_the_caller(world)] == []


@pytest.mark.parametrize("what", [what for what in UNREADABLE if "token" not in what])
def test_an_answer_that_cannot_be_read_is_as_if_it_never_came(what: str) -> None:
    """The hunt goes on, and another member can take the call."""
    world = World()
    caller = Caller(world)
    bob, carol, _ = caller.calls()
    replies(bob, 200, *UNREADABLE[what])
    assert caller.saw == []
    assert world.sink.kinds() == ["received"]
    carol.answers()
    assert caller.saw == [200]


@pytest.mark.parametrize("code", [200, 302, 487, 488, 603])
@pytest.mark.parametrize("what", UNREADABLE)
def test_a_reply_inside_the_call_that_cannot_be_read_tells_nothing(what: str, code: int) -> None:
    """tm sends every final on: what cannot be held back is blank."""
    world = World()
    caller = Caller(world)
    bob = caller.calls()[0]
    bob.answers()
    caller.sends("ACK", 1)
    caller.sends("INVITE", 2, SDP_TYPE, SDP)
    replies(bob, code, *UNREADABLE[what], to=-1)
    assert [word for word in WORDS if word in seen_by_the_caller(world)] == []


@pytest.mark.parametrize("code", [183, 302, 486, 603])
@pytest.mark.parametrize("what", UNREADABLE)
def test_a_ring_or_refusal_that_cannot_be_read_tells_nothing(what: str, code: int) -> None:
    """Also where the caller requires reliable provisional replies."""
    for require in ("", "Require: 100rel\r\n"):
        world = World()
        bob = Caller(world).calls(more=require)[0]
        replies(bob, code, "RSeq: 1\r\n" + UNREADABLE[what][0], UNREADABLE[what][1])
        assert [word for word in WORDS if word in seen_by_the_caller(world)] == []


def test_option_tags_on_several_lines_are_one_list() -> None:
    """RFC 3261 §7.3.1: a Require that is not the last line counts, too."""
    world = World()
    out = world.kam.receive(world.invite(more="Require: x-unknown\r\nRequire: timer\r\n"), world.TRUNK)
    assert [sent.status for sent in out] == [420]


@pytest.mark.parametrize("again", ["CSeq", "cseq", "Max-Forwards", "Content-Length", "l", "Content-Type", "c"])
def test_a_header_said_twice_says_nothing_the_second_time(again: str) -> None:
    """Kamailio reads the first; what another of it holds is nobody's but a leak."""
    world = World()
    first = "" if again.lower() != "c" and again != "Content-Type" else "Content-Type: application/sdp\r\n"
    for member in Caller(world).calls(more=f"{first}{again}: 0909789846 Nguyen\r\n"):
        assert b"Nguyen" not in member.invite.data
        assert b"909789846" not in member.invite.data
    world.kam.settle()
