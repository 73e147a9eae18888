"""A text reaches the SMSC as it is, however long and in whatever letters, in the manner that the row says."""

from collections.abc import Iterator

import pytest

from sms import gsm
from sms.providers import Accepted, Unknown, smpp
from tests.sms_drivers import MESSAGE
from tests.smsc import Smsc
from tests.smsc_driver import SECRETS, refused, row, send


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as smsc:
        yield smsc


@pytest.mark.parametrize("text", [MESSAGE.text, "Bạn vừa nhận cuộc gọi", "[Ä] ~ 5 € | é", "`", "😀 đã gọi"])
def test_a_message_arrives_as_it_is_and_the_smsc_s_id_comes_back(smsc: Smsc, text: str) -> None:
    result = send(smsc, MESSAGE._replace(text=text))
    assert result == Accepted(0, "submit_sm_resp command_status=0x0 message_id=id-1", "id-1")
    assert smsc.taken == [("84844441909", text, "vContact")]


@pytest.mark.parametrize("manner", ["udh", "sar", "payload"])
@pytest.mark.parametrize("text", ["x" * 159 + "€" * 80, "Bạn đã bị nhỡ " * 11, "😀" * 36], ids=["gsm", "ucs2", "pairs"])
def test_a_long_text_arrives_whole(smsc: Smsc, manner: str, text: str) -> None:
    result = send(smsc, MESSAGE._replace(text=text), long_text=manner)
    count = 1 if manner == "payload" else gsm.segments(text)
    assert isinstance(result, Accepted), result
    assert [one.text for one in smsc.taken] == [text]
    assert (len(smsc.submits), result.message_id) == (count, f"id-{count}")
    assert result.reply.count("submit_sm_resp") == count
    assert [one.registered_delivery for one in smsc.submits] == [0] * (count - 1) + [1]  # one receipt for one text


def test_a_text_of_one_sms_has_no_header_and_no_parameters(smsc: Smsc) -> None:
    for manner in ("udh", "sar", "payload"):
        send(smsc, long_text=manner)
    assert {(one.esm_class, len(one.tlvs)) for one in smsc.submits} == {(0, 0)}


@pytest.mark.parametrize(
    ("sender", "options", "source"),
    [
        ("vContact", {}, (5, 0, "vContact")),
        ("+84272777777", {}, (1, 1, "84272777777")),
        ("8088", {}, (0, 1, "8088")),
        ("8088", {"source_ton": "3", "source_npi": "9"}, (3, 9, "8088")),
    ],
)
def test_the_sender_is_a_name_or_a_number(smsc: Smsc, sender: str, options: dict[str, str], source: object) -> None:
    assert isinstance(send(smsc, MESSAGE._replace(sender=sender), 20.0, **options), Accepted)
    (submit,) = smsc.submits
    assert (submit.source_addr_ton, submit.source_addr_npi, submit.source_addr) == source
    assert (submit.dest_addr_ton, submit.dest_addr_npi) == (1, 1)


@pytest.mark.parametrize(
    ("options", "text", "coding"),
    [
        ({}, "Ban vua nhan", 0),
        ({"alphabet": "ascii"}, "Ban vua nhan @", 1),
        ({"alphabet": "ascii"}, "né", 8),
        ({"alphabet": "latin1"}, "né @", 3),
        ({"alphabet": "latin1", "data_coding": "0"}, "Ban vua nhan", 0),
        ({"alphabet": "latin1"}, "5 €", 8),
    ],
)
def test_the_alphabet_is_the_row_s(smsc: Smsc, options: dict[str, str], text: str, coding: int) -> None:
    assert isinstance(send(smsc, MESSAGE._replace(text=text), 20.0, **options), Accepted)
    assert [(one.data_coding, taken.text) for one, taken in zip(smsc.submits, smsc.taken, strict=True)] == [
        (coding, text)
    ]


def test_half_a_text_that_is_refused_or_unanswered_is_no_text(smsc: Smsc) -> None:
    long = MESSAGE._replace(text="x" * 400)
    smsc.plan.append(lambda line, one: line.says(0x80000004, 0, one.sequence_number, smsc.take(one)))
    smsc.answers(0x14)
    result = refused(send(smsc, long))
    assert (result.why, result.final) == ("RMSGQFUL: the SMSC's queue is full (SMS 2 of 3)", False)
    assert isinstance(send(smsc, long), Accepted)
    assert smsc.taken == [("84844441909", long.text, "vContact")]  # and not twice its beginning
    smsc.cuts()
    assert send(smsc, long) == Unknown("the line ended before the SMSC answered (SMS 1 of 3)", down=True)


@pytest.mark.parametrize(
    ("url", "options", "words"),
    [
        ("http://127.0.0.1:1", {}, "url must be smpp://host:port or smpps://host:port, not http://127.0.0.1:1"),
        ("smpp://127.0.0.1:99999", {}, "url must be smpp://host:port or smpps://host:port"),
        ("smpp://127.0.0.1:1", {"window": "0"}, "options: window must be a number from 1 to 1000, not 0"),
        ("smpp://127.0.0.1:1", {"source_ton": "alphanumeric"}, "options: source_ton must be a number from 0 to 6"),
        ("smpp://127.0.0.1:1", {"long_text": "cut"}, "options: long_text must be udh, sar or payload, not cut"),
        ("smpp://127.0.0.1:1", {"alphabet": "utf-8"}, "options: alphabet must be gsm, ascii or latin1, not utf-8"),
        ("smpp://127.0.0.1:1", {"system_type": "x" * 13}, "system_type must be at most 12 ASCII characters"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_in_words(url: str, options: dict[str, str], words: str) -> None:
    result = refused(smpp.send(row(url, options), MESSAGE, SECRETS))
    assert result.why.startswith(words)
    assert not result.final


def test_what_smpp_has_no_room_for_is_refused_not_cut(smsc: Smsc) -> None:
    long = refused(smpp.send(row(smsc.url, {}), MESSAGE, SECRETS | {"TOKEN": "123456789"}))
    assert long.why == "password must be at most 8 ASCII characters: SMPP has no room for more"
    assert refused(send(smsc, MESSAGE._replace(sender="Công ty"))).why.startswith("the sender must be at most 20 ASCII")
    assert refused(send(smsc, MESSAGE._replace(text="x" * 153 * 256))).why == "the text is longer than 255 SMS"
    assert smsc.submits == []
