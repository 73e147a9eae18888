"""Whatever a provider does, its driver says taken, refused or unknown, and the right one of them."""

import json
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

import pytest

from sms.providers import DRIVERS, Accepted, Refused, Result, Unknown
from sms.providers.kinds import Cause
from tests.sms_apis import SECRETS, Answer, ApiServer, code
from tests.sms_drivers import ALL, MESSAGE, Driven

pytestmark = pytest.mark.parametrize("driven", ALL, ids=lambda driven: driven.name)


@pytest.fixture
def server(driven: Driven) -> Iterator[ApiServer]:
    with ApiServer(driven.api) as server:
        yield server


def refused(result: Result) -> Refused:
    assert isinstance(result, Refused), result
    return result


def test_every_driver_is_tested(driven: Driven) -> None:
    assert {one.name for one in ALL} | {"smpp"} == DRIVERS.keys()  # an SMSC: test_sms_smpp.py
    assert driven.name in DRIVERS


def test_a_message_arrives_as_it_is_and_the_provider_s_id_comes_back(driven: Driven, server: ApiServer) -> None:
    result = driven.send(server)
    assert isinstance(result, Accepted), result
    assert result.message_id == driven.message_id
    assert [(one.to, one.text, one.sender) for one in server.taken] == [(driven.to, MESSAGE.text, "vContact")]


def test_letters_with_accents_arrive(driven: Driven, server: ApiServer) -> None:
    assert isinstance(driven.send(server, MESSAGE._replace(text="Bạn vừa nhận cuộc gọi")), Accepted)
    assert [one.text for one in server.taken] == ["Bạn vừa nhận cuộc gọi"]


def test_nothing_in_time_is_unknown_and_costs_the_timeout(driven: Driven, server: ApiServer) -> None:
    server.hangs()
    begun = time.monotonic()
    assert driven.send(server, timeout=0.3) == Unknown("no answer within 0.3 s", down=True)
    assert time.monotonic() - begun < 30
    assert len(server.taken) == 1


@pytest.mark.parametrize("after", [-1, 0, 5])
def test_a_cut_line_is_unknown(driven: Driven, server: ApiServer, after: int) -> None:
    """Before the answer, behind its head, and in the middle of its body: the provider has taken the message."""
    server.cuts(after)
    result = driven.send(server)
    assert isinstance(result, Unknown), result
    assert len(server.taken) == 1


def test_nobody_listening_is_no_unknown_fate(driven: Driven) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert driven.send(f"http://127.0.0.1:{port}") == Refused("no connection", final=False, cause="down")


def test_an_answer_from_another_world_is_neither_taken_nor_final(driven: Driven, server: ApiServer) -> None:
    """A proxy's page, say. (The driver http goes by its success_pattern.)"""
    for body in ("<html>Please log in</html>", "[]", "{}", "", '{"code": null, "CodeResult": {}}'):
        server.answers(Answer(200, body))
        result = driven.send(server)
        assert isinstance(result, Unknown | Refused), body
        assert not (isinstance(result, Refused) and result.final), body


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (301, "failed"),
        (400, "failed"),
        (401, "failed"),
        (404, "failed"),
        (408, "again"),
        (429, "again"),
        (500, "again"),
        (502, "unknown"),
        (503, "again"),
        (504, "unknown"),
    ],
)
def test_a_status_without_words_means_the_same_to_all(
    driven: Driven, server: ApiServer, status: int, fate: str
) -> None:
    server.answers(Answer(status, "because", {"Location": server.url}))
    result = driven.send(server)
    if fate == "unknown":
        assert result == Unknown(f"the provider answered {status}", status, "because", down=True)
    else:
        cause: Cause = "down" if status >= 500 else "busy" if status == 429 else "message"
        assert result == Refused(f"the provider answered {status}", fate == "failed", status, "because", cause=cause)
    assert len(server.asked) == 1  # a redirect is not followed: the request holds secrets


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "42"}, 42, 42),
        ({"Retry-After": "in a day"}, 0, 0),
        ({"Retry-After": "nan"}, 0, 0),
        ({"Retry-After": "-5"}, 0, 0),
        ({"Retry-After": "1000000"}, 3600, 3600),
        ({"X-Rate-Limit-Limit": "60", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "17"}, 17, 17),
    ],
)
def test_a_provider_that_asks_for_patience_gets_it(
    driven: Driven, server: ApiServer, headers: dict[str, str], least: float, most: float
) -> None:
    server.answers(Answer(429, '{"name":"Too Many Requests","code":0,"status":429}', headers))
    result = refused(driven.send(server))
    assert not result.final
    assert least <= result.wait_seconds <= most


