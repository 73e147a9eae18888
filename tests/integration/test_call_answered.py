"""A member answers: the others are cancelled, they talk, either side hangs up, and only he gets his SMS."""

import pytest

from tests.edge import BOB, CALLER, CAROL, DAVE, HOTLINE, OFFICE, Edge, Ledger, Texts
from tests.sip import Carrier, Customer, Member
from tests.sip.message import uri_of, user_of

RECEIVED = f"(vContact) Ban vua nhan cuoc goi tu so {CALLER}."


def test_the_first_to_answer_wins_and_the_others_are_cancelled(
    customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, ledger: Ledger, sms: Texts
) -> None:
    """The seed's own call, end to end: wire, ledger, SMS."""
    call = customer.calls(HOTLINE)
    for member in (carol, dave, office, bob):  # whoever has said nothing yet may get no CANCEL (RFC 3261 §9.1)
        member.rings()
    assert call.is_ringing
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    for loser in (carol, dave, office):
        assert loser.was_cancelled, customer.recording.ladder()
        assert loser.cancel.get("reason").startswith("SIP;cause=200")
    assert call.saw == [180, 200]
    assert call.hangs_up() == 200
    assert bob.was_hung_up

    row = ledger.call(call.call_id, "answered", ended=True)
    assert (row["outcome"], row["ended_by"], row["final_code"]) == ("answered", "caller", 200)
    assert (row["caller_number"], row["hotline_number"]) == ("+84909789846", "+842727777787")
    elsewhere = dict.fromkeys((CAROL, DAVE, OFFICE), "cancelled")
    assert ledger.outcomes(call.call_id) == {BOB: "answered", **elsewhere}
    assert ledger.legs(call.call_id)[BOB]["leg"] == row["answered_leg"]
    assert sms.of(call.call_id) == {BOB: RECEIVED}


def test_the_member_can_hang_up(customer: Customer, bob: Member, ledger: Ledger) -> None:
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    assert bob.hangs_up() == 200
    assert call.was_hung_up
    row = ledger.call(call.call_id, "answered", ended=True)
    assert row["ended_by"] == "member"
    assert row["talk_ms"] >= 0


def test_members_see_the_outbound_number_and_every_leg_has_its_own_call_id(
    customer: Customer, carrier: Carrier, bob: Member, carol: Member, dave: Member, office: Member
) -> None:
    """So a carrier that answers 482 to a merged request (RFC 3261 §8.2.2.2) rings all of them."""
    call = customer.calls(HOTLINE)
    for member in (bob, carol, dave, office):
        member.rings()
        assert user_of(uri_of(member.invite.get("from"))) == HOTLINE
        assert user_of(uri_of(member.invite.get("p-asserted-identity"))) == HOTLINE
        assert user_of(member.invite.uri) == member.number
        assert len(uri_of(member.invite.get("contact"))) <= 255
    assert len({invite.call_id for invite in carrier.invites} | {call.call_id}) == 5
    assert carrier.merged == []
    assert call.is_ringing
    assert call.cancels() == 200
    assert call.final() == 487


def test_the_caller_gets_his_own_headers_back(customer: Customer, bob: Member) -> None:
    """Exactly the caller's own From, To, Call-ID and Vias; a Contact of the edge's; nothing of the gateway."""
    deeper = [
        ("Via", "SIP/2.0/UDP 10.9.8.7:5062;branch=z9hG4bKphone"),
        ("Via", "SIP/2.0/TCP 10.9.8.6;branch=z9hG4bKpbx"),
    ]
    call = customer.calls(
        "02727777787", extra_headers=deeper, to_value="Hotline Mot <sip:02727777787@hotline.example;x=1>"
    )
    bob.rings()
    assert call.is_ringing
    bob.answers()
    assert call.is_answered
    for reply in call.replies:
        assert reply.get("from") == call.invite.get("from")
        assert reply.get("to").startswith("Hotline Mot <sip:02727777787@hotline.example;x=1>;tag=")
        assert reply.call_id == call.invite.call_id
        assert reply.all("via")[1:] == [value for _, value in deeper]
        assert reply.start in {"SIP/2.0 180 Ringing", "SIP/2.0 200 OK"}
        assert reply.names <= {"via", "from", "to", "call-id", "cseq", "contact", "content-type", "content-length"}
    assert "khach" not in bob.invite.raw.decode().lower()
    assert bob.invite.get("to") == f"<sip:{HOTLINE}@{customer.edge[0]}:{customer.edge[1]}>"
    assert call.hangs_up() == 200


