"""The way to a provider: connections are used again, certificates are looked at, the environment's proxy is used."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sms.providers import Accepted, Refused, Result, Unknown
from sms.providers.line import CannotBeAskedError, ask
from tests.parts.test_sms_smpp_tls import certificate
from tests.sms_apis import Answer, ApiServer, Asked
from tests.sms_drivers import HTTP


def fresh(action: object) -> object:
    """Do `action` in a thread of its own: its connections, and what it knows of the environment, are new."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(action()))  # type: ignore[operator]
    thread.start()
    thread.join(30)
    return found[0]


@contextmanager
def tls(file: Path) -> Iterator[ApiServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = ApiServer(HTTP.api)
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    with server:
        yield server


def secure(server: ApiServer) -> Result:
    url = server.url.replace("http://", "https://")
    found = fresh(lambda: HTTP.send(url))
    assert isinstance(found, (Accepted, Refused, Unknown))
    return found


def test_a_connection_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    connections: list[object] = []
    with ApiServer(lambda _, __: Answer(200, "{}")) as server:
        accept = server._server.get_request

        def counted() -> tuple[object, object]:
            connections.append(1)
            return accept()

        monkeypatch.setattr(server._server, "get_request", counted)
        for _ in range(3):
            with ask("POST", server.url, {}, b"x", 5) as response:
                assert response.read1(100) == b"{}"
                assert response.read1(100) == b""
    assert (len(server.asked), len(connections)) == (3, 1)


def test_a_certificate_that_nobody_vouches_for_gets_no_request(tmp_path: Path) -> None:
    with tls(certificate(tmp_path, "127.0.0.1")) as server:
        assert not isinstance(secure(server), Accepted)
        assert server.asked == []


def test_a_certificate_that_the_environment_trusts_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And only for the address that it names."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "127.0.0.1.ca"))
    with tls(certificate(tmp_path, "127.0.0.1")) as server:
        assert isinstance(secure(server), Accepted)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "127.0.0.9.ca"))
    with tls(certificate(tmp_path, "127.0.0.9")) as server:
        assert not isinstance(secure(server), Accepted)
        assert server.asked == []


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its login; not for what no_proxy names."""

    def proxy(asked: Asked, _: object) -> Answer:
        return Answer(200, '{"id": "through"}') if asked.path == "http://sms.invalid/send" else Answer(400, "")

    with ApiServer(proxy) as server:
        monkeypatch.setenv("http_proxy", server.url.replace("://", "://me:secret@"))
        monkeypatch.setenv("no_proxy", "other.invalid")
        assert fresh(lambda: HTTP.send("http://sms.invalid")) == Accepted(200, '{"id": "through"}', "through")
        assert server.asked[0].headers["proxy-authorization"] == "Basic bWU6c2VjcmV0"
        assert fresh(lambda: HTTP.send("http://other.invalid")) == Refused("no connection", final=False, cause="down")
    assert len(server.asked) == 1


@pytest.mark.parametrize("url", ["http://[::1", "gopher://x/", "http://"])
def test_a_url_that_cannot_be_used_sends_nothing(url: str) -> None:
    with pytest.raises(CannotBeAskedError):
        ask("POST", url, {}, b"x", 1)


def test_a_header_that_would_begin_another_sends_nothing() -> None:
    with ApiServer(HTTP.api) as server, pytest.raises(CannotBeAskedError):
        ask("POST", server.url, {"X-A": "b\r\nX-Evil: 1"}, b"x", 5)
    assert server.asked == []
