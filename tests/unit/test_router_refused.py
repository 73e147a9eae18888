"""What the real router turns away, on the fake Kamailio: with which code, and that nothing of it goes further."""

import msgspec
import pytest

from kemi.domain.events import Missed
from kemi.errors import TableUnavailable
from tests.fakes.machine import PASS
from tests.fakes.message import Message
from tests.fakes.parties import Caller
from tests.fakes.state import Call
from tests.fakes.world import HOTLINE, World


class TestRefused:
    def test_a_stranger_is_403_and_nothing_is_looked_up(self, world: World) -> None:
        """Nothing else revealed, no event, one log line."""
        out = world.kam.receive(world.invite(), world.STRANGER)
        assert [sent.status for sent in out] == [403]
        assert world.sink.events == []
        assert len(world.kam.logged) == 1

    @pytest.mark.parametrize(
        "dialled", ["02700000000", "abc", "", "..", "0272777778", "%30", "+84909789846;ext=1", "9" * 64]
    )
    def test_an_unknown_number_is_404(self, world: World, dialled: str) -> None:
        """Whatever was dialled."""
        out = world.kam.receive(world.invite(dialled), world.TRUNK)
        assert [sent.status for sent in out] == [404]

    def test_a_hotline_that_cannot_ring_is_480(self, world: World) -> None:
        """And why is in the event."""
        held = world.table.hotlines[HOTLINE]
        refused = msgspec.structs.replace(held, refusal="the group has no enabled member", group=None)
        world.table.hotlines[HOTLINE] = refused
        out = world.kam.receive(world.invite(), world.TRUNK)
        assert [sent.status for sent in out] == [480]
        assert world.sink.kinds() == ["refused"]

    def test_too_many_hops_is_483(self, world: World) -> None:
        """Loops end."""
        invite = world.invite().replace(b"Max-Forwards: 70", b"Max-Forwards: 0")
        assert [sent.status for sent in world.kam.receive(invite, world.TRUNK)] == [483]

    def test_a_caller_who_gives_up_while_it_is_sent_is_487(self, world: World) -> None:
        """tm sends nothing any more once his CANCEL is there, and its own 487 may come after ours."""

        def cancelled(call: Call) -> object:
            if call.name == "tm.t_relay":
                world.kam.transactions[-1].canceled = True
            return PASS

        world.kam.fault = cancelled
        out = world.kam.receive(world.invite(), world.TRUNK)
        assert [sent.status for sent in out if sent.what == "reply"] == [100, 487]
        assert world.sink.events[-1] == Missed(world.sink.events[0].call, "caller_gave_up", 487)

    def test_a_full_memory_is_503(self, world: World) -> None:
        """Not the caller's fault: his trunk may try another edge."""
        world.kam.fault = lambda call: -2 if call.name == "tm.t_newtran" else PASS
        out = world.kam.receive(world.invite(), world.TRUNK)
        assert [sent.status for sent in out] == [503]
        assert world.sink.events == []

    def test_a_memory_that_is_nearly_full_is_503_for_new_calls_only(self, world: World) -> None:
        """What there is goes on: a repetition rings nobody again and is not refused, the caller's BYE passes."""
        caller = Caller(world)
        (member, *_) = caller.calls()
        member.replies(180)
        world.kam.memory = 100, 1 << 31
        events = len(world.sink.events)
        out = world.kam.receive(world.invite(call_id="another"), world.TRUNK)
        assert [sent.status for sent in out] == [503]
        assert len(world.sink.events) == events
        assert caller.calls() == []
        assert caller.saw == [180, 503, 180]
        member.answers()
        assert caller.saw[-1] == 200
        caller.sends("ACK", 1)
        assert [sent.message.method for sent in caller.sends("BYE", 3)] == ["BYE"]

    @pytest.mark.parametrize("size", [1 << 30, (1 << 32) - 4096])
    def test_a_memory_is_nearly_full_from_a_tenth_on(self, world: World, size: int) -> None:
        """Also where its size is negative to KEMI: from 2 GiB on."""
        found = []
        for free in (size // 10, size // 10 + 8):
            world.kam.memory = free, size
            out = world.kam.receive(world.invite(call_id=f"{size}-{free}"), world.TRUNK)
            found.append([sent.status for sent in out if sent.status > 100])
        assert found == [[503], []]

    def test_a_table_that_cannot_be_read_is_503(self, world: World) -> None:
        """A reply and a log line, no call."""

        def gone(_number: str) -> None:
            raise TableUnavailable

        world.table.hotline = gone  # type: ignore[method-assign, assignment]
        out = world.kam.receive(world.invite(), world.TRUNK)
        assert [sent.status for sent in out if sent.status > 100] == [503]
        assert world.kam.logged

    @pytest.mark.parametrize("header", [b"Subject: caf\xe9\r\n", b"From", b"Contact", b"P-Asserted-Identity"])
    def test_bytes_that_are_not_utf_8_are_400_or_dropped_from_the_message(self, world: World, header: bytes) -> None:
        """Whatever header holds them, nothing dies and nothing leaks."""
        invite = world.invite()
        if header.endswith(b"\r\n"):
            invite = invite.replace(b"User-Agent", header + b"User-Agent", 1)
        else:
            invite = invite.replace(header + b": ", header + b': "\xff\xfe" ', 1)
        out = world.kam.receive(invite, world.TRUNK)
        finals = [sent.status for sent in out if sent.what in ("reply", "stateless_reply") and sent.status > 100]
        assert finals in ([400], [])
        assert bool(finals) != any(sent.what == "request" for sent in out)

    def test_options_is_answered(self, world: World) -> None:
        """Anybody may ask."""
        data = world.invite().replace(b"INVITE", b"OPTIONS")
        assert [sent.status for sent in world.kam.receive(data, world.STRANGER)] == [200]

    @pytest.mark.parametrize("method", ["REGISTER", "MESSAGE", "SUBSCRIBE", "BYE", "REFER", "FOO"])
    def test_other_methods_are_refused(self, world: World, method: str) -> None:
        """Each with a reply."""
        data = world.invite().replace(b"INVITE", method.encode())
        assert [sent.status for sent in world.kam.receive(data, world.TRUNK)] in ([405], [481], [501])

    def test_a_cancel_of_nothing_is_481(self, world: World) -> None:
        """And goes nowhere."""
        out = Caller(world).cancels()
        assert [sent.status for sent in out] == [481]

    def test_scanner_junk_is_dropped_or_refused(self, world: World) -> None:
        """Nothing of it reaches the table or the fork."""
        whole = world.invite()
        junk = [b"", b"\r\n\r\n", b"\0" * 100, b"INVITE", b"GET / HTTP/1.0\r\n\r\n", whole[:80], whole[:200]]
        junk += [
            whole.replace(b"Via", b"Vi"),
            whole.replace(b"Call-ID", b"Call ID"),
            whole.replace(b"\r\n\r\n", b"\r\n"),
        ]
        junk += [b"SIP/2.0 200 OK\r\n\r\n", b"SIP/2.0 999 x\r\n" + whole.partition(b"\r\n")[2]]
        for data in junk:
            world.kam.receive(data, world.STRANGER)
        assert world.table.reads <= len(junk)
        assert not [sent for sent in world.kam.sent if sent.what == "request"]

    @pytest.mark.parametrize("code", [180, 183, 302, 486, 603])
    def test_a_reply_that_matches_nothing_goes_nowhere(self, world: World, code: int) -> None:
        """Not by the next Via either."""
        bob = Caller(world).calls()[0]
        world.kam.transactions.clear()
        world.kam.take()
        bob.replies(code)
        assert world.kam.take() == []

    def test_of_an_18x_nothing_is_read_but_its_code(self, world: World) -> None:
        """A header that is not UTF-8 changes nothing: the caller gets a 180 of our own."""
        caller = Caller(world)
        bob, carol, _ = caller.calls()
        world.kam.take()
        data = b"SIP/2.0 180 Ringing\r\n" + bob.invite.data.partition(b"\r\n")[2]
        data = data.replace(b"Contact: ", b'Contact: "\xff" ', 1)
        world.kam.receive(data, world.GATEWAY)
        assert [sent.to for sent in world.kam.take()] == [world.TRUNK]
        carol.answers()
        assert caller.saw == [180, 200]


class TestTokens:
    def test_a_copied_token_in_a_strangers_hands_is_481(self, world: World) -> None:
        """It is the peer's it was given to."""
        caller = Caller(world)
        bob = caller.calls()[0]
        bob.answers()
        before = len(world.kam.sent)
        bye = _bye(caller)
        world.kam.receive(bye, world.STRANGER)
        out = world.kam.sent[before:]
        assert [sent.status for sent in out] == [481]

    def test_a_forged_token_is_481(self, world: World) -> None:
        """One letter changed."""
        caller = Caller(world)
        caller.calls()[0].answers()
        answer = next(m for m in caller.got if m.status == 200)
        user = answer.text("contact").partition(":")[2].partition("@")[0]
        other = ("B" if user[20] == "A" else "A").join([user[:20], user[21:]])
        out = world.kam.receive(_bye(caller).replace(user.encode(), other.encode()), world.TRUNK)
        assert [sent.status for sent in out] == [481]


def _bye(caller: Caller) -> bytes:
    answer: Message = next(m for m in caller.got if m.status == 200 and m.method == "INVITE")
    return (
        f"BYE {answer.text('contact').strip('<>')} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.10;branch=z9hG4bKbye\r\n"
        f"Max-Forwards: 70\r\nFrom: {answer.text('from')}\r\nTo: {answer.text('to')}\r\nCall-ID: {caller.call_id}\r\n"
        "CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n"
    ).encode()
