"""The rules that the edge is held to: a call without fault breaks none, and each thing done wrongly is told."""

from typing import Any

import pytest

from tests.sip.message import Header, Message, reply_to
from tests.sipp.exchanged import ALICE, BOB, CALLER, GATEWAY, SELF, Wire, changed, request

RELIABLY = [("Require", "100rel"), ("RSeq", "7001"), BOB]


def invite(*more: Header, **changes: str) -> Message:
    """The INVITE of a leg."""
    return request("INVITE", 1, "z9hG4bKinvite", more=[SELF, *more], **changes)


@pytest.fixture
def wire() -> Wire:
    """Nothing has passed yet."""
    return Wire()


@pytest.fixture
def talking(wire: Wire) -> Wire:
    """A leg that was answered."""
    asked = wire.gets(GATEWAY, invite())
    wire.says(GATEWAY, reply_to(asked, 180, None, "m", extra=[BOB]))
    wire.says(GATEWAY, reply_to(asked, 200, None, "m", extra=[BOB]))
    wire.gets(GATEWAY, request("ACK", 1, "z9hG4bKack", to_tag="m"))
    assert wire.told() == []
    return wire


@pytest.fixture
def refused(wire: Wire) -> Wire:
    """A leg that was refused, without a Contact; its ACK is still to come."""
    wire.says(GATEWAY, reply_to(wire.gets(GATEWAY, invite()), 486, None, "m"))
    return wire


@pytest.fixture
def reliable(wire: Wire) -> Wire:
    """A leg that rang reliably; its PRACK is still to come."""
    asked = wire.gets(GATEWAY, invite(("Supported", "100rel")))
    wire.says(GATEWAY, reply_to(asked, 183, None, "m", extra=RELIABLY))
    return wire


def test_a_call_without_fault(talking: Wire) -> None:
    """Its BYE, too, and that again."""
    for _ in range(2):
        talking.gets(GATEWAY, request("BYE", 2, "z9hG4bKbye", to_tag="m"))
    assert talking.told() == []


@pytest.mark.parametrize("method", ["BYE", "UPDATE", "INFO"])
@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"to_tag": ""}, "without a To tag, and so outside of any dialog (§12.2.1.1)"),
        ({"to_tag": "x"}, "with a Call-ID and tags that are no dialog's (§12.2.1.1)"),
        ({"to_tag": "m", "from_tag": "x"}, "with a Call-ID and tags that are no dialog's (§12.2.1.1)"),
        ({"to_tag": "m", "call_id": "x"}, "with a Call-ID and tags that are no dialog's (§12.2.1.1)"),
        ({"to_tag": "m", "uri": "sip:x@y"}, "to another URI than the Contact (§12.2.1.1)"),
        ({"to_tag": "m", "branch": "x"}, "without the magic cookie (§8.1.1.7)"),
        ({"to_tag": "m", "hops": ""}, "without Max-Forwards (§8.1.1.6)"),
        ({"to_tag": "m", "hops": "256"}, "without Max-Forwards (§8.1.1.6)"),
        ({"to_tag": "m", "number": 1}, "with a CSeq that does not grow: 1 after 1 (§12.2.1.1)"),
    ],
)
def test_a_request_has_the_dialogs_tags_target_and_number(
    talking: Wire, method: str, tags: dict[str, Any], said: str
) -> None:
    """As the leg gave its To tag, and the edge its From tag."""
    given: dict[str, Any] = {"branch": "z9hG4bKbye", **tags}
    number = int(given.pop("number", 2))
    talking.gets(GATEWAY, request(method, number, given.pop("branch"), **given))
    assert f"{method} to 127.0.0.20 {said}" in talking.told()


def test_a_reinvite_that_is_of_no_dialog(talking: Wire) -> None:
    """Another's To tag."""
    talking.gets(GATEWAY, request("INVITE", 2, "z9hG4bKre", to_tag="x"))
    assert talking.told() == ["INVITE to 127.0.0.20 with a Call-ID and tags that are no dialog's (§12.2.1.1)"]


