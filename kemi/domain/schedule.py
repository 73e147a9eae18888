"""A hotline's week and its special days, and members' hours: what holds at a moment, by the clock on the wall.

Times are seconds of a day or of a week (Monday 00:00 is 0) as the tenant's clock shows them: where the clock is put
forward an hour is left out, where it is put back an hour holds twice, and nobody has to calculate.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

DAY: Final = 86400
WEEK: Final = 7 * DAY
_ELSE: Final = timezone(timedelta(hours=7))  # Asia/Ho_Chi_Minh, which has no summer time

Hours = tuple[tuple[int, int], ...]


class Slot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """From one second of the week up to another, a group rings; `group` None: the hotline is closed."""

    begin: int
    end: int
    group: int | None


class SpecialDay(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The same on a date, as `date.toordinal()` counts; seconds of that day."""

    day: int
    begin: int
    end: int
    group: int | None


class Schedule(msgspec.Struct, frozen=True, array_like=True):
    """When which group of a hotline rings; special days go before the week."""

    slots: tuple[Slot, ...] = ()
    special: tuple[SpecialDay, ...] = ()


class Held(NamedTuple):
    """The slot or special day that holds."""

    group: int | None


@lru_cache(maxsize=512)
def zone(name: str) -> tzinfo:
    """Return the zone of an IANA name; of one that this machine does not know, Vietnam's (the compiler says so)."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return _ELSE


def knows_zone(name: str) -> bool:
    """Say whether this machine knows the zone."""
    return isinstance(zone(name), ZoneInfo)


def clock(now: float, where: tzinfo) -> datetime:
    """Return what the clock on the wall shows at `now`, seconds since the epoch."""
    return datetime.fromtimestamp(now, where)


def second_of_week(shown: datetime) -> int:
    """Return the second of the week that a clock shows."""
    return shown.weekday() * DAY + shown.hour * 3600 + shown.minute * 60 + shown.second


def held(schedule: Schedule, shown: datetime) -> Held | None:
    """Return what holds when the clock shows `shown`; None: nothing does."""
    second = second_of_week(shown)
    if schedule.special:
        day, of_day = shown.toordinal(), second % DAY
        for special in schedule.special:
            if special.day == day and special.begin <= of_day < special.end:
                return Held(special.group)
    for slot in schedule.slots:
        if slot.begin <= second < slot.end:
            return Held(slot.group)
    return None


def within(hours: Hours, second: int) -> bool:
    """Say whether a second of the week is one of a member's `hours`; without hours, each is."""
    return not hours or any(begin <= second < end for begin, end in hours)


def next_change(schedule: Schedule, now: float, where: tzinfo) -> float | None:
    """Return when next something else holds, in seconds since the epoch; None: never."""
    holds = held(schedule, clock(now, where))
    return next((at for at in _bounds(schedule, now, where) if held(schedule, clock(at, where)) != holds), None)


def next_within(hours: Hours, now: float, where: tzinfo) -> float | None:
    """Return when next one of a member's `hours` begins; None: never."""
    week = Schedule(tuple(Slot(begin, end, 0) for begin, end in hours))
    return next((at for at in _bounds(week, now, where) if held(week, clock(at, where)) is not None), None)


def _bounds(schedule: Schedule, now: float, where: tzinfo) -> Iterator[float]:
    """Yield the moments after `now` at which something else may hold, in order."""
    today = clock(now, where).toordinal()
    ahead = range(8)  # a week, and the rest of today
    days = {today + more for more in ahead}
    days.update(special.day + more for special in schedule.special if special.day >= today for more in ahead)
    moments: set[float] = set()
    for day in days:
        weekday = (day - 1) % 7  # ordinal 1 was a Monday
        ends = {0, DAY}
        for slot in schedule.slots:
            if slot.begin // DAY == weekday:
                ends |= {slot.begin % DAY, slot.end - weekday * DAY}
        for special in schedule.special:
            if special.day == day:
                ends |= {special.begin, special.end}
        for second in ends:
            moments |= _moments(day, second, where)
        moments |= _turn(min(_moments(day, 0, where)), max(_moments(day, DAY, where)), where)
    return iter(sorted(moment for moment in moments if moment > now))


def _moments(day: int, second: int, where: tzinfo) -> set[float]:
    """Return when the clock shows a second of a day: once, or twice where it is put back."""
    shown = datetime.combine(date.fromordinal(day), datetime.min.time(), where) + timedelta(seconds=second)
    return {shown.timestamp(), shown.replace(fold=1).timestamp()}


def _turn(begin: float, end: float, where: tzinfo) -> set[float]:
    """Return when between two moments the clock is put forward or back, if it is."""
    before = clock(begin, where).utcoffset()
    if clock(end, where).utcoffset() == before:
        return set()
    while end - begin > 1:
        middle = (begin + end) // 2
        begin, end = (middle, end) if clock(middle, where).utcoffset() == before else (begin, middle)
    return {end}
