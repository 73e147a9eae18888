"""Gateways on loopback: what is asked of them, what is believed of their answers, and what Kamailio is told."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.wait import until
from kemi.domain import health
from kemi.domain.model import Gateway
from kemi.watch.probing import Probing
from kemi.watch.rpc import Rpc
from tests.unit.given import gateway

HOST = "127.0.0.21"


class Kamailio(Rpc):
    """Which gateways are down, as the workers read it."""

    def __init__(self) -> None:
        self.down: set[str] = set()

    def ask(self, method: str, *params: str | int) -> Any:
        table, key = params[:2]
        assert table == "down"
        (self.down.add if method == "htable.setxi" else self.down.discard)(str(key))


class Room:
    """A gateway's socket and the one who asks."""

    def __init__(self) -> None:
        self.kamailio = Kamailio()
        self.probing = Probing(self.kamailio, "127.0.0.1", "203.0.113.9:5060")
        self.peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.bind((HOST, 0))
        self.peer.settimeout(0.02)

    def gateway(self, **changes: Any) -> Gateway:
        given = {"id": 7, "host": HOST, "port": self.peer.getsockname()[1], "probe_seconds": 5, "enabled": True}
        return gateway(**{**given, **changes})

    def asked(self) -> tuple[str, tuple[str, int]] | None:
        """What the gateway has got, if anything."""
        self.probing.step()
        try:
            data, source = self.peer.recvfrom(65_535)
        except TimeoutError:
            return None
        return data.decode(), source

    def answers(self, code: int, asked: str, source: tuple[str, int], sender: socket.socket | None = None) -> None:
        """The gateway, or somebody, answers."""
        [call_id] = [line for line in asked.split("\r\n") if line.startswith("Call-ID:")]
        (sender or self.peer).sendto(f"SIP/2.0 {code} Words\r\n{call_id}\r\n\r\n".encode(), source)

    def goes_down(self) -> bool:
        def is_down() -> bool:
            self.asked()
            self.probing.read()
            return "g7" in self.kamailio.down

        return until(is_down, 5.0)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.2)
    room = Room()
    yield room
    room.peer.close()
    room.probing.socket.close()


def test_it_asks_as_the_edge_and_says_nothing_else(room: Room) -> None:
    room.probing.know([room.gateway()])
    asked = room.asked()
    assert asked is not None
    lines = asked[0].split("\r\n")
    assert lines[0] == f"OPTIONS sip:{HOST}:{room.peer.getsockname()[1]} SIP/2.0"
    [from_] = [line for line in lines if line.startswith("From:")]
    assert from_.startswith("From: <sip:203.0.113.9:5060>;tag=")
    assert "User-Agent: SIP" in lines
    assert asked[0].endswith("\r\n\r\n")


def test_who_wants_no_options_gets_none(room: Room) -> None:
    room.probing.know([room.gateway(probe_seconds=0), room.gateway(id=8, enabled=False)])
    assert room.asked() is None


def test_it_is_asked_at_its_outbound_proxy(room: Room) -> None:
    room.probing.know([room.gateway(host="192.0.2.1", proxy=f"{HOST}:{room.peer.getsockname()[1]}")])
    asked = room.asked()
    assert asked is not None
    assert asked[0].startswith("OPTIONS sip:192.0.2.1:")


def test_silence_is_told_and_the_first_answer_takes_it_back(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    room.probing.know([room.gateway(probe_seconds=0.3)])
    assert room.goes_down()

    def is_up() -> bool:
        if (asked := room.asked()) is not None:
            room.answers(404, *asked)
        room.probing.read()
        return not room.kamailio.down

    assert until(is_up, 5.0)
    said = [line.split(" ")[0] for line in caplog.messages]
    assert said == ["alarm=gateway_down", "gateway_up"]


def test_an_answer_of_somebody_else_is_none(room: Room) -> None:
    """Nor one to a question that was not asked."""
    room.probing.know([room.gateway()])
    asked = room.asked()
    assert asked is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.66", 0))
        room.answers(200, *asked, sender=other)
    room.answers(200, "Call-ID: another", asked[1])
    room.peer.sendto(b"rubbish", asked[1])
    assert room.goes_down()


def test_a_restarted_kamailio_is_told_again(room: Room) -> None:
    room.probing.know([room.gateway()])
    assert room.goes_down()
    room.kamailio.down.clear()
    room.probing.tell()
    assert room.kamailio.down == {"g7"}


@pytest.mark.parametrize("change", [{"enabled": False}, {"probe_seconds": 0}, {"port": 1}, None])
def test_a_gateway_that_changed_or_is_gone_is_down_no_longer(room: Room, change: dict[str, Any] | None) -> None:
    room.probing.know([room.gateway()])
    assert room.goes_down()
    room.probing.know([] if change is None else [room.gateway(**change)])
    assert room.kamailio.down == set()
