"""An answer counts when it has stood: on real PostgreSQL, whatever is read when, and whoever dies in between."""

import random
from collections.abc import Iterator
from typing import Final

import psycopg2
import pytest

from kemi.domain.events import Ended, Event, Stamped
from kemi.ledger.store import Now
from kemi.spool import codec
from kemi.spool.instance import boot_id
from tests.ledger_room import NODE, LedgerRoom, ledger_room, running
from tests.told import ANSWERED_0, BYE, GAVE_UP, LATE_1, RANG_0, RANG_1, changed, of_call

ASKS_5: Final = changed(min_talk_seconds=5)
BOB, CAROL, OFFICE = "+84844441909", "+84844441910", "+842838123456"
WON: Final = {BOB: "answered"}
MISSED: Final = {BOB: "missed", CAROL: "missed", OFFICE: "missed"}
HERE, ELSEWHERE, BEFORE = f"{NODE}-{boot_id()}-1", "other-0badf00d-1", f"{NODE}-0badf00d-1"
_FAR: Final = 10_000.0  # seconds: everything has stood by then


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with ledger_room() as room:
        yield room


def stamped(seconds: float, event: Event, instance: str = HERE) -> Stamped:
    """`event`, written that long after the beginning; the monotonic clock of this boot was at 1000 s then."""
    ident = f"{instance}.{event.call}.{seconds}.{type(event).__name__}"
    return Stamped(ident, 0, instance, round(seconds * 10**6), round((1000 + seconds) * 10**9), event)


def now(seconds: float) -> Now:
    return Now(boot_id(), round(seconds * 10**6), round((1000 + seconds) * 10**9))


def write(room: LedgerRoom, *lines: Stamped, worker: int = 1) -> None:
    """Append lines to the files of the workers that wrote them."""
    for line in lines:
        with (room.directory / f"{line.instance}-{worker}.jsonl").open("ab") as file:
            file.write(codec.encode(line))


def read_at(room: LedgerRoom, seconds: float) -> None:
    """Let a new writer, as after a kill -9, read what there is at that time."""
    with room.writer(now=lambda: now(seconds)) as writer:
        while writer.step():
            pass


def told(room: LedgerRoom, call: str = "c1") -> dict[str, str]:
    rows = room.rows(f"select member_number, kind from notification where call_id = '{call}'")  # noqa: S608
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def test_nobody_is_told_until_it_has_stood_and_then_at_once(room: LedgerRoom) -> None:
    write(room, stamped(0, ASKS_5), stamped(2, ANSWERED_0))
    read_at(room, 6.999)
    assert told(room) == {}
    assert room.rows("select outcome, false_answer, extract(epoch from confirm_at)::int from call") == [
        ("answered", False, 7)
    ]
    read_at(room, 7)
    assert told(room) == WON
    assert room.rows("select outcome, false_answer, confirm_at from call") == [("answered", False, None)]


def test_over_too_soon_everybody_is_told_that_it_was_missed(room: LedgerRoom) -> None:
    write(room, stamped(0, ASKS_5), stamped(2, ANSWERED_0))
    read_at(room, 3)
    write(room, stamped(4.5, BYE))
    read_at(room, 5)
    assert told(room) == MISSED
    assert room.rows("select outcome, false_answer, reason, talk_ms from call") == [
        ("answered", True, "answered, but only for 2.5 s of 5: counted as missed", 2500)
    ]
    read_at(room, _FAR)
    assert told(room) == MISSED


def test_what_was_written_while_the_writer_was_dead_is_read_before_anything_is_concluded(room: LedgerRoom) -> None:
    """It comes back long after the time, and the end lies in the spool, in another worker's file."""
    write(room, stamped(0, ASKS_5), stamped(2, ANSWERED_0))
    read_at(room, 3)
    write(room, stamped(4, BYE), worker=2)
    read_at(room, _FAR)
    assert told(room) == MISSED


def test_a_writer_that_is_behind_concludes_nothing(room: LedgerRoom) -> None:
    """A file grows by more than one reading takes: the end is in the part that is not read yet."""
    write(room, stamped(0, ASKS_5), stamped(2, ANSWERED_0))
    read_at(room, 3)
    other = changed(call="c2", sip_call_id="x" * 128)
    write(room, *(stamped(3 + n / 1000, other) for n in range(600)), stamped(6, BYE))
    with room.writer(now=lambda: now(_FAR)) as writer:
        assert 0 < writer.step() < 601
        assert told(room) == {}
        while writer.step():
            pass
    assert told(room) == MISSED


def test_an_end_that_comes_too_late_changes_the_ledger_and_tells_only_those_who_know_nothing(room: LedgerRoom) -> None:
    write(room, stamped(0, ASKS_5), stamped(2, ANSWERED_0))
    read_at(room, 8)
    write(room, stamped(4, BYE))
    read_at(room, 9)
    assert told(room) == MISSED | WON
    assert room.rows("select false_answer, talk_ms from call") == [(True, 2000)]


