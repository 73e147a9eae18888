"""The watch hangs up what has lasted long enough, again where nobody answered, and nothing else."""

import socket
from collections.abc import Iterator

import pytest

from deploy.wait import until
from kemi.domain.open_calls import OpenCall
from kemi.watch import ending
from kemi.watch.ending import Ending
from tests.fakes.message import Message
from tests.unit.given import HOST, keyring
from tests.unit.test_curfew import timed

ANSWERED_US = 1_000_000_000_000
OVER_US = ANSWERED_US + 60 * 1_000_000


class Room:
    """A Kamailio that is a socket, and one call that began at 1,000,000 s."""

    def __init__(self) -> None:
        self.kamailio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.kamailio.bind(("127.0.0.1", 0))
        self.kamailio.settimeout(0.2)
        door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        door.bind(("127.0.0.1", 0))
        self.ending = Ending(keyring(), HOST, self.kamailio.getsockname(), door)
        self.calls = {"c": OpenCall(ANSWERED_US, received=True, winner=0, answered_us=ANSWERED_US, timed=timed())}

    def byes(self, now_us: int = OVER_US) -> list[Message]:
        """Look, and return what came."""
        self.ending.look(self.calls, now_us)
        came = []
        while True:
            try:
                came.append(Message(self.kamailio.recv(65_535)))
            except TimeoutError:
                return came

    def answers(self, bye: Message, code: int) -> None:
        via = bye.text("via")
        reply = f"SIP/2.0 {code} Words\r\nVia: {via}\r\n\r\n"
        self.kamailio.sendto(reply.encode(), self.ending.socket.getsockname())


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.kamailio.close()
    room.ending.socket.close()


def test_nobody_is_hung_up_before_his_time(room: Room) -> None:
    assert room.byes(OVER_US - 1) == []


def test_both_sides_are_hung_up_once(room: Room) -> None:
    both = room.byes()
    assert [one.method for one in both] == ["BYE", "BYE"]
    assert len({one.text("call-id") for one in both}) == 2
    assert room.byes() == []


@pytest.mark.parametrize("code", [200, 481, 408])
def test_a_side_that_answered_is_left_alone_and_the_other_is_asked_again(
    room: Room, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_AGAIN_SECONDS", 0.0)
    first, second = room.byes()
    room.answers(first, code)

    def only_the_second() -> bool:
        room.ending.read()
        return [one.text("call-id") for one in room.byes()] == [second.text("call-id")]

    assert until(only_the_second, 10.0)


def test_a_kamailio_without_room_is_asked_again_with_a_higher_cseq(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_AGAIN_SECONDS", 0.0)
    first = room.byes()
    for one in first:
        room.answers(one, 503)
    room.ending.read()
    again = room.byes()
    assert len(again) == 2
    assert int(again[0].text("cseq").split()[0]) == int(first[0].text("cseq").split()[0]) + 1


def test_a_side_that_heard_nothing_is_asked_again_though_the_call_is_over(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first BYE ends the call in the spool; Kamailio died before it took the second."""
    monkeypatch.setattr(ending, "_AGAIN_SECONDS", 0.0)
    first, second = room.byes()
    room.calls.clear()
    room.answers(first, 200)

    def only_the_second() -> bool:
        room.ending.read()
        return [one.text("call-id") for one in room.byes()] == [second.text("call-id")]

    assert until(only_the_second, 10.0)


def test_a_call_that_is_over_is_not_hung_up_for_ever(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_AGAIN_SECONDS", 0.0)
    room.byes()
    room.calls.clear()
    counts = [len(room.byes()) for _ in range(6)]
    assert counts == [2, 2, 2, 2, 0, 0]


def test_a_call_that_ended_in_time_is_let_alone(room: Room) -> None:
    room.calls.clear()
    assert room.byes() == []


def test_a_key_that_is_gone_is_said_once(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    room.ending._keys = keyring("2:" + "ab" * 32)
    assert room.byes() == room.byes() == []
    assert [line.split(" ")[0] for line in caplog.messages if "alarm" in line] == ["alarm=not_hung_up"]


def test_a_call_without_an_answer_is_not_hung_up(room: Room) -> None:
    room.calls["c"].answered_us = 0
    assert room.byes() == []
