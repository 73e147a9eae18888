"""What the ring strategies remember is shared by the workers, and a restart loses no more than a turn."""

from collections.abc import Callable
from typing import Any

import pytest

from kemi.domain.strategy import steps
from tests.fakes.kamailio import FakeKamailio  # before the past: it puts KSR where its import finds it
from tests.unit.given import members
from tests.unit.test_counters import OPTIONS, Script

from kemi.ksr.past import SharedPast  # isort: skip


class Room:
    """The memory of a Kamailio, and a clock."""

    def __init__(self) -> None:
        self._script = Script()
        self.kam = FakeKamailio(self._script)
        self.now = 1000.0
        self.past = SharedPast(lambda: self.now)

    def do(self, act: Callable[[], Any]) -> Any:
        """Do it as a worker does."""
        said: list[Any] = []
        self._script.act = lambda: said.append(act())
        self.kam.receive(OPTIONS, ("127.0.0.9", 5060))
        return said[0]

    def first(self, strategy: Any) -> int:
        """The id of the member who rings first in the group's next call."""
        waves = self.do(lambda: steps(strategy, members(3), 7, self.past, lambda: 0.0))
        return int(waves[0][0].id)


@pytest.fixture
def room() -> Room:
    return Room()


def test_turns_go_round(room: Room) -> None:
    """Each call begins with the next one; another group has turns of its own."""
    assert [room.first("round_robin") for _ in range(4)] == [1, 2, 3, 1]
    assert room.do(lambda: room.past.turn(8)) == 0


def test_who_has_talked_last_rings_last(room: Room) -> None:
    """A call's end counts; as long as it lasts, its beginning does."""
    assert room.first("longest_idle") == 1
    room.do(lambda: room.past.talks("c1", 1))
    room.now += 1
    room.do(lambda: room.past.talks("c2", 2))
    assert room.first("longest_idle") == 3
    room.now += 1
    room.do(lambda: room.past.talks("c3", 3))
    assert room.first("longest_idle") == 1
    room.now += 1
    room.do(lambda: room.past.over("c1"))
    assert room.first("longest_idle") == 2


def test_an_end_that_is_told_twice_counts_once(room: Room) -> None:
    """Both sides' BYEs may cross."""
    room.do(lambda: room.past.talks("c1", 1))
    room.do(lambda: room.past.over("c1"))
    room.now += 5
    room.do(lambda: room.past.over("c1"))
    room.do(lambda: room.past.over("never seen"))
    assert room.do(lambda: room.past.last_call(members(1)[0])) == 1000.0


def test_full_memory_refuses_no_call(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is always the first one's turn."""
    monkeypatch.setattr("kemi.ksr.past.KSR.htable.sht_inc", lambda *_: -255)
    assert room.first("round_robin") == 1
