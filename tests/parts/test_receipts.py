"""What providers report, in their own forms, to the real endpoint: believed or not, understood or not, kept."""

import socket
from collections.abc import Iterator

import pytest
import requests

from deploy import ports
from sms.receipts.reading import READERS
from tests.database import fresh_database
from tests.receipts_endpoint import Endpoint, endpoint_on, send
from tests.sms_reporters import ALL, Reported, Reporting, generic, twilio

BY_NAME = {one.name: one for one in ALL}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with fresh_database() as url:
        port = ports.free_tcp("127.0.0.1")
        with endpoint_on(url, tmp_path_factory.mktemp("receipts"), port, RECEIPTS_PER_SECOND="100000") as endpoint:
            yield endpoint


def test_every_driver_that_is_read_is_tested() -> None:
    assert BY_NAME.keys() == READERS.keys()


@pytest.mark.parametrize(("name", "word"), [(one.name, word) for one in ALL for word in one.words])
def test_what_a_provider_s_words_mean(endpoint: Endpoint, name: str, word: str) -> None:
    """Each word of each provider: the receipt's status, the notification's state and why."""
    reporting = BY_NAME[name]
    status, why = reporting.words[word]
    endpoint.becomes(reporting)
    answer = endpoint.told(reporting, word)
    assert (answer.status_code, answer.text) == (200, "ok\n")
    [(kept, _, _)] = endpoint.receipts()
    assert kept == status
    moved = status if status in {"delivered", "failed", "expired"} else "accepted"
    assert endpoint.room.ask("select state, last_error from notification") == [(moved, why)]


@pytest.mark.parametrize("reporting", ALL, ids=lambda one: one.name)
def test_no_number_no_secret_and_no_address_is_kept_or_logged(endpoint: Endpoint, reporting: Reporting) -> None:
    endpoint.becomes(reporting)
    assert endpoint.told(reporting, next(iter(reporting.words))).status_code == 200
    token = endpoint.address.rpartition("/")[2]
    [(kept,)] = endpoint.room.ask("select sms_receipt::text from sms_receipt")
    for secret in ("4441909", "ACuser-1", "s3cr3t", token):
        assert secret not in kept
        assert secret not in endpoint.log()
    assert "909" in kept


@pytest.mark.parametrize("reporting", ALL, ids=lambda one: one.name)
def test_repeated_and_unknown_and_contradicting_ones_are_taken_and_do_no_harm(
    endpoint: Endpoint, reporting: Reporting
) -> None:
    endpoint.becomes(reporting)
    arrived = next(word for word, (status, _) in reporting.words.items() if status == "delivered")
    failed = next(word for word, (status, _) in reporting.words.items() if status == "failed")
    for word in (arrived, arrived, failed):
        assert endpoint.told(reporting, word).status_code == 200
    assert endpoint.told(reporting, arrived, message_id="999").status_code == 200
    assert [effect for _, _, effect in endpoint.receipts()] == ["applied", "repeated", "contradicted", "waiting"]
    assert endpoint.room.state == "delivered"


@pytest.mark.parametrize("reporting", ALL, ids=lambda one: one.name)
def test_our_own_name_of_the_request_in_the_address_finds_it(endpoint: Endpoint, reporting: Reporting) -> None:
    """The answer was lost, so nobody knows the provider's name of it."""
    endpoint.becomes(reporting)
    endpoint.room.ask("update notification_attempt set message_id = null, fate = 'unknown'")
    [(request_id,)] = endpoint.room.ask("select request_id from notification_attempt")
    word = next(word for word, (status, _) in reporting.words.items() if status == "delivered")
    answer = send(reporting.report(Reported(f"{endpoint.address}/{request_id}", reporting.message_id, word)))
    assert (answer.status_code, endpoint.room.state) == (200, "delivered")


