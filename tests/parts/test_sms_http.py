"""The driver `http` tells what a provider did, whatever it did, and within its time."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.demo.sms_sink import SmsSink
from sms.providers import DRIVERS, Accepted, Message, Provider, Refused, Result, Unknown
from sms.providers.kinds import Cause, Rule

MESSAGE = Message(7, "0844441909", "+84844441909", 'Ban "vua" nhan', "vContact", "r-0")
BODY = '{"to": "{to}", "text": "{text}", "sender": "{sender}", "id": "{notification_id}"}'


@pytest.fixture
def sink() -> Iterator[SmsSink]:
    with SmsSink() as sink:
        yield sink


def send(sink: SmsSink | str, env: dict[str, str] | None = None, **changes: Any) -> Result:
    url = sink if isinstance(sink, str) else sink.url
    provider = Provider(1, "http", url, "POST", {}, BODY, "application/json", None, None, 5)
    return DRIVERS["http"](provider._replace(**changes), MESSAGE, env or {})


def test_a_taken_message_is_accepted_with_the_provider_s_id(sink: SmsSink) -> None:
    result = send(sink, message_id_pattern='"id": *"([^"]+)"')
    assert result == Accepted(200, '{"id": "sink-1"}', "sink-1")
    assert sink.messages() == [{"to": "0844441909", "text": 'Ban "vua" nhan', "sender": "vContact", "id": "7"}]


@pytest.mark.parametrize(
    ("status", "final"),
    [(301, True), (400, True), (401, True), (404, True), (408, False), (429, False), (500, False), (503, False)],
)
def test_a_refusal_is_for_good_or_not(sink: SmsSink, status: int, final: bool) -> None:
    sink.refuses(status, body="because")
    cause: Cause = "down" if status >= 500 else "busy" if status == 429 else "message"
    assert send(sink) == Refused(f"the provider answered {status}", final, status, "because", cause=cause)


def test_a_redirect_is_not_followed(sink: SmsSink) -> None:
    """The headers hold secrets."""
    sink.refuses(302, headers={"Location": sink.url})
    assert isinstance(send(sink), Refused)
    assert len(sink.posts()) == 1


def test_a_200_that_says_no_is_tried_again(sink: SmsSink) -> None:
    sink.answers('{"status": "ERR"}')
    result = send(sink, success_pattern='"status": *"OK"')
    assert isinstance(result, Refused)
    assert (result.final, result.reply) == (False, '{"status": "ERR"}')


def test_a_provider_that_hangs_costs_its_timeout(sink: SmsSink) -> None:
    sink.hangs()
    begun = time.monotonic()
    assert send(sink, timeout_seconds=0.3) == Unknown("no answer within 0.3 s", down=True)
    assert time.monotonic() - begun < 30


def test_a_reply_that_never_ends_costs_its_timeout() -> None:
    """A byte now and then keeps every single read below the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        stop = threading.Event()

        def drip() -> None:
            conn, _ = server.accept()
            with conn:
                conn.recv(65536)
                conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not stop.wait(0.05):
                    try:
                        conn.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        begun = time.monotonic()
        result = send(f"http://{host}:{port}/", timeout_seconds=0.3)
        stop.set()
        thread.join()
    assert time.monotonic() - begun < 30
    assert result == Unknown("no answer within 0.3 s", 200, down=True)


def test_an_endless_reply_is_read_only_so_far(sink: SmsSink) -> None:
    sink.answers("x" * 1_000_000)
    result = send(sink)
    assert isinstance(result, Accepted)
    assert len(result.reply) == 4096


def test_a_cut_connection_leaves_the_fate_unknown(sink: SmsSink) -> None:
    sink.resets()
    assert send(sink) == Unknown("no answer: ConnectionError", down=True)


def test_nobody_listening_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    result = send(f"http://127.0.0.1:{port}/")
    assert isinstance(result, Refused)
    assert not result.final


def test_secrets_are_in_the_request_and_in_no_error(sink: SmsSink) -> None:
    sink.resets()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    env = {"TOKEN": "s3cr3t"}
    for url in (f"http://127.0.0.1:{port}/?key=${{env:TOKEN}}", "http://[::1/${env:TOKEN}", sink.url):
        result = send(url, env, headers={"Authorization": "Bearer ${env:TOKEN}"})
        assert not isinstance(result, Accepted)
        assert "s3cr3t" not in repr(result)


def test_a_missing_secret_asks_nobody(sink: SmsSink) -> None:
    result = send(sink, headers={"Authorization": "Bearer ${env:TOKEN}"})
    assert result == Refused("TOKEN is not set in the sender's environment", final=False, cause="setup")
    assert sink.posts() == []


def test_a_pattern_that_is_none_does_not_raise(sink: SmsSink) -> None:
    result = send(sink, success_pattern="(")
    assert isinstance(result, Refused)
    assert re.match("a pattern of its success_pattern", result.why)


def test_a_secret_cannot_add_a_header(sink: SmsSink) -> None:
    result = send(sink, {"TOKEN": "x\r\nX-Evil: 1"}, headers={"Authorization": "${env:TOKEN}"})
    assert isinstance(result, Refused)
    assert sink.posts() == []


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ('{"code": 7}', Refused("no template", True, 200, '{"code": 7}')),
        ('{"code": 8}', Refused("no balance", False, 200, '{"code": 8}')),
        ('{"code": 9}', Unknown("their queue died", 200, '{"code": 9}')),
        ('{"code": 6, "id": "x1"}', Accepted(200, '{"code": 6, "id": "x1"}', "x1")),
        ('{"code": 0, "id": "x1"}', Accepted(200, '{"code": 0, "id": "x1"}', "x1")),
        ("else", Refused("the provider's answer does not match its success_pattern", False, 200, "else")),
    ],
)
def test_the_first_rule_that_fits_says_what_a_reply_means(sink: SmsSink, body: str, result: Result) -> None:
    """A new provider needs rows, and no code."""
    rules = (
        Rule(409, None, "failed", "not this one"),
        Rule(None, '"code": *7', "failed", "no template"),
        Rule(200, '"code": *8', "again", "no balance"),
        Rule(200, '"code": *9', "unknown", "their queue died"),
        Rule(200, '"code": *6', "accepted", "a repetition"),
        Rule(200, '"code": *6', "failed", "too late: the one before fits"),
    )
    sink.answers(body)
    found = send(sink, success_pattern='"code": *0', message_id_pattern='"id": *"([^"]+)"', rules=rules)
    assert found == result


def test_a_rule_may_make_a_status_final_or_not(sink: SmsSink) -> None:
    sink.refuses(500, body="bad number")
    sink.refuses(400, body="busy")
    rules = (Rule(500, "number", "failed", "bad number"), Rule(400, None, "again", "busy"))
    assert send(sink, rules=rules) == Refused("bad number", True, 500, "bad number")
    assert send(sink, rules=rules) == Refused("busy", False, 400, "busy")
