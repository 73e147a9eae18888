"""A deliver_sm says what became of a message, whoever's SMSC wrote it; and what is none says nothing."""

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from sms.providers.kinds import Provider
from sms.providers.smpp.account import Account, account
from sms.providers.smpp.pdus import HEADER, BadPduError, delivery
from sms.providers.smpp.receipt import STATUSES, Said, read

TEXT = "id:{id} sub:001 dlvrd:001 submit date:2611270810 done date:2611270811 stat:{stat} err:{err} text:id:7 stat:X"
STATE, MESSAGE_ID, PAYLOAD, UNKNOWN_TO_ALL = 0x0427, 0x001E, 0x0424, 0x1401


def whose(receipt_id: str = "same") -> Account:
    credentials = {"system_id": "${env:U}", "password": "${env:P}"}
    row = Provider(
        1, "smpp", "smpp://h", "POST", {}, "", "", None, None, 5, credentials, options={"receipt_id": receipt_id}
    )
    return account(row, {"U": "u", "P": "p"})


def said(
    text: bytes, parameters: dict[int, bytes] | None = None, esm_class: int = 0x04, receipt_id: str = "same"
) -> Said | None:
    """What is read of a deliver_sm that another library wrote."""
    tlvs = [smpp34.Tlv(tag, value) for tag, value in (parameters or {}).items()]
    pdu = smpp34.DeliverSm("84844441909", "vContact", text, esm_class=esm_class, tlvs=tlvs).encode()
    return read(delivery(pdu[HEADER:]), whose(receipt_id))


@pytest.mark.parametrize("stat", sorted(STATUSES))
def test_the_text_of_a_receipt_is_read(stat: str) -> None:
    status, why = STATUSES[stat]
    assert said(TEXT.format(id="0a1B-2.x", stat=stat, err="000").encode()) == ("0a1B-2.x", status, f"{stat}: {why}")


@pytest.mark.parametrize(("state", "stat"), [(2, "DELIVRD"), (3, "EXPIRED"), (5, "UNDELIV"), (8, "REJECTD")])
def test_its_parameters_come_before_its_text(state: int, stat: str) -> None:
    """With or without the octet that should end them; and beside parameters that nobody knows."""
    for name in (b"tlv-id\0", b"tlv-id"):
        found = said(b"whatever", {UNKNOWN_TO_ALL: b"x", MESSAGE_ID: name, STATE: bytes([state])})
        assert found is not None
        assert (found.reference, found.status, found.reason.split(":")[0]) == ("tlv-id", STATUSES[stat][0], stat)


def test_a_reason_is_kept_and_no_reason_is_not() -> None:
    found = said(TEXT.format(id="7", stat="UNDELIV", err="069").encode())
    assert found is not None
    assert found.reason == "UNDELIV: the SMSC cannot deliver it (err 069)"


def test_a_long_one_comes_as_a_payload() -> None:
    text = TEXT.format(id="9", stat="DELIVRD", err="0").encode()
    assert said(b"", {PAYLOAD: text}) == said(text)


@pytest.mark.parametrize(
    ("receipt_id", "answered", "reported"),
    [
        ("same", "0A1B", "0A1B"),
        ("decimal", "0A1B", "2587"),
        ("decimal", "a1b", "0000002587"),
        ("hex", "2587", "0A1B"),
        ("hex", "0000002587", "a1b"),
        ("decimal", "no number", "no"),
    ],
)
def test_its_id_is_that_of_the_answer_however_it_is_written(receipt_id: str, answered: str, reported: str) -> None:
    found = said(TEXT.format(id=reported, stat="DELIVRD", err="0").encode(), receipt_id=receipt_id)
    assert found is not None
    name = whose(receipt_id).named(answered)
    assert (found.reference == name) == (answered != "no number")
    by_parameter = said(b"", {MESSAGE_ID: answered.encode() + b"\0", STATE: b"\2"}, receipt_id=receipt_id)
    assert (by_parameter.reference if by_parameter else None) == (name if answered != "no number" else None)


@pytest.mark.parametrize(
    ("text", "esm_class"),
    [
        (TEXT.format(id="7", stat="DELIVRD", err="0").encode(), 0x00),  # a member wrote that
        (b"id: stat:DELIVRD", 0x04),
        (b"", 0x04),
        (b"id:" + b"x" * 65 + b" stat:DELIVRD", 0x04),
        (b"id:a\x00b stat:DELIVRD", 0x04),
        (b"id:\xe9 stat:DELIVRD", 0x04),
    ],
)
def test_what_is_no_receipt_says_nothing(text: bytes, esm_class: int) -> None:
    assert said(text, esm_class=esm_class) is None


def test_a_word_that_nobody_knows_is_ignored() -> None:
    assert said(b"id:7 stat:SKIPPED") == ("7", "ignored", "the SMSC says SKIPPED")
    assert said(b"id:7") == ("7", "ignored", "the SMSC says nothing")


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    try:
        found = delivery(body)
    except BadPduError:
        return
    read(found, whose())