def test_only_the_first_ringing_is_told_and_without_a_members_sound(
    customer: Customer, bob: Member, carol: Member, dave: Member
) -> None:
    """One clean 180, whatever the members' 18x say."""
    call = customer.calls(HOTLINE)
    bob.rings(183, body=b"v=0\r\no=- 1 1 IN IP4 127.0.0.21\r\ns=-\r\nc=IN IP4 127.0.0.21\r\nt=0 0\r\n")
    assert call.is_ringing
    carol.rings()
    dave.rings(183)
    carol.answers()
    assert call.is_answered
    assert call.saw == [180, 200]
    assert call.replies[0].body == b""
    assert call.hangs_up() == 200


def test_a_second_answer_does_not_win_a_second_time(
    customer: Customer, bob: Member, carol: Member, ledger: Ledger, sms: Texts
) -> None:
    """Two 200s that cross: RFC 3261 §16.7 step 5 lets both through, the ledger and the SMS know one."""
    carol.ignores_cancel = True
    call = customer.calls(HOTLINE)
    assert carol.was_invited
    bob.answers()
    assert call.is_answered
    assert carol.was_cancelled
    carol.answers()
    assert carol.was_acked
    assert carol.was_hung_up
    assert call.hangs_up() == 200
    assert ledger.call(call.call_id, "answered", ended=True)["answered_leg"] == ledger.legs(call.call_id)[BOB]["leg"]
    assert ledger.outcomes(call.call_id)[CAROL] == "answered_elsewhere"
    assert sms.of(call.call_id) == {BOB: RECEIVED}


def test_a_repeated_answer_reaches_the_caller_masked_every_time(customer: Customer, bob: Member) -> None:
    """The member repeats his 200 until the ACK: each goes through the same transaction, none unmasked."""
    call = customer.calls(HOTLINE, acks=False)
    bob.answers()
    customer.must(lambda: sum(reply.status == 200 for reply in call.tx.replies) >= 3, "the 200 three times")
    assert len(call.replies) == 1
    call.acks()
    assert bob.was_acked
    assert call.hangs_up() == 200


def test_an_invite_sent_three_times_is_one_call(
    customer: Customer, carrier: Carrier, bob: Member, ledger: Ledger
) -> None:
    """N legs and one call in the ledger, however often the INVITE comes."""
    call = customer.calls(HOTLINE)
    call.retransmits_invite(2)
    bob.rings()
    assert call.is_ringing
    call.retransmits_invite()
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    call.retransmits_invite()
    assert call.hangs_up() == 200
    assert len(carrier.invites) == 4
    assert carrier.merged == []
    assert ledger.call(call.call_id, "answered", ended=True)
    assert len(ledger.calls(call.call_id)) == 1
    assert len(ledger.legs(call.call_id)) == 4


def test_a_member_with_a_landline_answers_and_gets_no_sms(
    customer: Customer, office: Member, ledger: Ledger, sms: Texts
) -> None:
    call = customer.calls(HOTLINE)
    office.answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    assert sms.of(call.call_id) == {}
    assert [row["state"] for row in ledger.notifications(call.call_id)] == ["not_applicable"]


@pytest.fixture
def bob_twice(edge: Edge) -> object:
    """Bob's number a second time in the group, otherwise spelled."""
    edge.sql(
        "insert into group_member (group_id, number, position)"
        " select id, '+84 844 441 909', 9 from external_group where name = 'Kinh doanh'"
    )
    yield
    edge.sql("delete from group_member where position = 9")


@pytest.mark.usefixtures("bob_twice")
def test_the_same_number_twice_in_a_group_is_one_leg(
    customer: Customer, carrier: Carrier, bob: Member, edge: Edge
) -> None:
    rows = edge.ledger.rows("select count(*) as n from group_member where number = '+84844441909'")
    assert rows[0]["n"] == 2
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    assert len(carrier.invites) == 4
    assert len(bob.legs) == 1
