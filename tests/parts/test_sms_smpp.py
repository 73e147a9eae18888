"""Whatever an SMSC does, the driver smpp says taken, refused or unknown, and the right one of them."""

import contextlib
import random
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.wait import until
from sms.inbox import INBOX
from sms.providers import Accepted, Refused, Unknown, smpp
from sms.providers.smpp import codes, pool
from tests.sms_drivers import MESSAGE
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc
from tests.smsc_driver import SECRETS, refused, row, send

ENQUIRE_LINK, UNBIND = 0x15, 0x6


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as smsc:
        yield smsc


def test_nothing_in_time_is_unknown(smsc: Smsc) -> None:
    assert isinstance(send(smsc), Accepted)  # bound: what follows has all its time for itself
    smsc.hangs()
    assert send(smsc, timeout=0.5) == Unknown("no answer within 0.5 s", down=True)
    assert len(smsc.taken) == 2


@pytest.mark.parametrize("after", [0, 7, 17])
def test_a_cut_line_is_unknown_and_the_next_message_binds_anew(smsc: Smsc, after: int) -> None:
    """Before the answer, in its head, and in its body: the SMSC has taken the message."""
    smsc.cuts(after)
    assert send(smsc) == Unknown("the line ended before the SMSC answered", down=True)
    assert isinstance(send(smsc), Accepted)
    assert (len(smsc.taken), smsc.binds) == (2, 2)


def test_nobody_listening_is_no_unknown_fate() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert smpp.send(row(f"smpp://127.0.0.1:{port}", {}), MESSAGE, SECRETS) == Refused(
        "no connection", final=False, cause="down"
    )


def test_a_bind_that_nobody_answers_is_no_unknown_fate(smsc: Smsc) -> None:
    smsc.bind_status.append(None)
    assert send(smsc, timeout=0.5) == Refused("no bind within 0.5 s", final=False, cause="down")
    assert smsc.submits == []


@pytest.mark.parametrize("status", sorted({**codes.SUBMIT, **codes.BIND, 0x0400: None}))
def test_every_code_has_its_meaning_and_a_reason_for_people(smsc: Smsc, status: int) -> None:
    """Of a message; and where the bind gets it, nothing is sent."""
    verdict, why = codes.of_submit(status)
    assert len(why.split()) > 4
    smsc.answers(status)
    result = refused(send(smsc))
    cause = verdict if verdict in {"busy", "down"} else "message"
    assert (result.why, result.final, result.cause, result.status) == (why, verdict == "failed", cause, status)
    verdict, why = codes.of_bind(status)
    with Smsc() as closed:
        closed.bind_status.append(status)
        result = refused(send(closed))
        cause = "down" if verdict == "down" else "message"
        assert (result.why, result.final, result.cause, result.status) == (why, verdict == "failed", cause, status)
        assert closed.submits == []


@pytest.mark.parametrize("wrong", [{"USER": "somebody"}, {"TOKEN": "wr0ng"}])
def test_a_wrong_secret_is_refused_for_good_and_said_by_nobody(
    smsc: Smsc, wrong: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    result = refused(smpp.send(row(smsc.url, {}), MESSAGE, SECRETS | wrong))
    assert result.final
    assert smsc.submits == []
    assert send(smsc) == Accepted(0, "submit_sm_resp command_status=0x0 message_id=id-1", "id-1")
    assert "wr0ng" not in str(tuple(result)) + caplog.text
    assert PASSWORD not in caplog.text


def test_a_missing_secret_asks_nobody_and_a_secret_may_be_a_file(smsc: Smsc, tmp_path: Path) -> None:
    assert refused(smpp.send(row(smsc.url, {}), MESSAGE, {"USER": "x"})).why == (
        "TOKEN is not set in the sender's environment"
    )
    assert smsc.binds == 0
    (tmp_path / "smsc").write_text(PASSWORD + "\n")
    credentials = {"system_id": "${env:USER}", "password": "${file:smsc}"}
    env = {"USER": SYSTEM_ID, "SECRETS_DIR": str(tmp_path)}
    assert isinstance(smpp.send(row(smsc.url, {})._replace(credentials=credentials), MESSAGE, env), Accepted)


def test_threads_share_one_bind_and_each_gets_its_own_answer(smsc: Smsc) -> None:
    """Though the answers come in another order."""
    smsc.holds(8)
    with ThreadPoolExecutor(8) as threads:
        results = list(
            threads.map(lambda number: send(smsc, MESSAGE._replace(text=f"number {number}")), range(8)),
        )
    assert smsc.binds == 1
    ids = {text: f"id-{place}" for place, (_, text, _) in enumerate(smsc.taken, 1)}
    assert [result.message_id for result in results if isinstance(result, Accepted)] == [
        ids[f"number {number}"] for number in range(8)
    ]


def test_no_more_than_the_window_are_under_way(smsc: Smsc) -> None:
    """What finds no place has surely not left."""
    held: list[int] = []
    smsc.plan.extend([lambda _, submit: held.append(submit.sequence_number)] * 2)
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(send, smsc, timeout=60.0, window="2") for _ in range(2)]
        assert until(lambda: len(held) == 2, 20.0)
        assert send(smsc, timeout=0.5, window="2") == Refused(
            "no place in the window within 0.5 s", final=False, cause="busy"
        )
        for sequence in held:
            smsc.lines[0].says(0x80000004, 0, sequence, b"held\0")
        assert all(isinstance(one.result(), Accepted) for one in waiting)
    assert smsc.submits == []
    assert isinstance(send(smsc, window="2"), Accepted)


