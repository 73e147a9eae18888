"""What comes while, or after, a call is purged: nothing comes back, nobody waits, two do it once."""

import threading
from collections.abc import Iterator

import psycopg2
import pytest

from deploy.wait import until
from kemi.ledger import retention
from kemi.ledger.retention import Purge
from tests.ledger_room import LedgerRoom, running
from tests.retention_room import (
    NUMBERED,
    age,
    counts,
    everything,
    purge,
    retention_room,
    sent,
    sql,
    told,
)
from tests.told import ANSWERED_0, BYE, GAVE_UP, RANG_0, RECEIVED, REFUSED, of_call


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with retention_room() as room:
        yield room


def test_a_late_event_does_not_bring_a_purged_call_back(room: LedgerRoom) -> None:
    """Not the last one, not a repeated first one, and a call beside it in the same batch is recorded as ever."""
    told(room, "c1", RECEIVED, ANSWERED_0, BYE)
    sent(room)
    age(room, 31)
    purge(room)
    before = everything(room)
    room.put(*of_call("c1", RECEIVED, RANG_0, GAVE_UP, BYE), *of_call("c2", RECEIVED, GAVE_UP))
    room.write_all()
    assert room.rows("select id, outcome, purged_at is null from call order by id") == [
        ("c1", "answered", False),
        ("c2", "missed", True),
    ]
    sql(room, "delete from call_event where call_id = 'c2'; delete from call where id = 'c2'")
    assert everything(room) == before


def test_a_late_event_tells_nobody_twice_when_the_sms_are_purged(room: LedgerRoom) -> None:
    """The call is still there and folded anew; its notifications are not."""
    told(room, "c1", RECEIVED, ANSWERED_0)
    sent(room)
    age(room, 11)
    sql(room, "update call_event set at = at - interval '11 days'")
    purge(room)
    told(room, "c1", BYE)
    assert room.rows("select ended_by from call") == [("member",)]
    assert counts(room)["notification"] == 0


def test_files_read_again_after_a_purge_bring_nothing_back(room: LedgerRoom) -> None:
    told(room, "c1", RECEIVED, GAVE_UP)
    sent(room)
    age(room, 31)
    purge(room)
    before = everything(room)
    sql(room, "delete from spool_file")
    room.write_all()
    assert everything(room) == before


def test_it_goes_in_small_batches_and_says_once_how_much(room: LedgerRoom, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "ledger")
    for number in range(7):
        room.put(*of_call(f"c{number}", RECEIVED, GAVE_UP))
    room.write_all()
    sent(room)
    age(room, 31)
    made = Purge(room.conn, 365, most=3)
    made.begin()
    left = []
    while made.step():
        left.append(room.rows("select count(*) from call where purged_at is null")[0][0])
    assert left[:4] == [4, 1, 0, 0]
    said = [record.getMessage() for record in caplog.records if "purged" in record.getMessage()]
    assert said == ["purged calls=7 legs=28 events=14 notifications=21 attempts=21 dead_letters=0 receipts=0"]
    purge(room)
    assert len([record for record in caplog.records if "purged" in record.getMessage()]) == 1


def test_dead_letters_go_too(room: LedgerRoom) -> None:
    sql(room, "insert into dead_letter (node, file, byte_offset, line, why, at) values"
        " ('n', 'f', 0, '0909789846', 'x', now() - interval '366 days'), ('n', 'f', 9, 'x', 'x', now())")  # fmt: skip
    purge(room)
    assert room.rows("select byte_offset from dead_letter") == [(9,)]


def test_receipts_that_nobody_knows_go_too(room: LedgerRoom) -> None:
    for reference, days in (("old", 366), ("new", 0)):
        sql(room, "insert into sms_receipt (provider_id, reference, status, raw, received_at)"
            " values (1, %(reference)s, 'failed', '{}', now() - make_interval(days => %(days)s))",
            reference=reference, days=days)  # fmt: skip
    purge(room)
    assert room.rows("select reference from sms_receipt") == [("new",)]


def test_two_at_once_purge_everything_once(room: LedgerRoom) -> None:
    for number in range(60):
        room.put(*of_call(f"c{number}", RECEIVED, GAVE_UP))
    room.write_all()
    sent(room)
    age(room, 31)
    conns = [psycopg2.connect(room.url) for _ in range(2)]
    purges = [Purge(conn, 365, most=5) for conn in conns]

    def work(one: Purge) -> None:
        for _ in range(50):
            one.begin()
            while one.step():
                pass

    threads = [threading.Thread(target=work, args=(one,)) for one in purges]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for conn in conns:
        conn.close()
    assert counts(room) == {**dict.fromkeys(NUMBERED, 0), "call": 60}


def test_an_event_that_comes_during_the_purge_goes_with_the_call(room: LedgerRoom) -> None:
    """The purge has begun and not committed; the writer waits for it, then drops the event."""
    told(room, "c1", RECEIVED, ANSWERED_0, BYE)
    sent(room)
    age(room, 31)
    conn = psycopg2.connect(room.url)
    with conn.cursor() as cur:
        Purge(conn, 365)._calls(cur)
        room.put(*of_call("c1", RECEIVED, GAVE_UP))
        writer = threading.Thread(target=room.write_all)
        writer.start()
        writer.join(0.3)
        assert writer.is_alive()
        conn.commit()
    writer.join(10)
    conn.close()
    purge(room)
    assert counts(room) == {**dict.fromkeys(NUMBERED, 0), "call": 1}


def test_an_operator_who_holds_a_row_does_not_keep_events_waiting(
    room: LedgerRoom, caplog: pytest.LogCaptureFixture
) -> None:
    """The purge gives up for this hour; what it fails at is no reason not to record."""
    told(room, "c1", RECEIVED, GAVE_UP)
    age(room, 31)
    other = psycopg2.connect(room.url)
    with other.cursor() as cur:
        cur.execute("select from call where id = 'c1' for update")
        with room.writer() as writer:
            writer.tidy()
            assert not writer.purge()
            room.put(*of_call("c2", RECEIVED))
            assert writer.step() == 1
    other.close()
    assert "alarm=purge_failed" in caplog.text
    purge(room)
    assert room.rows("select id from call where purged_at is not null") == [("c1",)]


def test_a_database_that_is_not_migrated_yet_is_written_to_all_the_same(
    room: LedgerRoom, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is wrong with the purge, events come first."""
    sql(room, "alter table tenant drop column keep_calls_days")
    room.put(REFUSED)
    with room.writer() as writer:
        writer.tidy()
        assert not writer.purge()
        assert writer.step() == 1
    assert "alarm=purge_failed" in caplog.text


def test_the_writer_purges_by_itself_when_it_starts(room: LedgerRoom) -> None:
    told(room, "c1", RECEIVED, GAVE_UP)
    sent(room)
    age(room, 31)
    with running(room.process()):
        assert room.until("select purged_at is not null from call")
        assert until(lambda: "purged calls=1" in room.log(), 5.0), room.log()
        assert room.until("select not exists (select from notification)")


def test_the_number_of_calls_of_one_transaction_is_bounded() -> None:
    """A hundred calls take about 80 of the 256 locks: other writers get on."""
    assert retention.MOST <= 100
