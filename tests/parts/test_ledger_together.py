"""Two edges saw one call, and two writers read them at the same moment: neither's part is lost."""

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import ClassVar

import psycopg2
import pytest
from psycopg2.extensions import connection

from deploy.wait import until
from kemi.ledger import store
from kemi.ledger.store import EventRow, FileKey, Moved
from tests.ledger_room import LedgerRoom, ledger_room
from tests.told import ANSWERED_0, BYE, RECEIVED, stamp


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with ledger_room() as room:
        yield room


class Slow(connection):
    """A connection that commits when it may."""

    may_commit: ClassVar[threading.Event]

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self.may_commit.wait(20)
        super().__exit__(kind, error, tb)


def rows(node: str) -> list[EventRow]:
    """The call as `node` saw it: one edge took it, another passed the BYE on."""
    events = stamp(RECEIVED, ANSWERED_0) if node == "one" else stamp(BYE, instance="two-b-1")
    kinds = {RECEIVED: "received", ANSWERED_0: "answered", BYE: "ended"}
    return [
        EventRow(one.id, "c1", kinds[one.event], one.at_us, one.mono_ns, one.instance, node, one.event)
        for one in events
    ]


def test_a_call_in_two_spools_is_folded_by_one_writer_after_the_other(room: LedgerRoom) -> None:
    """The second would not see the first's events, and the first's row would be overwritten without its end."""
    store.register(room.conn, [(FileKey(node, f"{node}.jsonl"), f"{node}-b-1") for node in ("one", "two")])
    Slow.may_commit = threading.Event()
    slow, quick = psycopg2.connect(room.url, connection_factory=Slow), psycopg2.connect(room.url)

    def record(conn: connection, node: str) -> None:
        store.record(conn, [Moved(node, f"{node}.jsonl", 0, 10)], rows(node), [])

    first = threading.Thread(target=record, args=(slow, "one"))
    second = threading.Thread(target=record, args=(quick, "two"))
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    holding = "select count(*) from pg_locks where locktype = 'advisory' and granted"
    try:
        first.start()
        assert until(lambda: room.rows(holding) == [(1,)], 10)
        second.start()
        assert until(lambda: room.rows(waiting) == [(1,)], 10), "the second did not wait"
    finally:
        Slow.may_commit.set()
        first.join()
        second.join()
        slow.close()
        quick.close()
    assert room.rows("select outcome, ended_by from call") == [("answered", "member")]


def test_a_file_that_another_writer_read_on_is_not_read_from_the_old_place(room: LedgerRoom) -> None:
    """Compare-and-set: whoever comes second changes nothing, not even the rows."""
    store.register(room.conn, [(FileKey("one", "one.jsonl"), "one-b-1")])
    store.record(room.conn, [Moved("one", "one.jsonl", 0, 100)], [], [])
    with pytest.raises(store.OffsetMovedError):
        store.record(room.conn, [Moved("one", "one.jsonl", 0, 50)], rows("one"), [])
    assert room.rows("select byte_offset from spool_file") == [(100,)]
    assert room.rows("select count(*) from call_event") == [(0,)]
