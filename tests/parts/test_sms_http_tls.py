"""Who cannot prove to be the provider is told nothing: it is as if there were no connection, and no fate is unknown."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms.providers import Refused
from tests.parts.test_sms_smpp_tls import certificate
from tests.sms_drivers import ALL, Driven

HEARD: list[str] = []


class Listening(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        HEARD.append(self.path)


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[str]:
    """The URL of a server whose certificate nobody we trust has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, "127.0.0.1"))
    server = http.server.HTTPServer(("127.0.0.1", 0), Listening)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("driven", ALL, ids=lambda one: str(one.name))
def test_a_stranger_is_told_nothing_and_nothing_is_unknown(driven: Driven, stranger: str) -> None:
    result = driven.send(stranger)
    assert isinstance(result, Refused), result
    assert (result.why, result.final, result.cause) == ("the provider's certificate does not hold", False, "down")
    assert HEARD == []
