"""What lies about of a recorded call: more than one capture, less than a whole one, what somebody wants it to be."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.desk.__main__ import app
from kemi.recording import keeper as keeping
from kemi.recording.raw import Raw
from tests.ledger_room import LedgerRoom
from tests.listening import read, share
from tests.recording_room import (
    ANSWERED,
    CALL,
    MEMBER,
    RECEIVED,
    answered,
    folder,
    keeper,
    long_ago,
    raw_files,
    recorded,
    recording_room,
    row,
)
from tests.told import BYE, of_call

OTHER = "bb" * 10
FMTP = "v=0\r\nm=audio 30000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with recording_room() as room:
        yield room


def channels(room: LedgerRoom) -> list[list[int]]:
    ((file,),) = row(room, "file")
    return read(folder(room) / str(file), channels=2)


def heard_on_their_sides(room: LedgerRoom, since: int = 0) -> bool:
    left, right = (channel[since + 1600 : since + 14_000] for channel in channels(room))
    return share(left, 440) > 0.9 and share(right, 1000) > 0.9


@pytest.mark.parametrize("said", ["8=opus/0", f"caller={MEMBER}", "8=opus/48000", "1;8=G722/8000"])
def test_nobody_says_in_his_sdp_what_the_recorder_takes_for_its_own(room: LedgerRoom, said: str) -> None:
    """A later offer passes its `a=fmtp`, and rtpengine writes it down."""
    answered(room)
    recorded(room, later=f"{FMTP}a=fmtp:101 {said}\r\n")
    assert keeper(room).look() == 1
    assert heard_on_their_sides(room)


def test_a_payload_type_of_rfc_3551_means_what_it_says_there(room: LedgerRoom) -> None:
    answered(room)
    recorded(room, later="m=audio 30000 RTP/AVP 8\r\na=rtpmap:8 opus/000\r\n")
    assert keeper(room).look() == 1
    assert heard_on_their_sides(room)


def test_what_is_wrong_with_one_call_is_no_other_s_business(
    room: LedgerRoom, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the fault is: each is tried, and what can never be made is put aside."""
    for call in (CALL, OTHER):
        answered(room, call)
        recorded(room, call)
    real = keeping.Keeper._make

    def make(self: keeping.Keeper, raw: Raw, answered_at: float) -> tuple[str, float, str | None]:
        return real(self, raw, answered_at) if raw.call == OTHER else (str(1 // 0), 0.0, None)

    monkeypatch.setattr(keeping.Keeper, "_make", make)
    same = keeper(room)
    with caplog.at_level(logging.ERROR):
        assert same.look() == 1
        for _ in range(keeping.TRIES - 1):
            assert same.look() == 0
    assert row(room) == [("lost",), ("made",)]
    assert f"alarm=recording_not_stored call={CALL}" in caplog.text
    assert f"alarm=recording_lost call={CALL}" in caplog.text
    assert raw_files(room) == []


def test_killed_between_capture_and_note_it_goes_on(room: LedgerRoom, caplog: pytest.LogCaptureFixture) -> None:
    answered(room)
    capture = recorded(room)
    note = next((folder(room) / "raw" / "metadata").iterdir())
    said = note.read_text()
    assert keeper(room).look() == 1
    note.write_text(said)
    long_ago(note)
    with caplog.at_level(logging.ERROR):
        assert keeper(room).look() == 0
    assert "alarm=" not in caplog.text
    assert not capture.exists()
    assert raw_files(room) == []
    assert heard_on_their_sides(room)


def test_a_note_without_a_capture_is_a_lost_recording(room: LedgerRoom, caplog: pytest.LogCaptureFixture) -> None:
    """No room for the file itself."""
    answered(room)
    recorded(room).unlink()
    with caplog.at_level(logging.ERROR):
        assert keeper(room).look() == 0
    assert row(room, "state, why") == [("lost", "rtpengine could not write")]
    assert raw_files(room) == []


def test_a_capture_that_a_full_disk_cut_off_says_so(room: LedgerRoom, caplog: pytest.LogCaptureFixture) -> None:
    answered(room)
    capture = recorded(room)
    os.truncate(capture, 4096 * 5)
    with caplog.at_level(logging.ERROR):
        assert keeper(room).look() == 1
    assert row(room, "state, why") == [("made", "it was cut off: the disk for recordings was full")]
    assert f"alarm=recording_cut_off call={CALL}" in caplog.text
    shown = CliRunner().invoke(app, ["call", CALL], env={"DATABASE_URL": room.url})
    assert "it was cut off" in " ".join(shown.stdout.split())


def test_an_empty_note_says_that_the_disk_was_full(room: LedgerRoom) -> None:
    answered(room)
    recorded(room)
    next((folder(room) / "raw" / "metadata").iterdir()).write_text("")
    assert keeper(room).look() == 1
    assert row(room, "state, why") == [("made", "it was cut off: the disk for recordings was full")]
    assert heard_on_their_sides(room), "the lower port was the member's"


def test_a_recording_that_begins_late_says_so(room: LedgerRoom, caplog: pytest.LogCaptureFixture) -> None:
    """An rtpengine that comes back with its sessions begins their files anew; or the word that began it was lost."""
    answered(room)
    recorded(room, after=86_400)
    with caplog.at_level(logging.ERROR):
        assert keeper(room).look() == 1
    assert row(room, "state, why like 'nothing was captured in its first % s'") == [("made", True)]
    assert f"alarm=recording_cut_off call={CALL}" in caplog.text


def test_a_killed_rtpengine_leaves_what_it_had(room: LedgerRoom, caplog: pytest.LogCaptureFixture) -> None:
    answered(room)
    capture = recorded(room, note=False, later=f"Label: {'dj0wDQ' * 9}\n")
    keeper(room).tend()
    assert row(room) == [("wanted",)], "it may still be written to"
    long_ago(capture)
    with caplog.at_level(logging.ERROR):
        keeper(room).tend()
    assert row(room, "state, why") == [("made", "rtpengine was killed: what came last before is missing")]
    assert f"alarm=recording_cut_off call={CALL}" in caplog.text
    assert heard_on_their_sides(room)
    assert raw_files(room) == [], "nor what it was about to write, with somebody's address in it"


def test_a_call_that_went_on_through_another_rtpengine_is_one_recording(room: LedgerRoom) -> None:
    """Its session began anew after a kill -9, ten seconds later, on other ports."""
    answered(room)
    first = recorded(room, note=False)
    recorded(room, part=1, after=10)
    assert keeper(room).look() == 0, "the first may still be written to"
    long_ago(first)
    assert keeper(room).look() == 1
    assert row(room, "state, seconds::float, why is null") == [("made", 12.0, False)]
    assert heard_on_their_sides(room)
    assert heard_on_their_sides(room, since=80_000)
    assert raw_files(room) == []


def test_a_call_that_goes_on_is_made_when_it_is_over(room: LedgerRoom) -> None:
    """Its session was given up in a long silence; the next may come with a re-INVITE."""
    events = of_call(CALL, RECEIVED, ANSWERED, BYE)
    room.put(*events[:-1])
    room.write_all()
    recorded(room)
    assert keeper(room).look() == 0
    room.put(events[-1])
    room.write_all()
    assert keeper(room).look() == 1


def test_what_is_left_of_a_killed_rtpengine_goes(room: LedgerRoom) -> None:
    """The capture was made long ago; of a running call's nothing is touched."""
    left = folder(room) / "raw" / "tmp" / f"rtpengine-meta-{CALL}-0123456789abcdef.tmp"
    left.write_text("Label: dj0wDQ\n")
    live = recorded(room, OTHER, note=False)
    began = next(file for file in left.parent.iterdir() if OTHER in file.name)
    long_ago(left, began)
    keeper(room).tend()
    assert not left.exists()
    assert began.exists()
    assert live.exists()


def test_a_capture_that_no_row_asked_for_goes(room: LedgerRoom) -> None:
    capture: Path = recorded(room, note=False)
    long_ago(*(folder(room) / "raw").rglob("*.*"))
    keeper(room).tend()
    assert not capture.exists()
