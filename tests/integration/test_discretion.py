"""A withheld number stands nowhere, and no log has a telephone number of a person, whatever the calls are like."""

import re
import secrets
from collections.abc import Iterator
from typing import Final

import pytest

from deploy.wait import until
from tests.edge import BOB, CALLER, CAROL, CUSTOMER_HOST, DAVE, HOTLINE, MEMBERS, OFFICE, Edge, Ledger, Texts
from tests.logs import UNREADABLE
from tests.searched import everything, logs, places_with
from tests.sip import Carrier, Customer, Member, Recording
from tests.sip.customer import Call
from tests.sip.message import Header, parse

ANONYMOUS: Final = '"Anonymous" <sip:anonymous@anonymous.invalid>'
Headers = list[Header]


def asserted(number: str) -> Header:
    return "P-Asserted-Identity", f'"Nguyen" <sip:+84{number[1:]}@pbx.khach.example;user=phone>'


@pytest.fixture
def hidden(edge: Edge, recording: Recording) -> Iterator[Customer]:
    """A customer whose number no other test knows, so that it can be looked for everywhere."""
    number = f"0912{secrets.randbelow(10**6):06}"
    with Customer(edge.address, host=CUSTOMER_HOST, recording=recording, number=number) as customer:
        yield customer


@pytest.fixture
def everybody(carrier: Carrier) -> list[Member]:
    return [carrier.member(number) for number in MEMBERS]


def calls(customer: Customer, call_id: str, headers: Headers, from_value: str = "", dialled: str = HOTLINE) -> Call:
    """Place a call with a Call-ID of one's choice."""
    invite = customer.invite(dialled, extra_headers=headers, from_value=from_value)
    return Call(customer, parse(invite.raw.replace(invite.call_id.encode(), call_id.encode())), customer.edge, True)


def hangs_up_while_it_rings(call: Call, everybody: list[Member]) -> None:
    everybody[0].rings()
    assert call.is_ringing
    assert call.cancels() == 200
    assert call.final() == 487


def withheld_call(ledger: Ledger, hotline_calls: int) -> dict[str, object]:
    """Wait for one call more than `hotline_calls`, and return it: its Call-ID may have been shortened."""
    query = "select * from call where caller_withheld and outcome <> 'ringing' order by arrived_at desc"
    assert until(lambda: len(ledger.rows(query)) > hotline_calls, 10.0)
    return ledger.rows(query)[0]


def count_withheld(ledger: Ledger) -> int:
    return len(ledger.rows("select from call where caller_withheld and outcome <> 'ringing'"))


@pytest.mark.parametrize(
    ("privacy", "from_value"),
    [
        ([("Privacy", "id")], ""),
        ([("Privacy", "none"), ("Privacy", "id;critical")], ""),
        ([("Privacy", "header"), ("Privacy", "session")], ""),
        ([("Privacy", "user,critical")], ""),
        ([], ANONYMOUS),
        ([("Privacy", "id")], ANONYMOUS),
    ],
    ids=["id", "repeated", "header", "user", "anonymous From", "both"],
)
def test_a_withheld_number_stands_nowhere(
    hidden: Customer, everybody: list[Member], edge: Edge, privacy: Headers, from_value: str
) -> None:
    """Neither event, spool, ledger, log nor SMS; not even where the telephone writes it into its Call-ID."""
    before = count_withheld(edge.ledger)
    call_id = f"{hidden.number}-{secrets.token_hex(4)}@pbx.khach.example"
    call = calls(hidden, call_id, [*privacy, asserted(hidden.number)], from_value)
    hangs_up_while_it_rings(call, everybody)
    row = withheld_call(edge.ledger, before)
    assert (row["caller_number"], row["outcome"]) == (None, "missed")
    told = edge.ledger.rows("select state, caller_number from notification where call_id = %(id)s", id=row["id"])
    assert {(one["state"], one["caller_number"]) for one in told} == {("withheld", None), ("not_applicable", None)}
    assert places_with(hidden.number, everything(edge)) == []


def test_a_number_that_is_not_withheld_is_found_by_the_same_search(
    hidden: Customer, everybody: list[Member], edge: Edge, sms: Texts
) -> None:
    """So that the absences above mean something: spool, event, call, notification, SMS."""
    call = hidden.calls(HOTLINE)
    hangs_up_while_it_rings(call, everybody)
    assert len(sms.of(call.call_id)) == 3
    found = places_with(hidden.number, everything(edge))
    assert {"table call", "table call_event", "table notification", "SMS"} < set(found)
    assert any(place.endswith(".jsonl") for place in found)
    assert not any(place.endswith(".log") for place in found)


@pytest.fixture
def without_number(edge: Edge) -> Iterator[None]:
    """The tenant's choice: an SMS without the number."""
    choose(edge, "without_number")
    yield
    choose(edge, "none")


def choose(edge: Edge, choice: str) -> None:
    edge.sql("update tenant set withheld_sms = %(choice)s where name = 'vContact'", choice=choice)
    [row] = edge.ledger.rows("select id from tenant where name = 'vContact'")
    assert edge.table_says(lambda table: table.tenant(row["id"]).withheld_sms == choice)  # type: ignore[union-attr]


