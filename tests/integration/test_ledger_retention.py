"""Full numbers are kept as long as the tenant says and no longer; what is not over stays; nothing comes back."""

import threading
from collections.abc import Iterator
from typing import Any, Final

import psycopg2
import pytest

from deploy.wait import until
from kemi.ledger import retention
from kemi.ledger.retention import Purge
from tests.ledger_room import LedgerRoom, ledger_room, running
from tests.told import ANSWERED_0, BYE, GAVE_UP, RANG_0, RECEIVED, REFUSED, changed, of_call

TENANTS: Final = """
    insert into plan (id, name) values (1, 'p');
    insert into tenant (id, name, brand, plan_id, keep_calls_days, keep_sms_days) values
        (2, 'short', 'v', 1, 30, 10), (3, 'long', 'v', 1, 300, 400);
"""
_AGE: Final = """
    update call set arrived_at = arrived_at - make_interval(secs => %(days)s) where id like %(call)s;
    update notification set created_at = created_at - make_interval(secs => %(days)s),
        called_at = called_at - make_interval(secs => %(days)s) where call_id like %(call)s
"""
NUMBERED: Final = ("call", "call_leg", "call_event", "notification", "notification_attempt", "dead_letter")


@pytest.fixture(autouse=True)
def log_since() -> int:
    """No edge runs in these tests."""
    return 0


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with ledger_room() as room:
        sql(room, TENANTS)
        yield room


def sql(room: LedgerRoom, statement: str, **values: object) -> None:
    with room.conn, room.conn.cursor() as cur:
        cur.execute(statement, values or None)


def told(room: LedgerRoom, call: str, *events: Any) -> None:
    """Have a call in the ledger."""
    room.put(*of_call(call, *events))
    room.write_all()


def age(room: LedgerRoom, days: float, call: str = "%") -> None:
    """Let the days pass for the calls with this id, and for their notifications, all of which were sent."""
    sql(room, _AGE, days=days * 86_400, call=call)


def sent(room: LedgerRoom) -> None:
    """Let the sender have sent everything, and been answered with the number."""
    sql(room, "update notification set state = 'sending', text = 'so 0909789846' where state = 'queued'")
    sql(room, "update notification set state = 'accepted' where state = 'sending'")
    sql(room, "insert into notification_attempt (notification_id, reply) select id, 'to 0844441909' from notification")


def purge(room: LedgerRoom, most: int = 100, **options: int) -> Purge:
    """Let a purge do all there is to do."""
    made = Purge(room.conn, options.get("unowned_days", 365), most)
    made.begin()
    while made.step():
        pass
    return made


def counts(room: LedgerRoom) -> dict[str, int]:
    return {table: len(rows_of(room, table)) for table in NUMBERED}


def rows_of(room: LedgerRoom, table: str) -> list[Any]:
    return room.rows(f"select t::text from {table} t")  # noqa: S608 -- one of NUMBERED


def everything(room: LedgerRoom) -> str:
    """All that the ledger holds, as text."""
    return "\n".join(str(row) for table in NUMBERED for row in rows_of(room, table))


def test_after_its_days_nothing_of_a_call_is_left_but_statistics(room: LedgerRoom) -> None:
    told(room, "c1", changed(sip_call_id="0909789846@x"), RANG_0, ANSWERED_0, BYE)
    sent(room)
    age(room, 31)
    purge(room)
    assert counts(room) == {**dict.fromkeys(NUMBERED, 0), "call": 1}
    for digits in ("909789846", "84444190", "84444191", "2838123456"):
        assert digits not in everything(room)
    assert room.rows(
        "select tenant_id, hotline_number, outcome, answered_leg, ended_by, purged_at is not null from call"
    ) == [(2, "+842727777787", "answered", 0, "member", True)]


def test_before_its_days_nothing_of_a_call_is_touched(room: LedgerRoom) -> None:
    told(room, "c1", RECEIVED, RANG_0, ANSWERED_0, BYE)
    before = everything(room)
    purge(room)
    age(room, 0)
    assert everything(room) == before


