"""What a counted call holds is given back once: by the leg that failed, the answer, the end; whoever comes twice."""

from collections.abc import Callable
from typing import Any

import pytest

from kemi.domain.limits import Admitted, Held, Over, Wanted, admit, gateway_limits, hotline_limit, trunk_rate
from tests.fakes.kamailio import FakeKamailio  # before the counters: it puts KSR where their import finds it

from kemi.ksr.counters import OpenCalls, SharedCounters  # isort: skip

CALL = "00000000000000000001"
OPTIONS = (
    b"OPTIONS sip:e SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bKx\r\nFrom: <sip:a@h>;tag=a\r\n"
    b"To: <sip:e>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)
HELD = Held(("h1", "t2"), (("0.0", "g7"), ("1.0", "g7"), ("2.0", "g8")))


class Script:
    """What runs for the message at hand."""

    act: Callable[[], Any]

    def ksr_request_route(self, msg: Any) -> int:
        del msg
        self.act()
        return 1


class Room:
    """Counters, calls and the memory behind them."""

    def __init__(self) -> None:
        self._script = Script()
        self.kam = FakeKamailio(self._script)
        self.counters = SharedCounters()
        self.calls = OpenCalls(self.counters)

    def do(self, act: Callable[[], Any]) -> Any:
        """Do it as a worker does."""
        said: list[Any] = []
        self._script.act = lambda: said.append(act())
        self.kam.receive(OPTIONS, ("127.0.0.9", 5060))
        return said[0]

    def begin(self) -> None:
        def count() -> None:
            for key in (*HELD.calls, *(key for _, key in HELD.channels)):
                self.counters.more(key)
            self.calls.begin(CALL, HELD)

        self.do(count)

    @property
    def limits(self) -> dict[str, int]:
        """What is counted, without what is 0."""
        return {key: value for key, value in self.kam.tables.get("limits", {}).items() if value}


@pytest.fixture
def room() -> Room:
    room = Room()
    room.begin()
    assert room.limits == {"h1": 1, "t2": 1, "g7": 2, "g8": 1}
    return room


def test_a_leg_that_failed_gives_its_channel_back_once(room: Room) -> None:
    for _ in range(2):
        room.do(lambda: room.calls.leg_over(CALL, "1.0"))
    assert room.limits == {"h1": 1, "t2": 1, "g7": 1, "g8": 1}


def test_an_answer_gives_the_channels_of_the_others_back(room: Room) -> None:
    room.do(lambda: room.calls.leg_over(CALL, "1.0"))
    for _ in range(2):
        room.do(lambda: room.calls.answered(CALL, "0.0"))
    assert room.limits == {"h1": 1, "t2": 1, "g7": 1}


@pytest.mark.parametrize("before", ["rings", "fails", "talks"])
def test_the_end_gives_everything_back_once(room: Room, before: str) -> None:
    """Both sides may hang up at once."""
    if before == "fails":
        room.do(lambda: room.calls.leg_over(CALL, "2.0"))
    if before == "talks":
        room.do(lambda: room.calls.answered(CALL, "2.0"))
    for _ in range(2):
        room.do(lambda: room.calls.over(CALL))
    assert room.limits == {}
    assert room.kam.tables["open"] == {}


def test_a_call_that_is_not_here_gives_nothing_back(room: Room) -> None:
    """It began before a restart, or at another edge."""
    room.do(lambda: room.calls.over("00000000000000000003"))
    room.do(lambda: room.calls.answered("00000000000000000003", "0.0"))
    assert room.limits == {"h1": 1, "t2": 1, "g7": 2, "g8": 1}


def test_the_lock_is_given_back_where_something_fails(room: Room) -> None:
    def fails(call: Any) -> Any:
        if call.name == "htable.sht_get":
            raise UnicodeDecodeError("utf-8", b"", 0, 1, "what somebody wrote into the table")
        return room.kam.dispatch.__globals__["PASS"]

    room.kam.fault = fails
    with pytest.raises(AssertionError):  # the fake tells that a callback raised
        room.do(lambda: room.calls.over(CALL))
    names = [call.name for call in room.kam.calls]
    assert names.count("htable.sht_lock") == names.count("htable.sht_unlock") == 1


def test_admission_counts_in_shared_memory() -> None:
    room = Room()
    wanted = Wanted((hotline_limit(1, 1),), (trunk_rate(4, 2),), ((0, (gateway_limits(7, 9, 9),)),))
    assert room.do(lambda: admit(wanted, room.counters, 100.0)) == Admitted(Held(("h1",), (("0.0", "g7"),)), {}, {})
    assert isinstance(room.do(lambda: admit(wanted, room.counters, 100.5)), Over)
    assert room.limits == {"h1": 1, "g7": 1}
    assert room.kam.tables["rates"] == {"k4:100": 1, "g7:100": 1}
