"""The rules for the edge's replies: a call without fault breaks none, and each thing done wrongly is told."""

import pytest

from tests.sip.message import Header, Message, reply_to
from tests.sipp.exchanged import ALICE, CALLER, SELF, Wire, changed, request

RR = ("Record-Route", "<sip:proxy;lr>")


def invite(*more: Header) -> Message:
    """A caller's."""
    return request("INVITE", 1, "z9hG4bKhis", from_tag="c", call_id="call", hops="70", more=[ALICE, *more])


def reply(asked: Message, code: int, *more: Header, tag: str = "e") -> Message:
    """As it should be."""
    return reply_to(asked, code, None, tag, extra=[*([SELF] if code < 300 else []), *more])


@pytest.fixture
def wire() -> Wire:
    """Nothing has passed yet."""
    return Wire()


def test_a_call_without_fault(wire: Wire) -> None:
    """Ringing, an answer twice, and the edge's own BYE."""
    asked = wire.says(CALLER, invite(RR))
    wire.gets(CALLER, reply_to(asked, 100, None, ""))
    wire.gets(CALLER, reply(asked, 180, RR, tag="ring"))
    for _ in range(2):
        wire.gets(CALLER, reply(asked, 200, RR))
    wire.says(CALLER, request("ACK", 1, "z9hG4bKack", from_tag="c", to_tag="e", call_id="call"))
    wire.gets(
        CALLER, request("BYE", 1, "z9hG4bKbye", from_tag="e", to_tag="c", call_id="call", uri="sip:alice@127.0.0.10")
    )
    assert wire.told() == []


@pytest.mark.parametrize(
    ("code", "was", "now", "said"),
    [
        (200, ";branch=z9hG4bKhis", ";branch=z9hG4bKhis;x", "with other Vias than its request's (§8.2.6.2)"),
        (200, "z9hG4bKhis", "z9hG4bKno", "on the branch of no request (§8.1.3.3, §17.1.3)"),
        (486, "From: <sip:h@h>", "From: <sip:x@h>", "with another from than its request's (§8.2.6.2)"),
        (486, "To: <sip:h@h>", "To: <sip:x@h>", "with another To than its request's (§8.2.6.2)"),
        (486, "Call-ID: call", "Call-ID: leg", "with another call-id than its request's (§8.2.6.2)"),
        (486, "CSeq: 1", "CSeq: 2", "with another cseq than its request's (§8.2.6.2)"),
        (180, ";tag=e", "", "without a To tag (§8.2.6.2)"),
        (200, "Contact: <sip:edge>\r\n", "", "without exactly one Contact (§12.1.1)"),
        (180, "Contact: <sip:edge>\r\n", "", "without exactly one Contact (§12.1.1)"),
        (200, "Record-Route: <sip:proxy;lr>\r\n", "", "without its request's Record-Route (§12.1.1)"),
        (200, "Content-Length: 0", "Content-Length: 9", "with a wrong Content-Length (§20.14)"),
    ],
)
def test_a_broken_reply_is_told(wire: Wire, code: int, was: str, now: str, said: str) -> None:
    """Whatever it should have of its request."""
    wire.gets(CALLER, changed(reply(wire.says(CALLER, invite(RR)), code, RR), was, now))
    assert wire.told() == [f"{code} to INVITE to 127.0.0.10 {said}"]


@pytest.mark.parametrize(
    ("first", "second", "is_told"), [(486, 480, True), (200, 486, True), (200, 180, True), (180, 200, False)]
)
def test_a_final_reply_is_the_last(wire: Wire, first: int, second: int, is_told: bool) -> None:
    """But another 2xx of a fork."""
    asked = wire.says(CALLER, invite())
    wire.gets(CALLER, reply(asked, first))
    wire.gets(CALLER, reply(asked, second))
    assert wire.told() == ([f"{second} to INVITE to 127.0.0.10 after a final one (§17.2.1)"] if is_told else [])


def test_the_tag_of_a_dialog_stays(wire: Wire) -> None:
    """In what answers a request within it."""
    asked = wire.says(CALLER, request("BYE", 2, "z9hG4bKhis", from_tag="c", to_tag="e", call_id="call"))
    wire.gets(CALLER, changed(reply(asked, 200), ";tag=e", ";tag=x"))
    assert wire.told() == ["200 to BYE to 127.0.0.10 with another To tag than its request's (§8.2.6.2)"]


SUPPORTED, REQUIRED = ("Supported", "timer, 100rel"), ("Require", "100rel")


@pytest.mark.parametrize(
    ("asked", "got", "said"),
    [
        ((SUPPORTED,), (REQUIRED, ("RSeq", "7")), ""),
        ((REQUIRED,), (REQUIRED, ("RSeq", "7")), ""),
        ((), (REQUIRED, ("RSeq", "7")), "is reliable, but its request did not support that (RFC 3262 §3)"),
        ((REQUIRED,), (), "is not reliable, but its request required that (RFC 3262 §3)"),
        ((SUPPORTED,), (("RSeq", "7"),), "with RSeq or Require: 100rel, but not both (RFC 3262 §3)"),
        ((SUPPORTED,), (REQUIRED,), "with RSeq or Require: 100rel, but not both (RFC 3262 §3)"),
        ((SUPPORTED,), (REQUIRED, ("RSeq", "0")), "with RSeq 0 (RFC 3262 §3)"),
    ],
)
def test_a_reliable_reply(wire: Wire, asked: tuple[Header, ...], got: tuple[Header, ...], said: str) -> None:
    """Where it was asked for, and nowhere else."""
    wire.gets(CALLER, reply(wire.says(CALLER, invite(*asked)), 183, *got))
    assert wire.told() == ([f"183 to INVITE to 127.0.0.10 {said}"] if said else [])


@pytest.mark.parametrize(("second", "is_told"), [(7, False), (8, False), (9, True), (6, True)])
def test_rseq_grows_by_one(wire: Wire, second: int, is_told: bool) -> None:
    """The same is the same reply once more."""
    asked = wire.says(CALLER, invite(SUPPORTED))
    wire.gets(CALLER, reply(asked, 183, REQUIRED, ("RSeq", "7")))
    wire.gets(CALLER, reply(asked, 183, REQUIRED, ("RSeq", str(second))))
    said = f"183 to INVITE to 127.0.0.10 with RSeq {second} after 7 (RFC 3262 §3)"
    assert wire.told() == ([said] if is_told else [])
