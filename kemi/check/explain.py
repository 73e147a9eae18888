"""What the edge would do with a call, step by step. The steps are told by the code that decides, as it goes."""

from collections.abc import Iterator
from datetime import date, datetime

import msgspec

from kemi import deciding
from kemi.domain.e164 import e164
from kemi.domain.identity import Caller
from kemi.domain.model import Group, Hotline, Tenant
from kemi.domain.routing import Decision, Fork, Leg, Refuse
from kemi.domain.schedule import DAY, Schedule, clock, second_of_week, zone
from kemi.domain.sounds import RINGBACK
from kemi.errors import NotANumber
from kemi.ports import RoutingTable

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Step(msgspec.Struct, frozen=True):
    """A step of the decision: what was looked at, and what it says."""

    what: str
    said: str


class Explanation(msgspec.Struct, frozen=True):
    """The steps, and how it ends: it rings, or the caller gets `code`. `workers`: whether they would do the same."""

    rings: bool
    code: int | None
    steps: tuple[Step, ...]
    workers: str | None = None


def explain(table: RoutingTable, dialled: str, caller: Caller, now: float) -> Explanation:
    """Tell what becomes of a call at `now` (seconds since the epoch). Raises `TableUnavailable`."""
    steps = list(_hotline(table, dialled, now))
    heard: list[tuple[Group | None, Decision]] = []

    def hear(group: Group | None, said: Decision) -> None:
        heard.append((group, said))

    decision = deciding.decide(table, dialled, caller, now, heard=hear)
    steps += _heard(heard)
    if isinstance(decision, Refuse):
        steps.append(Step("decision", f"refused with {decision.code}: {decision.reason}"))
        return Explanation(False, decision.code, tuple(steps))
    legs = sum(len(wave) for wave in decision.waves)
    steps.append(Step("decision", f"{_count(legs, 'telephone')} of group {decision.group.name} will ring"))
    steps += _hears(decision.group)
    steps += _afterwards(table, decision, caller, now)
    return Explanation(True, None, tuple(steps))


def _hears(group: Group) -> Iterator[Step]:
    """Tell what the caller hears beside his own network's ringing tone, and whether it is recorded."""
    anchored = "where media is anchored, he does not require 100rel, and his INVITE has SDP"
    if group.announcement is not None:
        seconds = group.announcement_ms / 1000
        yield Step("the caller hears", f"{_sound(group.announcement)}, {seconds:g} s; then it rings ({anchored})")
    if group.waiting_sound is not None:
        yield Step("while it rings", f"{_sound(group.waiting_sound)} ({anchored})")
    elif group.early_media == "first":
        yield Step("while it rings", "what the first telephone's network plays")
    if group.record_days is not None:
        where = "where media is anchored" if group.announcement is None else "where he has heard that"
        yield Step("when answered", f"recorded, kept {_count(group.record_days, 'day')} ({where})")


def _sound(name: str) -> str:
    return "a ringing tone of ours" if name == RINGBACK else f"sound {name.partition('-')[0]}"


def _afterwards(table: RoutingTable, fork: Fork, caller: Caller, now: float) -> Iterator[Step]:
    heard: list[tuple[Group | None, Decision]] = []

    def hear(group: Group | None, said: Decision) -> None:
        heard.append((group, said))

    then: Decision | None = fork
    while isinstance(then, Fork):
        heard.clear()
        then = deciding.after(table, then, caller, now, heard=hear)
        told = _heard(heard)
        if isinstance(then, Fork):
            yield Step("if nobody answers", _goes_on(then))
        yield from told
    ending = "the code that fits what happened" if then is None else f"{then.code}: {then.reason}"
    yield Step("if nobody answers", f"the caller gets {ending}")


def _goes_on(fork: Fork) -> str:
    """A fallback number is a member without a row, so without an id."""
    number = all(not leg.member.id for wave in fork.waves for leg in wave)
    return f"the fallback number of group {fork.group.name} rings" if number else f"group {fork.group.name} goes on"


def _hotline(table: RoutingTable, dialled: str, now: float) -> Iterator[Step]:
    try:
        number = e164(dialled)
    except NotANumber:
        yield Step("dialled", f"{dialled!r} is not a telephone number")
        return
    hotline = table.hotline(number)
    yield Step("dialled", number)
    if hotline is None:
        yield Step("hotline", "there is none with this number")
        return
    tenant = table.tenant(hotline.tenant_id)
    yield Step("hotline", f"number {hotline.id} of tenant {tenant.name if tenant else hotline.tenant_id}")
    if tenant is not None:
        plan = table.plan(tenant.plan_id)
        yield Step("plan", "not in the table" if plan is None else plan.name)
        yield from _schedule(hotline, tenant, now)


def _schedule(hotline: Hotline, tenant: Tenant, now: float) -> Iterator[Step]:
    shown = clock(now, zone(tenant.time_zone))
    yield Step("clock", f"{_DAYS[shown.weekday()]} {shown:%Y-%m-%d %H:%M:%S} in {tenant.time_zone}")
    own = "no group" if hotline.group is None else f"group {hotline.group}"
    if hotline.schedule is None:
        yield Step("schedule", f"none: {own}")
    else:
        yield Step("schedule", _held(hotline.schedule, shown) or f"nothing holds now: {own}")


def _held(schedule: Schedule, shown: datetime) -> str | None:
    second = second_of_week(shown)
    for special in schedule.special:
        if special.day == shown.toordinal() and special.begin <= second % DAY < special.end:
            hours = f"{_time(special.begin)} to {_time(special.end)}"
            return f"special day {date.fromordinal(special.day)}, {hours}: {_leads(special.group)}"
    for slot in schedule.slots:
        if slot.begin <= second < slot.end:
            day = slot.begin // DAY
            hours = f"{_time(slot.begin - day * DAY)} to {_time(slot.end - day * DAY)}"
            return f"{_DAYS[day]}, {hours}: {_leads(slot.group)}"
    return None


def _leads(group: int | None) -> str:
    return "closed" if group is None else f"group {group}"


def _time(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}"


def _heard(heard: list[tuple[Group | None, Decision]]) -> list[Step]:
    return [step for group, said in heard for step in _group(group, said)]


def _group(group: Group | None, said: Decision) -> Iterator[Step]:
    if group is None:
        yield Step("group", "not in the table")
        return
    yield Step(
        "group",
        f"{group.id} {group.name}: {group.strategy}, {group.ring_seconds} s, calls out under {group.outbound_number}",
    )
    if isinstance(said, Refuse):
        yield Step("", f"cannot ring: {said.reason}")
        yield from (Step("", f"member {one.id} {one.number}: no, {one.reason}") for one in group.skipped)
        return
    for number, wave in enumerate(said.waves, 1):
        what = f"wave {number}" if len(said.waves) > 1 else "ring"
        yield from (Step(what if leg is wave[0] else "", _leg(leg)) for leg in wave)
    yield from (Step("", f"member {one.id} {one.number}: no, {one.reason}") for one in said.skipped)


def _leg(leg: Leg) -> str:
    who = f"member {leg.member.id}" if leg.member.id else "fallback number"
    later = f", after {leg.delay_seconds} s" if leg.delay_seconds else ""
    others = f"; else through {', '.join(one.name for one in leg.others)}" if leg.others else ""
    return f"{who} {leg.member.number}: {leg.ring_seconds} s{later}, through {leg.gateway.name}{others}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