@pytest.mark.usefixtures("without_number")
def test_members_are_told_without_the_number_where_the_tenant_wants_that(
    hidden: Customer, everybody: list[Member], edge: Edge, ledger: Ledger, sms: Texts
) -> None:
    """As it was chosen when the call came: a change while it rings is for the next call."""
    call = calls(hidden, f"khach-{secrets.token_urlsafe(9)}@x", [("Privacy", "id"), asserted(hidden.number)])
    everybody[0].rings()
    assert call.is_ringing
    choose(edge, "none")
    assert call.cancels() == 200
    row = ledger.call(call.call_id, "missed")
    texts = sms.of(call.call_id)
    assert set(texts) == {BOB, CAROL, DAVE}
    assert all(
        re.fullmatch(r"\(vContact\) Ban da bi nho 1 cuoc goi tu so an vao luc \d\d:\d\d \d\d/\d\d/\d{4}\.", text)
        for text in texts.values()
    )
    assert (row["caller_number"], row["withheld_sms"]) == (None, "without_number")
    assert places_with(hidden.number, everything(edge)) == []


@pytest.mark.usefixtures("without_number")
def test_who_answers_is_told_without_the_number_too(hidden: Customer, bob: Member, ledger: Ledger, sms: Texts) -> None:
    call = calls(hidden, f"khach-{secrets.token_urlsafe(9)}@x", [asserted(hidden.number)], ANONYMOUS)
    bob.answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    ledger.call(call.call_id, "answered", ended=True)
    assert sms.of(call.call_id) == {BOB: "(vContact) Ban vua nhan cuoc goi tu so an."}


@pytest.mark.usefixtures("without_number")
def test_a_caller_whose_number_is_known_is_told_of_as_ever(
    customer: Customer, everybody: list[Member], sms: Texts
) -> None:
    call = customer.calls(HOTLINE)
    hangs_up_while_it_rings(call, everybody)
    assert all(CALLER in text for text in sms.of(call.call_id).values())


SPELLED: Final = (CALLER, f"84{CALLER[1:]}", f"0084{CALLER[1:]}", "0909.789.846", "84-909-789-846")
BROKEN: Final[list[Header]] = [
    ("Contact", f"<sip:{CALLER}@[x>"),
    ("Record-Route", f"<{CALLER}"),
    ("Require", f"x{CALLER}"),
    ("Via", f"SIP/2.0/UDP {CALLER}@[::"),
    ("P-Asserted-Identity", f"<sip:{CALLER}@\u00e9"),
]


@pytest.mark.parametrize("spelling", SPELLED)
def test_no_log_has_a_number_of_a_person(
    customer: Customer, bob: Member, edge: Edge, ledger: Ledger, sms: Texts, spelling: str
) -> None:
    """However the caller's telephone wrote it into its Call-ID."""
    call = calls(customer, f"{spelling}-{secrets.token_hex(4)}@{CUSTOMER_HOST}", [asserted(CALLER)])
    bob.answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    ledger.call(call.call_id, "answered", ended=True)
    assert set(sms.of(call.call_id)) == {BOB}
    nobody_is_in_the_logs(edge)


def test_no_log_has_a_number_of_what_is_refused(customer: Customer, stranger: Customer, edge: Edge) -> None:
    """Dialled numbers of people, strangers, requests without their dialog."""
    for dialled in (CALLER, BOB, OFFICE, f"{CALLER}x"):
        assert calls(customer, f"{BOB}{secrets.token_hex(4)}@x", [("Subject", CALLER)], dialled=dialled).final() == 404
    assert calls(stranger, f"{CALLER}-{secrets.token_hex(4)}@x", []).final() == 403
    assert customer.asks("BYE", uri=f"sip:{CALLER}@{edge.address[0]}:{edge.address[1]}").outcome().status == 481
    nobody_is_in_the_logs(edge)


@pytest.mark.usefixtures("carrier")  # what rings must not ring on in the next test
@pytest.mark.parametrize("from_value", [f"<sip:{CALLER}@[::;tag=x", f'"{CALLER}<sip:{CALLER}@x>;tag=x', f"<{CALLER}>"])
@pytest.mark.may_log("kamailio", *UNREADABLE)
def test_no_log_has_a_number_of_a_from_that_cannot_be_read(customer: Customer, edge: Edge, from_value: str) -> None:
    customer.calls(HOTLINE, from_value=from_value)
    assert customer.asks("OPTIONS").outcome().status == 200
    nobody_is_in_the_logs(edge)


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize("header", BROKEN, ids=[name for name, _ in BROKEN])
@pytest.mark.may_log("kamailio", *UNREADABLE)
def test_no_log_has_a_number_of_a_header_that_cannot_be_read(customer: Customer, edge: Edge, header: Header) -> None:
    """Kamailio itself would like to show what it cannot parse."""
    call = calls(customer, f"{secrets.token_hex(6)}@x", [header])
    assert customer.asks("OPTIONS").outcome().status == 200
    if call.saw == []:
        assert call.cancels() in {200, 400, 481}
    nobody_is_in_the_logs(edge)


def nobody_is_in_the_logs(edge: Edge) -> None:
    for number in (CALLER, *MEMBERS):
        assert places_with(number, logs(edge)) == []


def test_the_log_ties_the_callers_call_id_to_the_legs(
    customer: Customer, bob: Member, edge: Edge, ledger: Ledger
) -> None:
    """README: the ledger gives the call's id for the caller's Call-ID; the log gives the legs' for it."""
    since = edge.log_size()
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    row = ledger.call(call.call_id, "answered", ended=True)
    [line] = [line for line in edge.log_since(since).splitlines() if f"call={row['id']} received" in line]
    found = re.search(r"leg_call_ids=(\S+)", line)
    assert found is not None
    assert bob.invite.call_id in found[1].split(",")
    assert len(set(found[1].split(","))) == len(MEMBERS)
