"""The ledger tells the watch which calls have ended, wherever that was."""

from collections.abc import Iterator

import pytest

from kemi.ledger.elsewhere import Elsewhere
from kemi.spool import elsewhere
from tests.ledger_room import LedgerRoom, ledger_room
from tests.told import ANSWERED_0, BYE, GAVE_UP, RECEIVED, of_call


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with ledger_room() as room:
        yield room


def test_it_says_which_of_the_calls_that_are_asked_for_have_ended(room: LedgerRoom) -> None:
    run = room.var_dir / "run"
    run.mkdir()
    with room.writer() as writer:
        room.put(*of_call("a1", RECEIVED, ANSWERED_0, BYE), *of_call("a2", RECEIVED, ANSWERED_0))
        room.put(*of_call("a3", RECEIVED, GAVE_UP))
        writer.step()
        writer.tend()
        assert not (run / elsewhere.ANSWERED).exists()  # nobody asked
        elsewhere.write(run / elsewhere.ASKED, ["a1", "a2", "a4"])
        writer.tend()
    assert elsewhere.read(run / elsewhere.ANSWERED) == ["a1"]


def test_each_question_is_answered_once(room: LedgerRoom) -> None:
    run = room.var_dir / "run"
    run.mkdir()
    answers = Elsewhere(room.conn, run)
    elsewhere.write(run / elsewhere.ASKED, ["a1"])
    answers.step()
    (run / elsewhere.ANSWERED).unlink()
    answers.step()
    assert not (run / elsewhere.ANSWERED).exists()
    elsewhere.write(run / elsewhere.ASKED, [])
    answers.step()
    assert elsewhere.read(run / elsewhere.ANSWERED) == []
