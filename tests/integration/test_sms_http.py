"""The driver `http` tells what a provider did, whatever it did, and within its time."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.demo.sms_sink import SmsSink
from sms.providers import DRIVERS, Accepted, Message, Provider, Refused

MESSAGE = Message(7, "0844441909", "+84844441909", 'Ban "vua" nhan', "vContact")
BODY = '{"to": "{to}", "text": "{text}", "sender": "{sender}", "id": "{notification_id}"}'


@pytest.fixture(autouse=True)
def log_since() -> int:
    """No edge runs in these tests."""
    return 0


@pytest.fixture
def sink() -> Iterator[SmsSink]:
    with SmsSink() as sink:
        yield sink


def send(sink: SmsSink | str, env: dict[str, str] | None = None, **changes: Any) -> Accepted | Refused:
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
    assert send(sink) == Refused(f"the provider answered {status}", final, status, "because")


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
    assert send(sink, timeout_seconds=0.3) == Refused("no answer within 0.3 s", final=False)
    assert time.monotonic() - begun < 3


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
    assert time.monotonic() - begun < 3
    assert result == Refused("no answer within 0.3 s", final=False)


def test_an_endless_reply_is_read_only_so_far(sink: SmsSink) -> None:
    sink.answers("x" * 1_000_000)
    result = send(sink)
    assert isinstance(result, Accepted)
    assert len(result.reply) == 4096


def test_a_cut_connection_is_tried_again(sink: SmsSink) -> None:
    sink.resets()
    result = send(sink)
    assert isinstance(result, Refused)
    assert not result.final


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
        assert isinstance(result, Refused)
        assert "s3cr3t" not in repr(result)


def test_a_missing_secret_asks_nobody(sink: SmsSink) -> None:
    result = send(sink, headers={"Authorization": "Bearer ${env:TOKEN}"})
    assert result == Refused("TOKEN is not set in the sender's environment", final=False)
    assert sink.posts() == []


def test_a_pattern_that_is_none_does_not_raise(sink: SmsSink) -> None:
    result = send(sink, success_pattern="(")
    assert isinstance(result, Refused)
    assert re.match("its success_pattern", result.why)


def test_a_secret_cannot_add_a_header(sink: SmsSink) -> None:
    result = send(sink, {"TOKEN": "x\r\nX-Evil: 1"}, headers={"Authorization": "${env:TOKEN}"})
    assert isinstance(result, Refused)
    assert sink.posts() == []
