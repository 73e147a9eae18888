"""What a full disk, a killed rtpengine, a broken ffmpeg and a lost database cost: recordings at most."""

import logging
import os
from collections.abc import Iterator

import psycopg2
import pytest

from kemi.recording import keeper as keeping
from tests.ledger_room import LedgerRoom, running
from tests.recording_room import CALL, answered, folder, keeper, raw_files, recorded, recording_room, row


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with recording_room() as room:
        yield room


def test_a_call_without_a_file_is_lost_and_says_so(room: LedgerRoom, caplog: pytest.LogCaptureFixture) -> None:
    answered(room)
    with caplog.at_level(logging.ERROR):
        keeper(room).tend()
        assert row(room) == [("wanted",)], "its file may be on its way"
        with room.conn, room.conn.cursor() as cur:
            cur.execute("update call set ended_at = now() - interval '6 minutes'")
        keeper(room).tend()
    assert row(room, "state, file") == [("lost", None)]
    assert f"alarm=recording_lost call={CALL}" in caplog.text


def test_a_full_disk_costs_the_recording_and_says_so(room: LedgerRoom, caplog: pytest.LogCaptureFixture) -> None:
    """As rtpengine leaves it then: a capture that is cut off before its first packet, and an empty note."""
    answered(room)
    capture = recorded(room)
    capture.write_bytes(b"")
    next((folder(room) / "raw" / "metadata").iterdir()).write_text("")
    with caplog.at_level(logging.ERROR):
        assert keeper(room).look() == 0
    assert row(room, "state, why") == [("lost", "not a capture, or one without its head")]
    assert "alarm=recording_lost" in caplog.text
    assert raw_files(room) == []


def test_what_cannot_be_stored_now_is_stored_later(room: LedgerRoom, caplog: pytest.LogCaptureFixture) -> None:
    """A file stands where the day's folder belongs: nothing can be written, whoever the tests run as."""
    answered(room)
    capture = recorded(room)
    os.utime(capture, (1_795_000_000, 1_795_000_000))
    (folder(room) / "2026-11-18").write_text("")
    with caplog.at_level(logging.ERROR):
        assert keeper(room).look() == 0
    assert row(room) == [("wanted",)]
    assert "alarm=recording_not_stored" in caplog.text
    (folder(room) / "2026-11-18").unlink()
    assert keeper(room).look() == 1


def test_without_ffmpeg_files_wait_for_it(room: LedgerRoom) -> None:
    answered(room)
    recorded(room)
    with running(room.process("kemi.recording.keeper", PATH=str(room.var_dir))):
        room.wait_for_log("alarm=recording_not_stored")
    assert row(room) == [("wanted",)]
    assert keeper(room).look() == 1


def test_what_ffmpeg_never_reads_is_put_aside(
    room: LedgerRoom, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ffmpeg that always ends with 1; whoever wants to know can still look at what it could not read."""
    answered(room)
    recorded(room)
    broken = room.var_dir / "ffmpeg"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(room.var_dir), prepend=":")
    same = keeper(room)
    with caplog.at_level(logging.ERROR):
        for _ in range(keeping.TRIES):
            assert row(room) == [("wanted",)]
            assert same.look() == 0
    assert row(room) == [("lost",)]
    assert f"alarm=recording_lost call={CALL}" in caplog.text
    assert len(list((folder(room) / "failed").iterdir())) == 2
    assert raw_files(room) == []


def test_killed_between_file_and_row_it_makes_the_same_again(room: LedgerRoom) -> None:
    """The database refuses the row, as one that has just gone away would."""
    answered(room)
    recorded(room)
    refusing = "create function refuse() returns trigger language plpgsql as $$ begin raise 'gone'; end $$"
    with room.conn, room.conn.cursor() as cur:
        cur.execute(refusing)
        cur.execute("create trigger refuse before update on recording for each row execute function refuse()")
    with pytest.raises(psycopg2.errors.RaiseException):
        keeper(room).look()
    assert len(raw_files(room)) == 2
    with room.conn, room.conn.cursor() as cur:
        cur.execute("drop trigger refuse on recording")
    assert keeper(room).look() == 1
    assert row(room) == [("made",)]
    assert len(list(folder(room).glob("2*/*.opus"))) == 1
    assert raw_files(room) == []
