"""From the call to the receipt, on the real stack: the provider reports, the ledger shows what became of the SMS."""

from collections.abc import Iterator
from typing import Final

import pytest
import requests

from deploy.wait import until
from tests.edge import BOB, CAROL, DAVE, HOTLINE, MEMBERS, Edge, Ledger, Row
from tests.receipts_endpoint import send
from tests.sip import Carrier, Customer, Member

_BODY: Final = (
    '{"to": "{to}", "text": "{text}", "sender": "{sender}", "id": "{notification_id}", "report_to": "{receipt_url}"}'
)


@pytest.fixture
def everybody(carrier: Carrier) -> list[Member]:
    return [carrier.member(number) for number in MEMBERS]


@pytest.fixture
def reporting(edge: Edge) -> Iterator[Edge]:
    """The seed's provider, as one that reports."""
    [before] = edge.ledger.rows("select id, body_template from sms_provider")
    edge.sql("update sms_provider set body_template = %(body)s, receipt_status_field = 'status',"
        " receipt_reference_field = 'message'", body=_BODY)  # fmt: skip
    edge.sql("insert into sms_receipt_rule values (%(id)s, 'arrived', 'delivered', null),"
        " (%(id)s, 'lost', 'failed', 'the telephone was off for two days')", id=before["id"])  # fmt: skip
    yield edge
    edge.sql("delete from sms_receipt_rule")
    edge.sql(
        "update sms_provider set body_template = %(body)s, receipt_status_field = null", body=before["body_template"]
    )


def test_what_the_provider_reports_is_in_the_ledger(
    reporting: Edge, customer: Customer, everybody: list[Member], ledger: Ledger
) -> None:
    """A missed call. Of three SMS one arrived, reported to the address that came with it; one was lost, reported by
    the provider's own name of it; of the third nothing is heard. The call's own row is as it was.
    """
    call = customer.calls(HOTLINE)
    for member in everybody:
        member.rings()
    assert call.is_ringing
    assert call.cancels() == 200
    ledger.call(call.call_id, "missed")

    def sent() -> dict[str, Row]:
        rows = ledger.notifications(call.call_id)
        return {row["member_number"].replace("+84", "0"): row for row in rows if row["state"] != "not_applicable"}

    assert until(lambda: [row["state"] for row in sent().values()] == ["accepted"] * 3, 30.0), sent()
    before = ledger.calls(call.call_id)
    [told] = [one for one in reporting.sink.messages() if one["id"] == str(sent()[BOB]["id"])]
    assert send(requests.Request("POST", told["report_to"], json={"status": "arrived"})).status_code == 200
    address = told["report_to"].rpartition("/")[0]
    lost = {"status": "LOST", "message": sent()[CAROL]["provider_message_id"]}
    assert send(requests.Request("GET", address, params=lost)).status_code == 200
    said = {number: (row["state"], row["last_error"]) for number, row in sent().items()}
    assert said == {
        BOB: ("delivered", None), CAROL: ("failed", "the telephone was off for two days"), DAVE: ("accepted", None),
    }  # fmt: skip
    assert ledger.calls(call.call_id) == before
