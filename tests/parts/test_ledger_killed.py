"""The ledger writer may die at any moment, and the database too: nothing is lost and nothing counts twice."""

import random
import signal
from collections.abc import Iterator

import psycopg2
import pytest

from sql.migrate import migrate, migrations
from tests.database import Server, server
from tests.ledger_room import LedgerRoom, ledger_room, running
from tests.told import ANSWERED_0, BUSY_1, BYE, GAVE_UP, RANG_0, RANG_1, RECEIVED, REFUSED, TIMED_OUT, of_call

STORIES = (
    (RECEIVED, RANG_0, ANSWERED_0, BYE),
    (RECEIVED, RANG_0, RANG_1, GAVE_UP),
    (RECEIVED, BUSY_1, TIMED_OUT),
    (REFUSED,),
)


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with ledger_room() as room:
        yield room


def tell(room: LedgerRoom, first: int, calls: int, dice: random.Random) -> int:
    """Write the events of `calls` calls, mixed as calls at one time are; return how many events."""
    events = [of_call(f"c{first + number}", *dice.choice(STORIES)) for number in range(calls)]
    count = sum(map(len, events))
    while any(events):
        room.put(dice.choice([story for story in events if story]).pop(0))
    return count


@pytest.mark.parametrize("point", ["before", "after"])
def test_killed_around_its_commit_again_and_again(room: LedgerRoom, point: str) -> None:
    """Four times: killed at its first, then its second recording, while the calls go on."""
    dice = random.Random(point)
    told = 0
    for number in (1, 2, 1, 2):
        told += tell(room, told, 10, dice)
        with running(room.process("tests.ledger_killed", point, str(number))) as process:
            for _ in range(1, number):
                assert room.has_events(told)
                told += tell(room, told, 10, dice)
            assert process.wait(20) == -signal.SIGKILL
    with running(room.process()):
        assert room.has_events(told)
        assert room.until_all_read()
    assert room.ledger() == room.undisturbed()
    assert room.rows("select count(*) from dead_letter") == [(0,)]


def test_killed_before_its_commit_nothing_of_it_is_there(room: LedgerRoom) -> None:
    room.put(RECEIVED, GAVE_UP)
    with running(room.process("tests.ledger_killed", "before", "1")) as process:
        assert process.wait(20) == -signal.SIGKILL
    assert room.rows("select count(*) from call_event") == [(0,)]
    assert room.rows("select byte_offset from spool_file") == [(0,)]


def test_killed_after_its_commit_everything_of_it_is_there(room: LedgerRoom) -> None:
    room.put(RECEIVED, GAVE_UP)
    with running(room.process("tests.ledger_killed", "after", "1")) as process:
        assert process.wait(20) == -signal.SIGKILL
    assert room.rows("select count(*) from call_event") == [(2,)]
    assert room.rows("select byte_offset from spool_file") == [(room.file.stat().st_size,)]


def test_two_writer_processes_share_one_spool(room: LedgerRoom) -> None:
    dice = random.Random("two")
    with running(room.process()), running(room.process()):
        told = sum(tell(room, 1000 * turn, 20, dice) for turn in range(5))
        assert room.has_events(told)
    assert room.ledger() == room.undisturbed()
    assert "Traceback" not in room.log()


def test_it_ends_when_told_to(room: LedgerRoom) -> None:
    with running(room.process()) as process:
        room.wait_for_log("ledger ready")
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_it_ends_when_told_to_while_it_connects(room: LedgerRoom) -> None:
    """An exception of the signal handler would be lost inside psycopg2."""
    with running(room.process()) as process:
        assert room.until("select count(*) > 0 from pg_stat_activity where application_name = 'ledger'")
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


@pytest.fixture
def own_server() -> Iterator[Server]:
    with server() as own:
        own.start()
        yield own


def test_the_database_goes_down_and_comes_back(room: LedgerRoom, own_server: Server) -> None:
    """Events go on into the spool meanwhile; all of them arrive."""
    conn = psycopg2.connect(own_server.url)
    migrate(conn, migrations(), say=lambda _: None)
    conn.close()
    dice = random.Random("down")
    with running(room.process(DATABASE_URL=own_server.url)):
        told = tell(room, 0, 10, dice)
        room.conn.close()
        room.conn = psycopg2.connect(own_server.url)
        assert room.has_events(told)
        own_server.stop()
        told += tell(room, 100, 10, dice)
        room.wait_for_log("the spool waits")
        told += tell(room, 200, 10, dice)
        own_server.start()
        room.conn.close()
        room.conn = psycopg2.connect(own_server.url)
        assert room.has_events(told)
    assert room.ledger() == room.undisturbed()


def test_started_before_the_tables_exist_it_waits_for_them(room: LedgerRoom, own_server: Server) -> None:
    room.put(RECEIVED, GAVE_UP)
    with running(room.process(DATABASE_URL=own_server.url)):
        room.wait_for_log("the spool waits")
        conn = psycopg2.connect(own_server.url)
        migrate(conn, migrations(), say=lambda _: None)
        room.conn.close()
        room.conn = conn
        assert room.until("select count(*) = 2 from call_event")