def test_patience_until_a_time_is_understood_too(driven: Driven, server: ApiServer) -> None:
    until = time.time() + 100
    for headers in ({"Retry-After": formatdate(until, usegmt=True)}, {"X-Rate-Limit-Reset": str(int(until))}):
        server.answers(Answer(503, "later", headers))
        assert 90 < refused(driven.send(server)).wait_seconds <= 100


def test_a_wrong_secret_is_refused_for_good_and_said_by_nobody(driven: Driven, server: ApiServer) -> None:
    result = refused(driven.send(server, env={"USER": "ACuser-2", "TOKEN": "wr0ng-token"}))
    assert result.final
    assert server.taken == []
    assert "wr0ng" not in str(tuple(result))


def test_a_missing_secret_asks_nobody(driven: Driven, server: ApiServer) -> None:
    result = refused(driven.send(server, env={"USER": "x"}))
    assert (result.why, result.final, result.cause) == ("TOKEN is not set in the sender's environment", False, "setup")
    assert server.asked == []


def test_a_secret_may_be_a_file(driven: Driven, server: ApiServer, tmp_path: Path) -> None:
    """The newline at its end is no part of it."""
    for name, value in SECRETS.items():
        (tmp_path / name).write_text(value + "\n")
    references = {key: value.replace("env:", "file:") for key, value in driven.credentials.items()}
    row = driven.provider(server.url)
    row = row._replace(credentials=references, headers={k: v.replace("env:", "file:") for k, v in row.headers.items()})
    assert isinstance(DRIVERS[driven.name](row, MESSAGE, {"SECRETS_DIR": str(tmp_path)}), Accepted)
    missing = refused(DRIVERS[driven.name](row, MESSAGE, {"SECRETS_DIR": str(tmp_path / "none")}))
    assert not missing.final
    assert "cannot read the file" in missing.why


@pytest.mark.parametrize("status", [200, 400, 502])
def test_a_provider_that_echoes_the_request_brings_no_secret_in(driven: Driven, server: ApiServer, status: int) -> None:
    driven.send(server)
    asked = server.asked[0]
    body = asked.body.decode(errors="replace")
    echo = json.dumps({"path": asked.path, "headers": dict(asked.headers), "body": body})
    server.answers(Answer(status, echo))
    words = str(tuple(driven.send(server)))
    assert "s3cr3t" not in words
    assert SECRETS["USER"] not in words
    if "Authorization" in asked.headers:
        assert asked.headers["Authorization"].partition(" ")[2] not in words


def test_a_provider_is_told_where_to_report_and_the_address_is_kept_nowhere(driven: Driven, server: ApiServer) -> None:
    """As far as its API takes such an address: SpeedSMS has it in its console. Nobody is told while there is none."""
    row = driven.provider(server.url)._replace(receipt_token="t0ken-of-32-letters")
    row = row._replace(body_template='{"to": "{to_international}", "text": "{receipt_url}", "from": "x", "ref": "1"}')
    env = {**SECRETS, "RECEIPTS_URL": "https://sms.example/edge/"}
    assert isinstance(DRIVERS[driven.name](row, MESSAGE, env), Accepted)
    told = unquote(server.asked[0].body.decode())
    assert ("https://sms.example/edge/receipts/t0ken-of-32-letters/r7-0" in told) == (driven.name != "speedsms")
    server.answers(Answer(400, told))
    assert "t0ken" not in str(tuple(DRIVERS[driven.name](row, MESSAGE, env)))
    server.answers(Answer(400, "no"))
    DRIVERS[driven.name](row, MESSAGE, SECRETS)
    assert "receipts" not in unquote(server.asked[-1].body.decode())


def test_a_request_whose_answer_was_lost_is_recognised_where_it_can_be(driven: Driven, server: ApiServer) -> None:
    """Two of the four can. The others send it twice: README, "Sent once, with one exception"."""
    server.cuts(0)
    assert isinstance(driven.send(server), Unknown)
    assert isinstance(driven.send(server), Accepted)
    assert len(server.taken) == (1 if driven.name in {"http", "esms"} else 2)


def test_every_code_has_its_meaning_and_a_reason_for_people(driven: Driven, server: ApiServer) -> None:
    for number, meaning in driven.codes.items():
        if (driven.name, number) in {("esms", "100"), ("speedsms", "00")}:
            continue  # what taken looks like is tested above
        server.answers(code(driven.api, number))
        result = driven.send(server)
        assert len(meaning.why.split()) > 4
        if meaning.verdict == "accepted":
            assert isinstance(result, Accepted)
        else:
            found = refused(result)
            final = meaning.verdict in {"failed", "elsewhere", "suppressed"}
            cause = "message" if meaning.verdict in {"failed", "again"} else meaning.verdict
            assert (found.why, found.final, found.cause) == (meaning.why, final, cause), number