def test_another_nodes_slow_clock_takes_nothing_back(room: LedgerRoom) -> None:
    write(room, stamped(0, ASKS_5), stamped(2, ANSWERED_0))
    read_at(room, 8)
    write(room, stamped(1, BYE, ELSEWHERE))
    read_at(room, 9)
    assert told(room) == WON
    assert room.rows("select false_answer from call") == [(False,)]


def test_only_its_own_node_decides(room: LedgerRoom) -> None:
    """Another's spool is not here to be read: whether it is over is not known."""
    write(room, stamped(0, ASKS_5, ELSEWHERE), stamped(2, ANSWERED_0, ELSEWHERE))
    read_at(room, 3)
    next(room.directory.glob("other-*")).unlink()
    read_at(room, _FAR)
    assert told(room) == {}


def test_a_jump_of_the_wall_clock_changes_nothing(room: LedgerRoom) -> None:
    """Back by an hour, ahead by an hour: the monotonic clock decides."""
    write(room, stamped(4000, ASKS_5), stamped(4002, ANSWERED_0))
    for at_us, mono_s, expected in ((8_000_000_000, 5006.9, {}), (400_000_000, 5007.0, WON)):
        with room.writer(now=lambda a=at_us, m=mono_s: Now(boot_id(), a, round(m * 10**9))) as writer:
            while writer.step():
                pass
        assert told(room) == expected


def test_after_a_boot_the_wall_clock_decides(room: LedgerRoom) -> None:
    """The monotonic clock began anew; the machine was off while they talked, through another edge."""
    write(room, stamped(0, ASKS_5, BEFORE), stamped(2, ANSWERED_0, BEFORE))
    for at_us, expected in ((6_900_000, {}), (7_000_000, WON)):
        with room.writer(now=lambda a=at_us: Now(boot_id(), a, 1)) as writer:
            while writer.step():
                pass
        assert told(room) == expected


def test_two_writers_conclude_it_once(room: LedgerRoom) -> None:
    write(room, stamped(0, ASKS_5), stamped(2, ANSWERED_0))
    with room.writer(now=lambda: now(8)) as one, room.writer(now=lambda: now(8)) as two:
        while one.step() or two.step():
            pass
    assert told(room) == WON
    assert room.rows("select count(*) from call_event where kind = 'stood'") == [(1,)]


def test_only_an_answer_can_be_false(room: LedgerRoom) -> None:
    write(room, stamped(0, ASKS_5), stamped(2, GAVE_UP))
    read_at(room, 3)
    with pytest.raises(psycopg2.errors.CheckViolation, match="call_with_a_false_answer_was_answered"):
        room.rows("update call set false_answer = true returning id")


STORIES: Final = (  # events with their times, of one call: over soon, later, never; and by whose clock
    ((0, ASKS_5), (1, RANG_0), (2, ANSWERED_0), (4, BYE)),
    ((0, ASKS_5), (2, ANSWERED_0), (2, LATE_1), (3, Ended("c1", 1, "caller")), (30, BYE)),
    ((0, ASKS_5), (1, RANG_1), (2, ANSWERED_0)),
    ((0, ASKS_5), (2, ANSWERED_0), (6.99, Ended("c1", 0, "caller"))),
)


@pytest.mark.parametrize("seed", range(10))
def test_each_member_is_told_once_in_any_order_with_any_deaths(room: LedgerRoom, seed: int) -> None:
    """Lines of four calls from three workers and another node, read at random moments by writers that die each time."""
    dice = random.Random(seed)
    lines = []
    for number, story in enumerate(STORIES):
        for seconds, event in story:
            [own] = of_call(f"c{number}", event)
            instance = ELSEWHERE if isinstance(event, Ended) and dice.random() < 0.3 else HERE
            lines.append(stamped(seconds, own, instance))
    dice.shuffle(lines)
    clock, so_far = 0.0, dict[str, dict[str, str]]()
    for line in lines:
        write(room, line, worker=dice.randrange(3))
        if dice.random() < 0.5:
            clock += dice.choice([0.1, 1, 4])
            read_at(room, clock)
        for call in (f"c{number}" for number in range(len(STORIES))):
            assert so_far.get(call, {}).items() <= told(room, call).items(), "somebody's notification was changed"
            so_far[call] = told(room, call)
    read_at(room, _FAR)
    for number in range(len(STORIES)):
        call = f"c{number}"
        [(is_false, is_open)] = room.rows(
            f"select false_answer, confirm_at is not null from call where id = '{call}'"  # noqa: S608
        )
        assert not is_open
        assert told(room, call) in ([MISSED, MISSED | WON] if is_false else [WON])


def test_the_real_process_tells_in_time_and_again_after_its_death(room: LedgerRoom) -> None:
    """Killed while the answer waits; the next one tells, not before the time and soon after it."""
    room.put(changed(min_talk_seconds=2), ANSWERED_0)
    with running(room.process()):
        assert room.until("select count(*) = 1 from call where confirm_at is not null")
    assert told(room) == {}
    with running(room.process()):
        assert room.until("select count(*) = 1 from notification")
    [(early, late)] = room.rows(
        "select n.created_at < c.answered_at + interval '2 s', n.created_at > c.answered_at + interval '4 s'"
        " from notification n join call c on c.id = n.call_id"
    )
    assert (early, late) == (False, False)
    assert told(room) == WON
