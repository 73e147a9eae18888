"""The contract: every scenario runs on the fake and on a real Kamailio, and both tell the same to the byte."""

import difflib
from collections.abc import Callable, Iterator

import pytest

from tests.contract import scenarios_calls, scenarios_hunting, scenarios_messages
from tests.contract.play import SCENARIOS, Play
from tests.contract.rooms import FakeRoom, RealRoom, transcript

_numbers = iter(range(1, 10_000))


@pytest.fixture(scope="module")
def real() -> Iterator[RealRoom]:
    """One real Kamailio for all."""
    room = RealRoom()
    yield room
    room.close()


def _difference(fake: list[str], real: list[str]) -> str:
    left, right = ("\n".join(lines).split("\n") for lines in (fake, real))
    return "\n".join(difflib.unified_diff(left, right, "fake", "real"))


def test_all_scenarios_are_there() -> None:
    """Importing the three files registers them; none is lost by a name used twice."""
    names = [play.__name__ for play in SCENARIOS]
    assert len(set(names)) == len(names)
    assert {play.__module__ for play in SCENARIOS} == {
        one.__name__ for one in (scenarios_calls, scenarios_hunting, scenarios_messages)
    }


@pytest.mark.parametrize("play", SCENARIOS, ids=lambda play: play.__name__)
def test_fake_and_real_tell_the_same(play: Callable[[Play], None], real: RealRoom) -> None:
    """What the scenario says holds on both, and every byte that reached a party is the same."""
    number = next(_numbers)
    real.begin()
    fake = FakeRoom(real.edge, real.caller, real.gateway)
    play(Play(fake, number))
    play(Play(real, number))
    told = [transcript(room.got) for room in (fake, real)]
    assert told[0] == told[1], _difference(*told)


def test_a_reply_dropped_after_t_check_trans_loses_the_next_request(real: RealRoom) -> None:
    """Why the fake refuses it: tm keeps the transaction in hand, and the next request is answered by nobody."""
    real.begin()
    play = Play(real, next(_numbers))
    play.invite("core drop held")
    real.send("gateway", play.answer_of(0, 180))
    assert not real.pinged(0.5)
    assert real.pinged(8)
    fake = FakeRoom(real.edge, real.caller, real.gateway)
    play = Play(fake, next(_numbers))
    play.invite("core drop held")
    with pytest.raises(AssertionError, match="next request in this worker is lost"):
        play.reply(0, 180)
