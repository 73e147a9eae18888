"""Nobody talks to the customer: why, what he is told, and who gets the missed-call SMS."""

from collections.abc import Iterator
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from tests.edge import BOB, CALLER, CAROL, DAVE, HOTLINE, MEMBERS, OFFICE, Edge, Ledger, Row, Texts
from tests.sip import Carrier, Customer, Member

WITH_MOBILE = (BOB, CAROL, DAVE)


def missed_texts(row: Row) -> dict[str, str]:
    """What every offered mobile gets: the text of the product, with the call's own local time."""
    at = row["arrived_at"].astimezone(UTC).astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).strftime("%H:%M %d/%m/%Y")
    text = f"(vContact) Ban da bi nho 1 cuoc goi tu so {CALLER} vao luc {at}. Vui long kiem tra va lien he lai"
    return dict.fromkeys(WITH_MOBILE, text)


@pytest.fixture
def everybody(carrier: Carrier) -> list[Member]:
    return [carrier.member(number) for number in MEMBERS]


def test_the_customer_hangs_up_while_it_rings(
    customer: Customer, everybody: list[Member], ledger: Ledger, sms: Texts
) -> None:
    """Every member is cancelled, and told; nothing of the caller's Reason goes along."""
    call = customer.calls(HOTLINE)
    for member in everybody:
        member.rings()
    assert call.is_ringing
    assert call.cancels(headers=[("Reason", 'SIP;cause=487;text="khach-hang lost patience"')]) == 200
    assert call.final() == 487
    for member in everybody:
        assert member.was_cancelled
        assert member.was_acked
        assert member.cancel.call_id == member.invite.call_id
        assert member.cancel.get("from") == member.invite.get("from")
        assert member.cancel.get("to") == member.invite.get("to")
    row = ledger.call(call.call_id, "missed")
    assert (row["reason"], row["final_code"]) == ("caller_gave_up", 487)
    assert set(ledger.outcomes(call.call_id).values()) == {"cancelled"}
    assert sms.of(call.call_id) == missed_texts(row)
    states = {each["member_number"]: each["state"] for each in ledger.notifications(call.call_id)}
    assert states["+842838123456"] == "not_applicable"


def test_nobody_answers_in_the_ring_time(
    customer: Customer, everybody: list[Member], ledger: Ledger, sms: Texts
) -> None:
    """A 180 that comes late does not give more time."""
    call = customer.calls(HOTLINE)
    for member in everybody:
        member.rings()
    assert call.is_ringing
    everybody[0].rings(183)
    assert call.final(within=10) in {408, 480}
    for member in everybody:
        assert member.was_cancelled
    row = ledger.call(call.call_id, "missed")
    assert row["reason"] == "no_answer"
    assert 5_000 <= row["ring_ms"] <= 9_000
    assert sms.of(call.call_id) == missed_texts(row)


def test_every_member_refuses(customer: Customer, everybody: list[Member], ledger: Ledger, sms: Texts) -> None:
    """The customer gets one fitting code of ours, and no word of the gateway's."""
    call = customer.calls(HOTLINE)
    for member, code in zip(everybody, (486, 486, 603, 404), strict=True):
        member.refuses(code, f"Thue bao {member.number} cua Nguyen Van Ba ban")
    assert call.final() in {480, 486, 600, 603}
    assert call.replies[-1].start in {
        "SIP/2.0 486 Busy Here",
        "SIP/2.0 480 Temporarily Unavailable",
        "SIP/2.0 603 Decline",
    }
    for member in everybody:
        assert member.was_acked
    row = ledger.call(call.call_id, "missed")
    assert row["reason"] == "all_refused"
    outcomes = dict(zip(MEMBERS, ("busy", "busy", "declined", "not_found"), strict=True))
    assert ledger.outcomes(call.call_id) == outcomes
    assert sms.of(call.call_id) == missed_texts(row)


@pytest.mark.parametrize("code", [603, 600, 606])
def test_one_6xx_does_not_end_the_hunt(
    customer: Customer, bob: Member, carol: Member, ledger: Ledger, code: int
) -> None:
    call = customer.calls(HOTLINE)
    bob.refuses(code)
    assert bob.was_acked
    carol.rings()
    assert call.is_ringing
    carol.answers()
    assert call.is_answered
    assert call.saw == [180, 200]
    assert call.hangs_up() == 200
    assert ledger.call(call.call_id, "answered", ended=True)
    assert ledger.outcomes(call.call_id)[CAROL] == "answered"