@pytest.mark.parametrize("reporting", ALL, ids=lambda one: one.name)
@pytest.mark.parametrize(
    ("method", "body", "kind", "status"),
    [
        ("GET", b"", "", 400),
        ("POST", b"{", "application/json", 400),
        ("POST", b"[" * 30_000, "application/json", 400),
        ("POST", b'{"a": "\\ud800"}', "application/json", 400),
        ("POST", b"[]", "application/json", 400),
        ("POST", b"17", "application/json", 400),
        ("POST", b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        ("POST", b"&".join(b"%d=1" % number for number in range(300)), "application/x-www-form-urlencoded", 400),
        ("POST", b"<report/>", "application/xml", 400),
        ("POST", b"x" * 70_000, "application/json", 413),
        ("PUT", b"{}", "application/json", 405),
        ("DELETE", b"", "", 405),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(
    endpoint: Endpoint, reporting: Reporting, method: str, body: bytes, kind: str, status: int
) -> None:
    """And never with a 5xx, which would have it repeated."""
    endpoint.becomes(reporting)
    answer = send(requests.Request(method, endpoint.address, data=body, headers={"Content-Type": kind} if kind else {}))
    assert answer.status_code in ({status, 403} if reporting.name in {"http", "twilio"} else {status}), answer.text
    assert len(answer.text.split()) > 2
    assert endpoint.receipts() == []


def test_a_wrong_address_is_nobody_s(endpoint: Endpoint) -> None:
    for path in ("/receipts/" + "0" * 32, "/receipts/x", "/receipts/%00", "/receipts", "/", "/receipts/a/b/c"):
        answer = send(requests.Request("POST", endpoint.url + path, data={"a": "b"}))
        assert answer.status_code == 404, path
        assert len(answer.text.split()) > 2 or path.count("/") != 2


def test_a_report_without_a_name_or_a_status_is_told_what_it_lacks(endpoint: Endpoint) -> None:
    endpoint.becomes(BY_NAME["esms"])
    answer = send(requests.Request("GET", endpoint.address + "?SMSID=1"))
    assert (answer.status_code, answer.text) == (400, "a receipt of eSMS has SendStatus, and SMSID or RequestId\n")


def test_twilio_must_have_signed_it(endpoint: Endpoint) -> None:
    """With our auth token, for this address and these fields."""
    endpoint.becomes(BY_NAME["twilio"])
    reported = Reported(endpoint.address, BY_NAME["twilio"].message_id, "delivered")
    other = twilio(reported._replace(url=endpoint.address + "/another"))
    other.url = endpoint.address
    unsigned, changed = twilio(reported), twilio(reported)
    unsigned.headers = {}
    changed.data["MessageStatus"] = "failed"
    for request in (twilio(reported, token="wr0ng-token"), other, unsigned, changed):
        answer = send(request)
        assert answer.status_code == 403
        assert "X-Twilio-Signature is missing or is not of this request" in answer.text
    assert endpoint.receipts() == []
    assert send(twilio(reported)).status_code == 200


def test_a_signature_that_the_row_asks_for_must_be_there_and_right(endpoint: Endpoint) -> None:
    endpoint.becomes(BY_NAME["http"])
    reported = Reported(endpoint.address, "g-1", "DELIVRD")
    unsigned = generic(reported)
    unsigned.headers.pop("X-Signature")
    for request in (generic(reported, key="wr0ng"), unsigned):
        assert send(request).status_code == 403
    assert endpoint.receipts() == []


def test_a_key_that_is_not_there_has_the_report_repeated(endpoint: Endpoint) -> None:
    """It may be right: nothing is lost for want of a variable."""
    endpoint.becomes(BY_NAME["http"])
    endpoint.room.ask("update sms_provider set receipt_signature_key = '${env:NOT_SET_ANYWHERE}'")
    answer = endpoint.told(BY_NAME["http"], "DELIVRD")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_a_source_that_the_row_does_not_name_is_refused(endpoint: Endpoint) -> None:
    endpoint.becomes(BY_NAME["esms"])
    endpoint.room.ask("update sms_provider set receipt_sources = '{192.0.2.0/24}'")
    answer = endpoint.told(BY_NAME["esms"], "5")
    assert (answer.status_code, "do not come from 127.0.0.1" in answer.text) == (403, True)
    endpoint.room.ask("update sms_provider set receipt_sources = '{192.0.2.0/24,127.0.0.1}'")
    assert endpoint.told(BY_NAME["esms"], "5").status_code == 200


def test_a_source_cannot_be_made_up(endpoint: Endpoint) -> None:
    """X-Forwarded-For is believed of the proxy that is named, and of nobody else."""
    endpoint.becomes(BY_NAME["esms"])
    endpoint.room.ask("update sms_provider set receipt_sources = '{192.0.2.7}'")
    request = BY_NAME["esms"].report(Reported(endpoint.address, BY_NAME["esms"].message_id, "5"))
    request.headers = {"X-Forwarded-For": "192.0.2.7"}
    assert send(request).status_code == 403


def test_several_receipts_may_come_at_once(endpoint: Endpoint) -> None:
    """Other news between them are left out; one that is none at all is refused."""
    endpoint.becomes(BY_NAME["http"])
    endpoint.room.ask("update sms_provider set receipt_signature_header = null, receipt_signature_key = null")
    told = [{"message": {"id": f"g-{number}", "state": "DELIVRD"}} for number in (1, 2)]
    answer = send(requests.Request("POST", endpoint.address, json={"events": [{"hello": 1}, *told]}))
    assert (answer.status_code, [effect for _, _, effect in endpoint.receipts()]) == (200, ["applied", "waiting"])
    refused = send(requests.Request("POST", endpoint.address, json={"events": [{"hello": 1}]}))
    assert (refused.status_code, "message.state and message.id" in refused.text) == (400, True)


def test_a_body_may_come_in_pieces_and_not_be_longer_for_that(endpoint: Endpoint) -> None:
    """Chunked (RFC 9112 §7.1): nothing says at first how long it is."""
    endpoint.becomes(BY_NAME["speedsms"])
    pieces = (b'{"type": "report", "tranId": 123457, ', b'"status": ', b"0}")
    header = {"Content-Type": "application/json"}
    answer = send(requests.Request("POST", endpoint.address, data=iter(pieces), headers=header))
    assert (answer.status_code, endpoint.room.state) == (200, "delivered")
    too_long = (b" " * 1000 for _ in range(70))
    assert send(requests.Request("POST", endpoint.address, data=too_long, headers=header)).status_code == 413


def test_it_says_that_it_is_well(endpoint: Endpoint) -> None:
    assert send(requests.Request("GET", endpoint.url + "/health")).text == "ok\n"


def test_half_a_request_keeps_nobody_waiting(endpoint: Endpoint) -> None:
    """More than there are threads; each has said how much will come, and is silent."""
    endpoint.becomes(BY_NAME["esms"])
    host, _, port = endpoint.listen.partition(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(20)]
    for each in silent:
        each.sendall(b"POST /receipts/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert endpoint.told(BY_NAME["esms"], "5").status_code == 200
    for each in silent:
        each.close()
