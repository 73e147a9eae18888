"""A hotline's week and special days, and members' hours: what holds when, also where clocks are put forward."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kemi.domain.schedule import (
    DAY,
    WEEK,
    Held,
    Schedule,
    Slot,
    SpecialDay,
    clock,
    held,
    knows_zone,
    next_change,
    next_within,
    second_of_week,
    within,
    zone,
)

HANOI, BERLIN = ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("Europe/Berlin")
MONDAY, SATURDAY = 0, 5 * DAY
OFFICE, NIGHT = 1, 2
WORK = Slot(MONDAY + 8 * 3600, MONDAY + 17 * 3600, OFFICE)
LUNCH_CLOSED = Slot(MONDAY + 17 * 3600, MONDAY + 18 * 3600, None)
LATE = Slot(SATURDAY + 22 * 3600, SATURDAY + DAY, NIGHT)
TET = SpecialDay(datetime(2026, 9, 7).toordinal(), 0, DAY, None)
HALF = SpecialDay(datetime(2026, 9, 14).toordinal(), 12 * 3600, 15 * 3600, NIGHT)
ALL = Schedule((WORK, LUNCH_CLOSED, LATE), (TET, HALF))


def at(text: str, where: ZoneInfo = HANOI) -> float:
    """The moment at which a clock shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=where).timestamp()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-08-31 07:59:59", None),  # a Monday
        ("2026-08-31 08:00:00", Held(OFFICE)),
        ("2026-08-31 16:59:59", Held(OFFICE)),
        ("2026-08-31 17:00:00", Held(None)),  # closed
        ("2026-08-31 18:00:00", None),
        ("2026-09-01 09:00:00", None),  # a Tuesday
        ("2026-09-05 23:59:59", Held(NIGHT)),
        ("2026-09-06 00:00:00", None),  # a night is two rows
        ("2026-09-07 09:00:00", Held(None)),  # the holiday goes before the Monday
        ("2026-09-14 09:00:00", Held(OFFICE)),  # of a day that is special in part, the week holds for the rest
        ("2026-09-14 12:00:00", Held(NIGHT)),
        ("2026-09-14 15:00:00", Held(OFFICE)),
    ],
)
def test_what_holds_is_what_the_clock_on_the_wall_says(moment: str, expected: Held | None) -> None:
    """From the first second on and up to the last, not at it; closed is something that holds."""
    assert held(ALL, clock(at(moment), HANOI)) == expected


def test_the_same_moment_is_another_time_elsewhere() -> None:
    """08:00 in Hanoi is 03:00 in Berlin, in summer."""
    moment = at("2026-08-31 08:00:00")
    assert held(ALL, clock(moment, HANOI)) == Held(OFFICE)
    assert held(ALL, clock(moment, BERLIN)) is None


def test_an_hour_that_is_left_out_or_comes_twice_needs_no_care() -> None:
    """Sunday 2026-03-29 02:00 does not exist in Berlin; 2026-10-25 02:30 is there twice."""
    sunday = Schedule((Slot(6 * DAY + 2 * 3600, 6 * DAY + 3 * 3600, OFFICE),))
    spring, autumn = at("2026-03-29 00:00", BERLIN), at("2026-10-25 00:00", BERLIN)
    hours = [held(sunday, clock(spring + n * 900, BERLIN)) for n in range(24)]
    assert hours == [None] * 24
    hours = [held(sunday, clock(autumn + n * 900, BERLIN)) for n in range(24)]
    assert hours == [None] * 8 + [Held(OFFICE)] * 8 + [None] * 8


def test_without_hours_every_second_is_within() -> None:
    """A member without rows always rings."""
    assert within((), 0)
    assert within(((10, 20), (30, 40)), 30)
    assert not within(((10, 20), (30, 40)), 20)
    assert not within(((10, 20), (30, 40)), 9)


def test_the_week_begins_on_monday() -> None:
    """As ISO 8601 counts."""
    assert second_of_week(clock(at("2026-08-31 00:00:01"), HANOI)) == 1
    assert second_of_week(clock(at("2026-09-06 23:59:59"), HANOI)) == WEEK - 1


