"""What is in the spool is in the ledger, each event once, and no bad line or lost notice changes that."""

from collections.abc import Iterator

import psycopg2
import pytest

from kemi.domain.events import Failed, Missed, Rang
from kemi.ledger.room import Room
from kemi.ledger.writer import Writer
from kemi.spool import codec
from tests.ledger_room import NODE, LedgerRoom, ledger_room
from tests.told import ANSWERED_0, BUSY_1, BYE, GAVE_UP, RANG_0, RECEIVED, REFUSED, of_call, stamp
from tests.unit.test_outcome_hunted import ELSEWHERE


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with ledger_room() as room:
        yield room


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage().partition(" ")[0] for record in caplog.records if record.levelname == "ERROR"]


def test_an_answered_call_is_in_the_ledger_with_its_legs_and_its_notification(room: LedgerRoom) -> None:
    room.put(RECEIVED, RANG_0, BUSY_1, ANSWERED_0, BYE)
    room.write_all()
    assert room.rows("select outcome, answered_leg, ended_by, node from call") == [("answered", 0, "member", NODE)]
    assert room.rows("select leg, outcome from call_leg order by leg") == [
        (0, "answered"),
        (1, "busy"),
        (2, "cancelled"),
        (1000, "skipped"),
    ]
    assert room.rows("select member_number, kind, state from notification") == [("+84844441909", "answered", "queued")]


def test_a_refused_call_is_in_the_ledger_and_tells_nobody(room: LedgerRoom) -> None:
    room.put(REFUSED)
    room.write_all()
    assert room.rows("select outcome, reason, dialled from call") == [("refused", "no such hotline", "0999")]
    assert room.rows("select count(*) from notification") == [(0,)]


def test_times_are_those_of_the_events_to_the_microsecond(room: LedgerRoom) -> None:
    room.put(RECEIVED)
    at_us = codec.decode(room.file.read_bytes()[:-1]).at_us
    room.write_all()
    assert room.rows("select (extract(epoch from arrived_at) * 1000000)::bigint from call") == [(at_us,)]


def test_events_in_several_readings_give_the_rows_of_one_reading(room: LedgerRoom) -> None:
    unreached, again = Failed("c1", 0, 0, 503, "unreachable"), Rang("c1", 0, 1, 180)
    with room.writer() as writer:
        for event in (RECEIVED, RANG_0, BUSY_1, unreached, again, ELSEWHERE, ANSWERED_0, BYE):
            room.put(event)
            assert writer.step() == 1
    assert room.ledger() == room.undisturbed()
    through = "select gateway_id, offered_at is not null from call_leg where (leg, attempt) = (0, 1)"
    assert room.rows(through) == [(8, True)]


def test_a_half_written_line_waits_for_its_end(room: LedgerRoom) -> None:
    room.put(RECEIVED, GAVE_UP)
    data = room.file.read_bytes()
    cut = data.index(b"\n") + 20
    room.file.write_bytes(data[:cut])
    with room.writer() as writer:
        assert writer.step() == 1
        writer.tend()
        assert room.rows("select outcome from call") == [("ringing",)]
        room.file.write_bytes(data)
        assert writer.step() == 1
    assert room.rows("select outcome from call") == [("missed",)]
    assert room.rows("select count(*) from dead_letter") == [(0,)]


def test_a_line_that_its_dead_writer_never_finished_is_a_dead_letter(
    room: LedgerRoom, caplog: pytest.LogCaptureFixture
) -> None:
    room.put(RECEIVED, GAVE_UP)
    room.file.write_bytes(room.file.read_bytes()[:-10])
    room.edge_dies()
    room.write_all()
    assert [why for (why,) in room.rows("select why from dead_letter")] == [
        "cut off: its writer died in the middle of it"
    ]
    assert alarms(caplog) == ["alarm=dead_letter"]
    assert room.rows("select finished_at is not null from spool_file") == [(True,)]


def test_a_changed_line_is_a_dead_letter_and_an_alarm_and_the_rest_is_read(
    room: LedgerRoom, caplog: pytest.LogCaptureFixture
) -> None:
    room.put(RECEIVED, RANG_0, GAVE_UP)
    lines = room.file.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"leg":0', b'"leg":2')
    room.file.write_bytes(b"".join(lines))
    room.write_all()
    room.write_all()
    assert room.rows("select byte_offset, why from dead_letter") == [(len(lines[0]), "the checksum does not match")]
    assert room.rows("select outcome from call") == [("missed",)]
    assert alarms(caplog) == ["alarm=dead_letter"]


def test_a_line_that_postgresql_refuses_does_not_stop_the_others(
    room: LedgerRoom, caplog: pytest.LogCaptureFixture
) -> None:
    """A code that no integer column holds: a whole line, and still poison."""
    room.put(RECEIVED, *of_call("c2", RECEIVED), Missed("c1", "no_answer", 2**40), *of_call("c2", GAVE_UP))
    room.write_all()
    assert room.rows("select id, outcome from call order by id") == [("c1", "ringing"), ("c2", "missed")]
    assert [why.partition(":")[0] for (why,) in room.rows("select why from dead_letter")] == ["PostgreSQL refuses it"]
    assert alarms(caplog) == ["alarm=dead_letter"]