@pytest.mark.parametrize("code", [301, 302, 401, 407])
def test_a_gateways_redirect_or_challenge_never_reaches_the_caller(
    customer: Customer, everybody: list[Member], code: int
) -> None:
    """A 3xx names the member's number in its Contact; a challenge would ask the customer for the carrier's password."""
    call = customer.calls(HOTLINE)
    headers = [("Contact", "<sip:0844441910@127.0.0.20>"), ("Proxy-Authenticate", 'Digest realm="carrier.example"')]
    for member in everybody:
        member.refuses(code, headers=headers)
    assert call.final() == 480
    assert "contact" not in call.replies[-1].names


def test_a_carrier_that_does_not_answer_at_all(
    customer: Customer, everybody: list[Member], ledger: Ledger, sms: Texts
) -> None:
    """No reply to any INVITE: offered all the same, so they are told."""
    for member in everybody:
        member.stays_silent()
    call = customer.calls(HOTLINE)
    assert call.final(within=12) == 503
    row = ledger.call(call.call_id, "missed")
    assert {outcome for _, _, outcome in ledger.attempts(call.call_id)} == {"unreachable"}
    assert sms.of(call.call_id) == missed_texts(row)


@pytest.mark.parametrize(
    ("headers", "from_value"),
    [
        ([("Privacy", "id"), ("P-Asserted-Identity", f"<sip:{CALLER}@pbx.khach.example>")], ""),
        ([("Privacy", "user;critical")], ""),
        (
            [("P-Asserted-Identity", f"<sip:{CALLER}@pbx.khach.example>")],
            '"Anonymous" <sip:anonymous@anonymous.invalid>',
        ),
    ],
    ids=["Privacy: id", "Privacy: user", "anonymous From"],
)
def test_a_withheld_number_is_told_to_nobody(
    customer: Customer,
    everybody: list[Member],
    ledger: Ledger,
    sms: Texts,
    headers: list[tuple[str, str]],
    from_value: str,
) -> None:
    call = customer.calls(HOTLINE, extra_headers=headers, from_value=from_value)
    everybody[0].rings()
    assert call.is_ringing
    assert call.cancels() == 200
    assert call.final() == 487
    row = ledger.call(call.call_id, "missed")
    assert (row["caller_number"], row["caller_withheld"]) == (None, True)
    assert sms.of(call.call_id) == {}
    assert {each["state"] for each in ledger.notifications(call.call_id)} <= {"withheld", "not_applicable"}
    assert {each["caller_number"] for each in ledger.notifications(call.call_id)} == {None}


@pytest.fixture
def notification_off(edge: Edge) -> Iterator[None]:
    """The group's switch, off."""
    edge.sql("update external_group set notify_members = false where name = 'Kinh doanh'")
    assert edge.table_says(lambda table: not table.group_of("+842727777787").notify_members)  # type: ignore[union-attr]
    yield
    edge.sql("update external_group set notify_members = true where name = 'Kinh doanh'")
    assert edge.table_says(lambda table: table.group_of("+842727777787").notify_members)  # type: ignore[union-attr]


@pytest.mark.usefixtures("notification_off")
def test_with_the_switch_off_nobody_is_told(customer: Customer, bob: Member, ledger: Ledger, sms: Texts) -> None:
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.is_ringing
    assert call.cancels() == 200
    assert call.final() == 487
    ledger.call(call.call_id, "missed")
    assert sms.of(call.call_id) == {}
    assert ledger.notifications(call.call_id) == []


def test_an_answer_that_crosses_the_cancel_wins(customer: Customer, bob: Member, ledger: Ledger, sms: Texts) -> None:
    """The 200 was sent before the CANCEL came: the call is answered, and hung up by the caller."""
    bob.ignores_cancel = True
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.is_ringing
    assert call.cancels() == 200
    assert bob.was_cancelled
    bob.answers()
    assert call.final() == 200
    assert call.hangs_up() == 200
    assert ledger.call(call.call_id, "answered", ended=True)
    assert set(sms.of(call.call_id)) == {BOB}


def test_office_is_offered_like_everybody(customer: Customer, office: Member, ledger: Ledger) -> None:
    """A landline rings; only the SMS is not for it."""
    call = customer.calls(HOTLINE)
    office.rings()
    assert call.is_ringing
    assert call.cancels() == 200
    assert call.final() == 487
    ledger.call(call.call_id, "missed")
    assert ledger.legs(call.call_id)[OFFICE]["rang_at"] is not None