def test_a_refused_bind_is_not_tried_with_every_message(smsc: Smsc, monkeypatch: pytest.MonkeyPatch) -> None:
    """Carriers lock accounts that knock too often. A row that says something else knocks at once."""
    monkeypatch.setattr(pool, "PAUSES", (60.0,))
    smsc.bind_status.append(0xD)
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: refused(send(smsc)), range(40)))
    assert {(one.why, one.final) for one in results} == {(codes.BIND[0xD].why, False)}
    assert smsc.binds == 1
    assert isinstance(send(smsc, system_type="x"), Accepted)
    assert smsc.binds == 2


def test_a_bind_that_fails_again_and_again_is_logged_once(
    smsc: Smsc, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pool, "PAUSES", (0.0,))
    smsc.bind_status.extend([0xD, 0xD, 0xD, 0x5, 0x5])
    for _ in range(5):
        refused(send(smsc))
    assert isinstance(send(smsc), Accepted)
    said = [one.getMessage() for one in caplog.records if "not bound" in one.getMessage()]
    assert [words.partition("why=")[2] for words in said] == [codes.BIND[0xD].why, codes.BIND[0x5].why]


def test_it_answers_whether_it_is_still_there_and_asks_so_itself(smsc: Smsc) -> None:
    send(smsc, enquire_link="1")
    smsc.lines[0].says(ENQUIRE_LINK, 0, 4711)
    smsc.lines[0].says(0x0F00, 0, 4712)  # no command of SMPP's
    heard = [smsc.heard.get(timeout=20) for _ in range(3)]
    assert {(one.command, one.status, one.sequence) for one in heard} >= {
        (0x80000015, 0, 4711),
        (0x80000000, codes.RINVCMDID, 4712),
    }
    assert ENQUIRE_LINK in [one.command for one in heard]


def test_a_line_that_says_nothing_any_more_is_left(smsc: Smsc) -> None:
    send(smsc, enquire_link="1")
    smsc.lines[0].deaf = True
    assert until(lambda: smsc.lines[0].ended, 20.0)
    assert isinstance(send(smsc, enquire_link="1"), Accepted)
    assert smsc.binds == 2


@pytest.mark.parametrize("octets", [b"\0\0\0\x04", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\x05" * 4])
def test_what_is_no_smpp_ends_the_line(smsc: Smsc, octets: bytes) -> None:
    smsc.plan.append(lambda line, _: line.sends(octets.ljust(16, b"\0")))
    assert send(smsc) == Unknown("the line ended before the SMSC answered", down=True)
    assert isinstance(send(smsc), Accepted)


def test_whatever_pdus_come_the_next_message_goes_out(smsc: Smsc) -> None:
    """Of every command and none, with any status, sequence and body; the line may end over them."""
    dice = random.Random("pdus")
    for turn in range(300):
        send(smsc) if smsc.lines == [] or smsc.lines[-1].ended else None
        command = dice.choice([*range(0x16), 0x21, 0x102, 0x103, dice.getrandbits(8)]) | dice.choice([0, 1 << 31])
        body = bytes(dice.choice([0, dice.getrandbits(8)]) for _ in range(dice.randrange(40)))
        with contextlib.suppress(OSError):
            smsc.lines[-1].says(command, dice.choice([0, 0, 8, dice.getrandbits(32)]), turn, body)
    assert until(lambda: isinstance(send(smsc), Accepted), 20.0)


def test_an_smsc_that_unbinds_us_is_asked_again_by_the_next_message(smsc: Smsc) -> None:
    send(smsc)
    smsc.lines[0].says(UNBIND, 0, 9)
    assert smsc.heard.get(timeout=20)[:3] == (0x80000006, 0, 9)
    assert until(lambda: smsc.lines[0].ended, 20.0)
    assert isinstance(send(smsc), Accepted)
    assert smsc.binds == 2


def test_an_answer_that_comes_too_late_is_told_by_the_request_s_name(smsc: Smsc) -> None:
    """And is nobody else's. A late refusal says nothing that is not known."""
    INBOX.take()
    late: list[int] = []
    assert isinstance(send(smsc), Accepted)
    for status in (0x14, 0x0):
        smsc.plan.append(lambda _, submit: late.append(submit.sequence_number))
        assert isinstance(send(smsc, MESSAGE._replace(request_id=f"late-{status}"), timeout=0.5), Unknown)
        assert until(lambda: len(late) == 1, 20.0)
        smsc.lines[0].says(0x80000004, status, late.pop(), b"late\0")
    result = send(smsc)
    assert isinstance(result, Accepted)
    assert result.message_id == "id-2"
    assert [(one.reference, one.request_id, one.status) for one in INBOX.take()] == [("late", "late-0", "accepted")]