def test_a_nul_from_the_wire_stops_nothing(room: LedgerRoom) -> None:
    """PostgreSQL's texts hold no NUL; a SIP message may."""
    room.put(*of_call("c\\1", REFUSED))
    odd = REFUSED.__class__("c2", 1, None, None, "a\0b\\u0000", None, True, "x\0", "no such hotline", 404)
    room.put(odd)
    room.write_all()
    assert room.rows("select dialled from call where id = 'c2'") == [("a\ufffdb\\ufffd",)]
    assert room.rows("select count(*) from dead_letter") == [(0,)]


def test_an_offset_beyond_the_file_is_an_alarm_and_nothing_is_skipped(
    room: LedgerRoom, caplog: pytest.LogCaptureFixture
) -> None:
    room.put(RECEIVED, GAVE_UP)
    room.write_all()
    room.file.write_bytes(room.file.read_bytes().splitlines(keepends=True)[0])
    with room.writer() as writer:
        assert writer.step() == 0
        with room.file.open("ab") as file:  # it grows past the offset: what is there is still not what was read
            file.write(b"".join(codec.encode(line) for line in stamp(*of_call("c9", RECEIVED, GAVE_UP, BYE))))
        assert writer.step() == 0
        writer.tend()
    assert alarms(caplog) == ["alarm=offset_beyond_file"]
    assert room.rows("select finished_at from spool_file") == [(None,)]


def test_a_file_of_another_name_is_an_alarm(room: LedgerRoom, caplog: pytest.LogCaptureFixture) -> None:
    (room.directory / "copy of something.jsonl").write_bytes(b"x\n")
    room.write_all()
    assert alarms(caplog) == ["alarm=foreign_file"]


def test_what_was_read_before_is_not_counted_again_when_the_offsets_are_lost(room: LedgerRoom) -> None:
    """A restored backup knows less than the files: all is read again, nothing changes."""
    room.put(RECEIVED, RANG_0, GAVE_UP)
    room.write_all()
    before = room.ledger()
    room.rows("delete from spool_file returning 1")
    room.write_all()
    assert room.ledger() == before
    assert room.rows("select count(*) from call_event") == [(3,)]


def test_two_writers_at_once_count_everything_once(room: LedgerRoom) -> None:
    with room.writer() as one, room.writer() as two:
        for number in range(60):
            room.put(*of_call(f"c{number}", RECEIVED, RANG_0, ANSWERED_0, BYE))
            (one if number % 2 else two).step()
            if number % 5 == 0:
                one.step()
                two.step()
        while one.step() + two.step():
            pass
    assert room.rows("select count(*) from call_event") == [(240,)]
    assert room.rows("select count(*), min(outcome), max(outcome) from call") == [(60, "answered", "answered")]
    assert room.ledger() == room.undisturbed()


def test_finished_files_are_deleted_after_their_days_and_not_before(room: LedgerRoom) -> None:
    room.put(RECEIVED, GAVE_UP)
    with room.writer(keep_days=7) as writer:
        writer.step()
        writer.tend()
        writer.tidy()
        assert room.rows("select finished_at from spool_file") == [(None,)], "its writer is alive"
        room.edge_dies()
        writer.tend()
        writer.tidy()
        assert room.file.exists()
        room.rows("update spool_file set finished_at = now() - interval '8 days' returning 1")
        writer.tidy()
        assert not room.file.exists()


def test_the_files_of_an_edge_that_goes_on_are_deleted_too(room: LedgerRoom) -> None:
    """A process that has begun its next file writes no more into the one before; the last one is its own."""
    files = [
        room.file,
        room.file.with_name(f"{room.file.stem}_2.jsonl"),
        room.file.with_name(f"{room.file.stem}_3.jsonl"),
    ]
    for number, file in enumerate(files):
        lines = stamp(*of_call(f"c{number}", RECEIVED, GAVE_UP), instance=f"{room.instance.name}-{number}")
        file.write_bytes(b"".join(codec.encode(line) for line in lines))
    with room.writer(keep_days=7) as writer:
        writer.step()
        writer.tend()
        room.rows(
            "update spool_file set finished_at = now() - interval '8 days' where finished_at is not null returning 1"
        )
        writer.tidy()
        assert [file.exists() for file in files] == [False, False, True]
        with files[2].open("ab") as last:
            last.write(codec.encode(stamp(*of_call("c2", GAVE_UP), instance="later-b-1")[0]))
        assert writer.step() == 1
    assert room.rows("select count(*) from call") == [(3,)]


def test_a_finished_file_that_has_grown_is_read_on(room: LedgerRoom) -> None:
    """Finished is a note, not a lock: what is in a file is never skipped."""
    room.put(RECEIVED)
    room.edge_dies()
    room.write_all()
    room.put(GAVE_UP)
    room.write_all()
    assert room.rows("select outcome from call") == [("missed",)]


def test_nothing_is_recorded_when_the_database_refuses_the_transaction(room: LedgerRoom) -> None:
    """The offset stays with the rows: both or neither."""
    room.put(RECEIVED, GAVE_UP)
    room.rows("alter table call rename to elsewhere; select 1")
    conn = psycopg2.connect(room.url)
    with pytest.raises(psycopg2.Error):
        Writer(conn, Room(room.directory), node=NODE).step()
    conn.close()
    room.rows("alter table elsewhere rename to call; select 1")
    assert room.rows("select byte_offset from spool_file") == [(0,)]
    assert room.rows("select count(*) from call_event") == [(0,)]
    room.write_all()
    assert room.rows("select outcome from call") == [("missed",)]
