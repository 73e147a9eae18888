"""The watch on a spool of its own, with a Kamailio that is a dictionary: counters come back to the truth."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from kemi.spool import elsewhere
from kemi.watch.keeper import Watch
from tests.told import ANSWERED_0, BUSY_1, BYE, RECEIVED
from tests.watch_room import FIRST, Edge

COUNTED: Final = msgspec.structs.replace(RECEIVED, counted=("h3", "t2", "g7"))
SECOND: Final = "00000000000000000101"


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    edge = Edge(tmp_path)
    yield edge
    edge.close()
    if edge.kamailio.is_up:
        edge.dies()


def looks(watch: Watch, times: int = 2) -> None:
    for _ in range(times):
        watch.look()


def test_counters_that_are_right_are_left_alone(edge: Edge) -> None:
    edge.tells(COUNTED, BUSY_1, ANSWERED_0)
    watch = edge.watch()
    watch.look()
    assert edge.kamailio.counted == {"h3": 1, "t2": 1, "g7": 1}
    edge.kamailio.asked.clear()
    looks(watch, 5)
    assert set(edge.kamailio.asked) == {"htable.get"}


def test_a_call_that_ended_unseen_is_taken_off(edge: Edge) -> None:
    """The worker wrote the end, and died before it counted down."""
    watch = edge.watch()
    watch.look()
    edge.tells(COUNTED, ANSWERED_0)
    edge.tells(COUNTED, ANSWERED_0, call=SECOND)
    edge.kamailio.limits |= {"h3": 2, "t2": 2, "g7": 2}
    looks(watch)
    edge.tells(BYE)
    looks(watch)
    assert edge.kamailio.counted == {"h3": 1, "t2": 1, "g7": 1}
    edge.tells(BYE, call=SECOND)
    looks(watch)
    assert edge.kamailio.counted == {}


def test_a_counter_of_no_call_at_all_is_found_when_the_watch_begins(edge: Edge) -> None:
    edge.kamailio.limits |= {"watch": 1, "h99": 4}
    looks(edge.watch())
    assert edge.kamailio.counted == {}


def test_calls_from_before_a_restart_of_kamailio_are_counted_again_at_once(edge: Edge) -> None:
    edge.tells(COUNTED, ANSWERED_0)
    edge.tells(COUNTED, call=SECOND)  # rings: it ends with Kamailio
    watch = edge.watch()
    watch.look()
    edge.dies()
    looks(watch)
    edge.starts()
    watch.look()
    assert edge.kamailio.counted == {"h3": 1, "t2": 1, "g7": 1}


def test_the_watch_goes_on_where_it_was(edge: Edge) -> None:
    """What it kept, and what came since, are enough: the first lines may be gone."""
    edge.tells(COUNTED, ANSWERED_0)
    first = edge.watch()
    first.look()
    first.keep()
    [file] = (edge.var / "spool").glob("*.jsonl")
    with file.open("r+b") as spool:
        spool.write(b"x" * 8)  # read again, this line would be no event
    edge.tells(COUNTED, ANSWERED_0, call=SECOND)
    edge.kamailio.limits |= {"h3": 2, "t2": 2, "g7": 2}
    second = edge.watch()
    looks(second)
    assert set(second.open.calls) == {FIRST, SECOND}
    assert edge.kamailio.counted == {"h3": 2, "t2": 2, "g7": 2}


@pytest.mark.parametrize("kept", [b"", b"\x81\xa4form\x00", b"not msgpack \xc1"])
def test_a_state_that_cannot_be_read_means_reading_all(edge: Edge, kept: bytes) -> None:
    (edge.var / "run" / "watch.state").write_bytes(kept)
    edge.tells(COUNTED, ANSWERED_0)
    edge.watch().look()
    assert edge.kamailio.counted == {"h3": 1, "t2": 1, "g7": 1}


def test_a_line_that_cannot_be_read_stops_nothing(edge: Edge) -> None:
    edge.tells(COUNTED)
    [file] = (edge.var / "spool").glob("*.jsonl")
    with file.open("ab") as spool:
        spool.write(b"rubbish\n\n")
    edge.tells(ANSWERED_0)
    edge.watch().look()
    assert edge.kamailio.counted == {"h3": 1, "t2": 1, "g7": 1}


def test_files_of_starts_that_are_long_gone_are_not_read(edge: Edge) -> None:
    edge.tells(COUNTED, ANSWERED_0)
    edge.dies()
    [file] = (edge.var / "spool").glob("*.jsonl")
    os.utime(file, (time.time() - 100, time.time() - 100))
    edge.starts()
    watch = edge.watch(max_seconds=60)
    watch.look()
    assert watch.open.calls == {}


def test_a_kamailio_that_does_not_answer_is_asked_again(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    edge.tells(COUNTED, ANSWERED_0)
    edge.kamailio.is_up = False
    watch = edge.watch()
    looks(watch, 3)
    assert len([line for line in caplog.messages if "does not answer" in line]) == 1
    edge.kamailio.is_up = True
    watch.look()
    assert edge.kamailio.counted == {"h3": 1, "t2": 1, "g7": 1}


def test_where_nothing_is_counted_one_question_a_look_is_asked(edge: Edge) -> None:
    edge.tells(RECEIVED, ANSWERED_0, call="00000000000000000000")
    watch = edge.watch()
    watch.look()
    edge.kamailio.asked.clear()
    watch.look()
    assert edge.kamailio.asked == ["htable.get"]


def test_a_call_that_ended_at_another_edge_is_asked_for_and_taken_off(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "ASK_SECONDS", 0.0)
    run = edge.var / "run"
    edge.tells(COUNTED, ANSWERED_0)
    edge.tells(COUNTED, call=SECOND)  # rings: only its own edge can end it
    edge.kamailio.limits |= {"h3": 2, "t2": 2, "g7": 4}
    watch = edge.watch()
    looks(watch)
    assert elsewhere.read(run / elsewhere.ASKED) == [FIRST]
    elsewhere.write(run / elsewhere.ANSWERED, [FIRST, "another"])
    looks(watch, 3)
    assert edge.kamailio.counted == {"h3": 1, "t2": 1, "g7": 3}
    assert elsewhere.read(run / elsewhere.ASKED) == []