def test_the_latest_contact_is_the_target(talking: Wire) -> None:
    """That of the party's re-INVITE (§12.2.2)."""
    moved = [("Contact", "<sip:bob@elsewhere>")]
    talking.says(GATEWAY, request("INVITE", 7, "z9hG4bKtheirs", from_tag="m", to_tag="a", uri="sip:edge", more=moved))
    talking.gets(GATEWAY, request("BYE", 2, "z9hG4bKbye", to_tag="m"))
    assert talking.told() == ["BYE to 127.0.0.20 to another URI than the Contact (§12.2.1.1)"]


@pytest.mark.parametrize(
    ("ack", "said"),
    [
        ({"to_tag": "x"}, "to no 2xx of this dialog: Call-ID, tags, CSeq (§13.2.2.4)"),
        ({"to_tag": "m", "from_tag": "x"}, "to no 2xx of this dialog: Call-ID, tags, CSeq (§13.2.2.4)"),
        ({"to_tag": "m", "number": 2}, "to no 2xx of this dialog: Call-ID, tags, CSeq (§13.2.2.4)"),
        ({"to_tag": "m", "branch": "z9hG4bKinvite"}, "on its INVITE's branch to what is no refusal (§13.2.2.4)"),
        ({"to_tag": "m", "uri": "sip:x@y"}, "to another URI than the Contact (§12.2.1.1)"),
    ],
)
def test_the_ack_to_an_answer(talking: Wire, ack: dict[str, Any], said: str) -> None:
    """A transaction of its own, in the dialog."""
    given: dict[str, Any] = {"branch": "z9hG4bKnew", **ack}
    number = int(given.pop("number", 1))
    talking.gets(GATEWAY, request("ACK", number, given.pop("branch"), **given))
    assert talking.told() == [f"ACK to 127.0.0.20 {said}"]


@pytest.mark.parametrize(
    ("ack", "said"),
    [
        ({}, ""),
        ({"branch": "z9hG4bKother"}, "to a refusal on another branch than its INVITE's (§17.1.1.3)"),
        ({"to_tag": ""}, "with another To than the refusal's (§17.1.1.3)"),
        ({"to_tag": "x"}, "with another To than the refusal's (§17.1.1.3)"),
        ({"from_tag": "x"}, "with another from than its INVITE's (§17.1.1.3)"),
        ({"call_id": "x"}, "with another call-id than its INVITE's (§17.1.1.3)"),
        ({"uri": "sip:x@y"}, "with another Request-URI than its INVITE's (§17.1.1.3)"),
        ({"number": "2"}, "with another CSeq number than its INVITE's (§17.1.1.3)"),
    ],
)
def test_the_ack_to_a_refusal(refused: Wire, ack: dict[str, Any], said: str) -> None:
    """Hop by hop, also where the leg gave no Contact."""
    given: dict[str, Any] = {"branch": "z9hG4bKinvite", "to_tag": "m", **ack}
    number = int(given.pop("number", 1))
    refused.gets(GATEWAY, request("ACK", number, given.pop("branch"), **given))
    assert refused.told() == ([f"ACK to 127.0.0.20 {said}"] if said else [])


def test_the_ack_to_a_refusal_goes_one_hop(refused: Wire) -> None:
    """It has one Via."""
    refused.gets(
        GATEWAY, request("ACK", 1, "z9hG4bKinvite", to_tag="m", more=[("Via", "SIP/2.0/UDP t;branch=z9hG4bKt")])
    )
    assert refused.told() == ["ACK to 127.0.0.20 with another Via, or more than one, than its INVITE's (§17.1.1.3)"]


@pytest.mark.parametrize(
    ("cancel", "said"),
    [
        ({}, ""),
        ({"branch": "z9hG4bKother"}, "on the branch of no INVITE (§9.1)"),
        ({"to_tag": "m"}, "with another to than its INVITE's (§9.1)"),
        ({"from_tag": "x"}, "with another from than its INVITE's (§9.1)"),
        ({"call_id": "x"}, "with another call-id than its INVITE's (§9.1)"),
        ({"uri": "sip:x@y"}, "with another Request-URI than its INVITE's (§9.1)"),
        ({"number": "2"}, "with another CSeq number than its INVITE's (§9.1)"),
    ],
)
def test_a_cancel(wire: Wire, cancel: dict[str, Any], said: str) -> None:
    """It is its INVITE's to the letter."""
    wire.says(GATEWAY, reply_to(wire.gets(GATEWAY, invite()), 180, None, "m", extra=[BOB]))
    given: dict[str, Any] = {"branch": "z9hG4bKinvite", **cancel}
    number = int(given.pop("number", 1))
    wire.gets(GATEWAY, request("CANCEL", number, given.pop("branch"), **given))
    assert wire.told() == ([f"CANCEL to 127.0.0.20 {said}"] if said else [])