def test_a_zone_that_the_machine_does_not_know_is_vietnams() -> None:
    """The compiler says so; a call is never lost by it."""
    assert knows_zone("Europe/Berlin")
    assert not knows_zone("Mars/Olympus")
    assert clock(1.7e9, zone("Mars/Olympus")).hour == clock(1.7e9, HANOI).hour


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-08-31 07:00", "2026-08-31 08:00"),
        ("2026-08-31 08:00", "2026-08-31 17:00"),
        ("2026-08-31 18:00", "2026-09-05 22:00"),
        ("2026-09-05 23:00", "2026-09-06 00:00"),
        ("2026-09-06 12:00", "2026-09-07 00:00"),
        ("2026-09-07 12:00", "2026-09-08 00:00"),  # the holiday
    ],
)
def test_it_is_known_when_next_something_else_holds(moment: str, expected: str) -> None:
    """For “closed now until …”."""
    assert next_change(ALL, at(moment), HANOI) == at(expected)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-10-25T02:45+02:00", "2026-10-25T02:00+01:00"),  # 03:00 is 02:00 again: the slot is over, and comes back
        ("2026-10-25T02:10+01:00", "2026-10-25T02:30+01:00"),
        ("2026-03-29T01:45+01:00", "2026-03-29T03:00+02:00"),  # 02:15, where it ends, does not exist
    ],
)
def test_where_the_clock_is_put_back_or_forward_something_else_may_hold(moment: str, expected: str) -> None:
    """In Berlin, on a Sunday, from 02:30 to 03:00 and from 01:30 to 02:15."""
    sunday = 6 * DAY
    early, late = (Slot(sunday + 5400, sunday + 8100, 1), Slot(sunday + 9000, sunday + 10800, 1))
    schedule = Schedule((early if "03-29" in moment else late,))
    when = datetime.fromisoformat(moment).timestamp()
    assert next_change(schedule, when, BERLIN) == datetime.fromisoformat(expected).timestamp()


def test_what_never_changes_has_no_next_change() -> None:
    """Nothing, and a week that is all the same."""
    assert next_change(Schedule(), 0.0, HANOI) is None
    whole = Schedule(tuple(Slot(n * DAY, (n + 1) * DAY, OFFICE) for n in range(7)))
    assert next_change(whole, 0.0, HANOI) is None


def test_ten_holidays_in_a_row_end_on_the_first_day_after_them() -> None:
    """Longer than the week that is looked at ahead."""
    first = datetime(2027, 2, 5).toordinal()
    days = tuple(SpecialDay(first + n, 0, DAY, None) for n in range(10))
    weekly = tuple(Slot(n * DAY + 8 * 3600, n * DAY + 9 * 3600, None) for n in range(7))
    daily = Schedule((*weekly, Slot(MONDAY + 10 * 3600, MONDAY + 11 * 3600, OFFICE)), days)
    moment = at("2027-02-05 09:30")
    assert next_change(daily, moment, HANOI) == at("2027-02-15 00:00")


def test_it_is_known_when_a_member_rings_next() -> None:
    """The beginning of his next hours."""
    hours = ((MONDAY + 8 * 3600, MONDAY + 12 * 3600),)
    assert next_within(hours, at("2026-08-31 12:00"), HANOI) == at("2026-09-07 08:00")


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Weeks without overlaps, and a special day or two."""
    bounds = sorted(draw(st.sets(st.integers(0, 7 * 24 * 4), min_size=2, max_size=20)))
    slots = [
        Slot(begin * 900, end * 900, draw(st.sampled_from([None, 1, 2])))
        for begin, end in pairwise(bounds)
        if begin * 900 // DAY == (end * 900 - 1) // DAY
    ]
    first = datetime(2026, 3, 20).toordinal()
    days = draw(st.sets(st.integers(0, 20), max_size=3))
    return Schedule(tuple(slots), tuple(SpecialDay(first + day, 3600, 20 * 3600, None) for day in sorted(days)))


MOMENTS = st.integers(int(at("2026-03-20 00:00")), int(at("2026-04-10 00:00"))) | st.integers(
    int(at("2026-10-24 00:00", BERLIN)), int(at("2026-10-26 00:00", BERLIN))
)


@given(schedules(), MOMENTS, st.sampled_from([HANOI, BERLIN]))
def test_until_the_next_change_the_same_holds_and_then_another(
    schedule: Schedule, moment: int, where: ZoneInfo
) -> None:
    """At every quarter of an hour between, over the change of clocks too."""
    change = next_change(schedule, moment, where)
    now = held(schedule, clock(moment, where))
    end = moment + 9 * DAY if change is None else change
    step = float(moment)
    while step < min(end, moment + 9 * DAY):
        assert held(schedule, clock(step, where)) == now
        step += 900
    if change is not None:
        assert change > moment
        assert held(schedule, clock(change, where)) != now


@given(st.integers(0, 4_000_000_000), st.sampled_from([HANOI, BERLIN, ZoneInfo("America/New_York")]))
def test_the_second_of_the_week_is_the_clocks(moment: int, where: ZoneInfo) -> None:
    """Whatever the zone."""
    shown = clock(moment, where)
    monday = datetime.combine(shown.date(), datetime.min.time()) - timedelta(days=shown.weekday())
    naive = shown.replace(tzinfo=None, microsecond=0)
    assert second_of_week(shown) == (naive - monday).total_seconds()
