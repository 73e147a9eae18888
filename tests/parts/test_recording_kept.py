"""Recordings are made, kept, found and purged by the keeper."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from deploy.desk.__main__ import app
from kemi.recording import keeper as keeping
from tests.ledger_room import NODE, LedgerRoom, running
from tests.listening import read, share
from tests.recording_room import CALL, RECEIVED, answered, folder, keeper, raw_files, recorded, recording_room, row
from tests.told import ANSWERED_0, BYE, GAVE_UP, changed, of_call


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with recording_room() as room:
        yield room


def test_an_answered_call_becomes_one_stereo_file(room: LedgerRoom) -> None:
    answered(room)
    recorded(room)
    assert keeper(room).look() == 1
    ((state, file, seconds),) = row(room, "state, file, seconds::float")
    assert (state, seconds) == ("made", 2.0)
    left, right = read(folder(room) / str(file), channels=2)
    assert share(left[1600:14_000], 440) > 0.9
    assert share(right[1600:14_000], 1000) > 0.9
    assert raw_files(room) == []
    assert room.rows("select keep_until - made_at = interval '30 days' from recording") == [(True,)]
    assert keeper(room).look() == 0


def test_extgroup_says_where_a_recording_is_or_why_there_is_none(room: LedgerRoom) -> None:
    for call in (CALL, "bb" * 10):
        answered(room, call)
    recorded(room)
    assert "recording    on its way" in desk(room, CALL)
    keeper(room).look()
    assert f"/{CALL}.opus at {NODE}, 2.0 s, until " in desk(room, CALL)
    with room.conn, room.conn.cursor() as cur:
        cur.execute("update call set ended_at = now() - interval '6 minutes'")
    keeper(room).tend()
    assert "lost: nothing was recorded" in desk(room, "bb" * 10)


def desk(room: LedgerRoom, call: str) -> str:
    shown = CliRunner().invoke(app, ["call", call], env={"DATABASE_URL": room.url})
    assert shown.exit_code == 0, shown.output
    return shown.stdout


def test_a_group_that_does_not_record_has_no_row_and_a_call_that_was_missed_has_none(room: LedgerRoom) -> None:
    room.put(*of_call("aa" * 10, changed(), ANSWERED_0, BYE), *of_call("bb" * 10, RECEIVED, GAVE_UP))
    room.write_all()
    assert row(room) == []


def test_a_file_waits_for_the_ledger(room: LedgerRoom) -> None:
    """The recorder may be faster than the writer, or the database away."""
    recorded(room)
    assert keeper(room).look() == 0
    assert len(raw_files(room)) == 2
    answered(room)
    assert keeper(room).look() == 1


def test_its_time_is_over_with_its_own_days_or_with_its_call(room: LedgerRoom) -> None:
    calls = ["aa" * 10, "bb" * 10, "cc" * 10]
    for call in calls:
        answered(room, call)
        recorded(room, call)
    keeper(room).look()
    with room.conn, room.conn.cursor() as cur:
        cur.execute("update recording set keep_until = now() - interval '1 s' where call_id = %s", (calls[0],))
        cur.execute(
            "update call set purged_at = now(), caller_number = null, dialled = null, sip_call_id = '' where id = %s",
            (calls[1],),
        )
    keeper(room).tend()
    assert row(room) == [("purged",), ("purged",), ("made",)]
    assert [file.stem for file in folder(room).glob("2*/*.opus")] == [calls[2]]


def test_an_edge_with_another_name_purges_what_it_has(room: LedgerRoom) -> None:
    answered(room)
    recorded(room)
    keeper(room).look()
    with room.conn, room.conn.cursor() as cur:
        cur.execute("update recording set node = 'once', keep_until = now() - interval '1 s'")
    renamed = keeper(room)
    for _ in range(2):  # it finds the file, then that its time is over
        renamed.tend()
    assert row(room) == [("purged",)]
    assert list(folder(room).glob("2*/*.opus")) == []


def test_a_file_that_no_row_knows_is_deleted(room: LedgerRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "TEND_SECONDS", 0)
    (folder(room) / "2026-01-01").mkdir()
    (folder(room) / "2026-01-01" / f"{CALL}.opus").write_bytes(b"x")
    keeper(room).tend()
    assert list(folder(room).glob("2*/*.opus")) == []


def test_the_process_goes_on_without_the_database_and_ends_when_told(room: LedgerRoom) -> None:
    recorded(room)
    gone = room.process("kemi.recording.keeper", DATABASE_URL="postgresql://127.0.0.1:1/none")
    with running(gone):
        room.wait_for_log("recordings wait")
        assert len(raw_files(room)) == 2
    answered(room)
    (folder(room) / "making-of-one-that-was-killed").mkdir()
    with running(room.process("kemi.recording.keeper")) as process:
        assert room.until("select state = 'made' from recording")
        assert list(folder(room).glob("making-*")) == []
        process.terminate()
        assert process.wait(20) == 0