def test_a_cancel_waits_for_a_reply_and_requires_nothing(wire: Wire) -> None:
    """§9.1."""
    wire.gets(GATEWAY, invite())
    wire.gets(GATEWAY, request("CANCEL", 1, "z9hG4bKinvite", more=[("Require", "x")]))
    assert wire.told() == [
        "CANCEL to 127.0.0.20 before any reply to its INVITE (§9.1)",
        "CANCEL to 127.0.0.20 with Require (§9.1)",
    ]


@pytest.mark.parametrize(
    ("rack", "said"),
    [
        ("7001 1 INVITE", ""),
        ("7002 1 INVITE", "of no reliable reply: RAck 7002 1 INVITE (RFC 3262 §7.2)"),
        ("7001 2 INVITE", "of no reliable reply: RAck 7001 2 INVITE (RFC 3262 §7.2)"),
        ("", "of no reliable reply: RAck missing (RFC 3262 §7.2)"),
    ],
)
def test_a_prack_is_compared_with_its_reply(reliable: Wire, rack: str, said: str) -> None:
    """RSeq and CSeq."""
    reliable.gets(GATEWAY, request("PRACK", 2, "z9hG4bKprack", to_tag="m", more=[("RAck", rack)]))
    assert reliable.told() == ([f"PRACK to 127.0.0.20 {said}"] if said else [])


def test_a_reply_has_one_prack(reliable: Wire) -> None:
    """A second one is another transaction."""
    for number in (2, 3):
        more = [("RAck", "7001 1 INVITE")]
        reliable.gets(GATEWAY, request("PRACK", number, f"z9hG4bKprack{number}", to_tag="m", more=more))
    assert reliable.told() == ["PRACK to 127.0.0.20 of one that has its PRACK: RAck 7001 1 INVITE (RFC 3262 §4)"]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("Contact: <sip:edge>\r\n", "", "without exactly one Contact (§8.1.1.8)"),
        ("CSeq: 1 INVITE", "CSeq: 1 BYE", "with another method in its CSeq (§8.1.1.5)"),
        (";tag=a", "", "without a From tag (§8.1.1.3)"),
        ("Content-Length: 0", "Content-Length: 1", "with a wrong Content-Length (§20.14)"),
    ],
)
def test_an_invite(wire: Wire, was: str, now: str, said: str) -> None:
    """What every request has, and what a new dialog needs."""
    wire.gets(GATEWAY, changed(invite(), was, now))
    assert wire.told() == [f"INVITE to 127.0.0.20 {said}"]


def test_a_merged_request_and_one_that_is_sent_again_changed(wire: Wire) -> None:
    """§8.2.2.2; §17.1.1.2."""
    wire.gets(GATEWAY, invite())
    wire.gets(GATEWAY, changed(invite(), "z9hG4bKinvite", "z9hG4bKother"))
    wire.gets(GATEWAY, changed(invite(), "sip:edge", "sip:else"))
    assert wire.told() == [
        "INVITE to 127.0.0.20 is a merged request (§8.2.2.2)",
        "INVITE to 127.0.0.20 is sent again with other bytes (§17.1.1.2)",
    ]


def test_max_forwards_decreases(talking: Wire) -> None:
    """From what the caller sent to what a member gets, in an INVITE and within the call."""
    talking.says(CALLER, request("INVITE", 1, "z9hG4bKhis", from_tag="c", call_id="call", hops="68", more=[ALICE]))
    talking.gets(GATEWAY, changed(invite(call_id="two"), "z9hG4bKinvite", "z9hG4bKtwo"))
    talking.says(CALLER, request("BYE", 2, "z9hG4bKhisbye", from_tag="c", to_tag="e", call_id="call", hops="30"))
    talking.gets(GATEWAY, request("BYE", 2, "z9hG4bKbye", to_tag="m", hops="30"))
    assert talking.told() == [
        "INVITE to 127.0.0.20 with Max-Forwards 69 of 68 (§16.6 step 3)",
        "BYE to 127.0.0.20 with Max-Forwards 30 of 30 (§16.6 step 3)",
    ]
