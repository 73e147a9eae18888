"""Gateways that speak TCP are asked over it: refused, lost, silent or answering, and nobody ever waits for them."""

import selectors
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.wait import until
from kemi.domain import health
from kemi.watch.probing import Probing
from tests.unit.given import gateway
from tests.unit.test_probing import HOST, Kamailio


class Room:
    """A gateway's listener and the one who asks."""

    def __init__(self) -> None:
        self.kamailio = Kamailio()
        self.probing = Probing(self.kamailio, "127.0.0.1", "203.0.113.9:5060")
        self.peer = socket.create_server((HOST, 0))
        self.peer.setblocking(False)
        self.port = self.peer.getsockname()[1]

    def knows(self, **changes: Any) -> None:
        given = {"id": 7, "host": HOST, "port": self.port, "probe_seconds": 0.3, "transport": "tcp"}
        self.probing.know([gateway(**{**given, **changes})])

    def goes_on(self) -> None:
        """Once round the watch's loop, without waiting."""
        self.probing.step()
        with selectors.PollSelector() as waiting:
            for one in self.probing.connections():
                waiting.register(one.socket, one.events, one)
            for key, _ in waiting.select(0):
                key.data.read()

    def goes_down(self) -> bool:
        def is_down() -> bool:
            self.goes_on()
            return "g7" in self.kamailio.down

        return until(is_down, 5.0)

    def comes_up(self) -> bool:
        def is_up() -> bool:
            self.goes_on()
            return not self.kamailio.down

        return until(is_up, 5.0)

    def asked(self) -> tuple[socket.socket, str]:
        """The connection that comes, and what it says."""
        found: list[socket.socket] = []

        def comes() -> bool:
            self.goes_on()
            try:
                found.append(self.peer.accept()[0])
            except BlockingIOError:
                return False
            return True

        assert until(comes, 5.0)
        [sock] = found
        sock.setblocking(False)
        text: list[bytes] = []

        def says() -> bool:
            self.goes_on()
            try:
                text.append(sock.recv(65_535))
            except BlockingIOError:
                return False
            return True

        assert until(says, 5.0)
        return sock, text[0].decode()

    def hears(self, sock: socket.socket, *words: bytes) -> None:
        for each in words:
            sock.send(each)
            self.goes_on()


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.3)
    room = Room()
    yield room
    room.peer.close()
    room.probing.know([])
    assert room.probing.connections() == []
    room.probing.socket.close()


def answer(code: int, asked: str) -> bytes:
    [call_id] = [line for line in asked.split("\r\n") if line.startswith("Call-ID:")]
    return f"SIP/2.0 {code} Words\r\n{call_id}\r\n\r\n".encode()


def test_it_asks_down_a_connection_and_hangs_up_when_it_has_its_answer(room: Room) -> None:
    """A 100 may come before, and the answer in pieces."""
    room.knows()
    sock, asked = room.asked()
    lines = asked.split("\r\n")
    assert lines[0] == f"OPTIONS sip:{HOST}:{room.port};transport=tcp SIP/2.0"
    assert lines[1].startswith(f"Via: SIP/2.0/TCP 203.0.113.9:{sock.getpeername()[1]};")
    assert sock.getpeername()[0] == "127.0.0.1"
    whole = answer(200, asked)
    room.hears(sock, answer(100, asked), whole[:20], whole[20:])
    assert until(lambda: not room.probing.connections(), 5.0)
    assert sock.recv(1) == b""
    assert room.kamailio.down == set()
    sock.close()


def test_a_gateway_that_refuses_is_down_at_once_and_up_with_its_first_answer(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.peer.close()
    room.knows()
    assert room.goes_down()
    room.peer = socket.create_server((HOST, room.port))
    room.peer.setblocking(False)
    sock, asked = room.asked()
    room.hears(sock, answer(404, asked))
    assert room.comes_up()
    assert [line.split(" ")[0] for line in caplog.messages] == ["alarm=gateway_down", "gateway_up"]
    assert "why=connection refused" in caplog.messages[0]
    sock.close()


def test_a_gateway_that_takes_the_connection_and_says_nothing_is_down(room: Room) -> None:
    """The kernel takes it, nobody reads: a process that hangs."""
    room.knows()
    assert room.goes_down()


def test_a_gateway_that_closes_without_an_answer_is_down(room: Room) -> None:
    room.knows(probe_seconds=5)
    for _ in range(2):
        sock, _ = room.asked()
        sock.close()
    assert room.goes_down()


def test_what_is_no_answer_is_none(room: Room) -> None:
    """Nor what never ends."""
    room.knows()
    sock, _ = room.asked()
    room.hears(sock, b"SIP/2.0 200 OK\r\nCall-ID: another\r\n\r\n", b"x" * 70_000)
    assert room.goes_down()
    sock.close()
