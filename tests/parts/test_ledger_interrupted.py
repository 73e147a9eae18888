"""A call whose edge died while it rang is concluded, once, and only when nothing more can come."""

from collections.abc import Iterator

import pytest

from tests.ledger_room import LedgerRoom, ledger_room
from tests.told import ANSWERED_0, GAVE_UP, RANG_0, changed

SHORT = changed(ring_seconds=0)


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with ledger_room() as room:
        yield room


def outcome(room: LedgerRoom) -> str:
    ((value,),) = room.rows("select outcome from call")
    return str(value)


def test_the_edge_died_while_it_rang(room: LedgerRoom) -> None:
    """Everybody who was offered the call is told."""
    room.put(SHORT, RANG_0)
    room.edge_dies()
    room.write_all()
    assert outcome(room) == "interrupted"
    assert room.rows("select leg, outcome from call_leg where leg < 1000 order by leg") == [
        (0, "interrupted"),
        (1, "interrupted"),
        (2, "interrupted"),
    ]
    assert room.rows("select kind, state from notification order by member_number") == [
        ("missed", "not_applicable"),
        ("missed", "queued"),
        ("missed", "queued"),
    ]


def test_while_a_process_of_its_start_lives_the_call_may_still_end(room: LedgerRoom) -> None:
    room.put(SHORT)
    room.write_all()
    assert outcome(room) == "ringing"
    room.put(GAVE_UP)
    room.write_all()
    assert outcome(room) == "missed"


def test_before_its_ring_time_and_the_grace_nothing_is_concluded(room: LedgerRoom) -> None:
    """design.md §2: past its ring time and a grace."""
    room.put(changed(ring_seconds=100))
    room.edge_dies()
    room.write_all()
    assert outcome(room) == "ringing"


def test_the_grace_counts(room: LedgerRoom) -> None:
    room.put(SHORT)
    room.edge_dies()
    with room.writer(grace_seconds=1000) as writer:
        writer.step()
        writer.tend()
    assert outcome(room) == "ringing"


def test_what_lies_unread_in_another_process_s_file_goes_before(room: LedgerRoom) -> None:
    """Its outcome was written by another worker, whose file the ledger has not read to the end."""
    room.put(SHORT)
    first = room.file.rename(room.file.with_name(f"{room.instance.name}-1.jsonl"))
    with room.writer(grace_seconds=0) as writer:
        assert writer.step() == 1
        room.put(GAVE_UP)  # the sink still writes to the renamed file: its process is alive
        assert first.stat().st_size > 0
        room.edge_dies()
        writer.tend()
        assert outcome(room) == "ringing"
        assert writer.step() == 1
        writer.tend()
    assert outcome(room) == "missed"


def test_an_answered_call_whose_edge_died_stays_answered(room: LedgerRoom) -> None:
    """Its BYE comes by token through the next start."""
    room.put(SHORT, ANSWERED_0)
    room.edge_dies()
    room.write_all()
    assert outcome(room) == "answered"


def test_it_is_concluded_once_by_however_many_writers(room: LedgerRoom) -> None:
    room.put(SHORT)
    room.edge_dies()
    room.write_all()
    room.write_all()
    assert room.rows("select kind, count(*) from call_event group by 1 order by 1") == [
        ("interrupted", 1),
        ("received", 1),
    ]