def test_sms_go_before_their_call_where_the_tenant_wants_that(room: LedgerRoom) -> None:
    told(room, "c1", RECEIVED, GAVE_UP)
    sent(room)
    age(room, 11)
    purge(room)
    assert counts(room) == {"call": 1, "call_leg": 4, "call_event": 2, "notification": 0, "notification_attempt": 0} | {
        "dead_letter": 0
    }
    assert room.rows("select caller_number from call") == [("+84909789846",)]


def test_sms_may_be_kept_longer_than_their_call(room: LedgerRoom) -> None:
    told(room, "c1", changed(tenant_id=3), GAVE_UP)
    sent(room)
    age(room, 301)
    purge(room)
    assert room.rows("select caller_number from call") == [(None,)]
    assert room.rows("select count(*), min(caller_number) from notification") == [(3, "+84909789846")]
    age(room, 100)
    purge(room)
    assert counts(room)["notification"] == 0


def test_each_tenant_has_its_own_days(room: LedgerRoom) -> None:
    told(room, "c1", RECEIVED, GAVE_UP)
    told(room, "c2", changed(tenant_id=3), GAVE_UP)
    sent(room)
    age(room, 100)
    purge(room)
    assert room.rows("select id from call where purged_at is not null") == [("c1",)]
    assert {call for (call,) in room.rows("select call_id from notification")} == {"c2"}


@pytest.mark.parametrize("owner", [None, 77])
def test_what_belongs_to_no_tenant_or_to_a_deleted_one_has_the_edges_own_days(
    room: LedgerRoom, owner: int | None
) -> None:
    told(room, "c1", REFUSED)
    sql(room, "update call set tenant_id = %(owner)s, caller_number = '+84909789846'", owner=owner)
    age(room, 99)
    purge(room, unowned_days=100)
    assert room.rows("select purged_at from call") == [(None,)]
    age(room, 2)
    purge(room, unowned_days=100)
    assert room.rows("select caller_number, dialled, purged_at is not null from call") == [(None, None, True)]


def test_a_call_that_is_not_over_is_never_purged(room: LedgerRoom) -> None:
    told(room, "ringing", RECEIVED)
    told(room, "talking", RECEIVED, ANSWERED_0)
    told(room, "forgotten", RECEIVED, ANSWERED_0)
    sql(room, "update tenant set keep_calls_days = 1")
    age(room, 3650, "ringing")
    age(room, 7.5, "talking")
    age(room, 8.5, "forgotten")  # its BYE is lost: no call is that long
    purge(room)
    assert room.rows("select id from call where purged_at is not null") == [("forgotten",)]
    assert room.rows("select count(*) from call_event where call_id in ('ringing', 'talking')") == [(3,)]


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_a_notification_that_is_under_way_is_never_purged(room: LedgerRoom, state: str) -> None:
    """Nor when its call is."""
    told(room, "c1", RECEIVED, GAVE_UP)
    sql(room, "update notification set state = 'sending' where state = 'queued'")
    sql(room, "update notification set state = 'queued' where %(state)s = 'queued' and state = 'sending'", state=state)
    age(room, 3000)
    purge(room)
    assert room.rows("select distinct state, caller_number from notification") == [(state, "+84909789846")]


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
    assert said == ["purged calls=7 legs=28 events=14 notifications=21 attempts=21 dead_letters=0"]
    purge(room)
    assert len([record for record in caplog.records if "purged" in record.getMessage()]) == 1


def test_dead_letters_go_too(room: LedgerRoom) -> None:
    sql(room, "insert into dead_letter (node, file, byte_offset, line, why, at) values"
        " ('n', 'f', 0, '0909789846', 'x', now() - interval '366 days'), ('n', 'f', 9, 'x', 'x', now())")  # fmt: skip
    purge(room)
    assert room.rows("select byte_offset from dead_letter") == [(9,)]


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
