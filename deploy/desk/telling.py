"""The answers, as a person or a machine reads them."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console
from rich.table import Table

from deploy.desk.asking import HOME, Row
from kemi.domain.e164 import spell

_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_WIDTH: Final = 170  # characters, where nobody's terminal says less
_CALLS: Final = (
    "arrived_at", "hotline", "caller", "group_name", "outcome", "code", "rang", "talked", "answered by",
    "sms", "call_id",
)  # fmt: skip
_FACTS: Final = (
    "arrived_at", "tenant", "hotline", "group_name", "caller", "outcome", "reason", "code", "rang", "talked",
    "answered by", "ended_by", "recording", "sms", "call_id", "sip_call_id", "node", "purged_at",
)  # fmt: skip
_SMS: Final = ("id", "called_at", "member", "kind", "state", "attempts", "provider", "last_error", "call_id")
_TOLD: Final = ("id", "member", "kind", "state", "calls", "merged_into", "segments", "cost", "last_error", "text")
_PROVIDERS: Final = ("id", "name", "state", "since", "next probe", "paused until", "a second", "waiting", "last_error")
_LADDER: Final = ("at", "s", "what", "step", "code", "member", "detail")
_STYLES: Final = {
    "answered": "green", "accepted": "green", "delivered": "green", "missed": "yellow", "queued": "yellow",
    "failed": "bold red",    "unknown": "bold red", "refused": "red", "interrupted": "bold red",
}  # fmt: skip


def as_json(found: object) -> None:
    """Print `found` for machines: all fields, numbers in full."""
    sys.stdout.write(_JSON.encode(found).decode() + "\n")


def say(words: str) -> None:
    """Print a line of words."""
    _console().print(words, markup=False, soft_wrap=True)


def calls(found: Sequence[Row]) -> None:
    """Print calls, a line each."""
    _print(_CALLS, [_call(row) for row in found])


def sms(found: Sequence[Row]) -> None:
    """Print notifications, a line each."""
    _print(_SMS, [_sms(row) for row in found])


def providers(found: Sequence[Row]) -> None:
    """Print providers, a line each."""
    _print(_PROVIDERS, [_provider(row) for row in found])


def left_alone(found: Sequence[Row]) -> None:
    """Say for whom SMS wait, and why: nothing of it stands in their own lines."""
    for row in found:
        why = f"which is left alone ({row['why']})"
        say(f"{row['waiting']} SMS wait for {row['name']}, {why}: `extgroup sms providers`")


def ladder(call: Row, steps: Sequence[Row]) -> None:
    """Print what became of a call, then step by step what happened, to whom and when."""
    zone, start = ZoneInfo(call["time_zone"]), call["arrived_at"]
    facts = Table(box=None, show_header=False, pad_edge=False)
    shown = {**_call(call), "recording": _recording(call["recording"], zone)}
    for name in _FACTS:
        if shown[name] not in {None, ""}:
            facts.add_row(name.replace("_", " "), str(shown[name]), style=_STYLES.get(str(shown[name])))
    _console().print(facts)
    _console().print()
    lines = []
    for step in steps:
        leg = "" if step["leg"] is None else f" {step['leg']}" + (f".{step['attempt']}" if step["attempt"] else "")
        what = f"{step['what']} {step['notification_id']}" if step["notification_id"] else step["what"] + leg
        member = _person(step["member_number"], step["member_name"])
        after = f"{(step['at'] - start).total_seconds():.3f}"
        lines.append({**step, "at": _clock(step["at"], zone, millis=True), "s": after, "what": what, "member": member})
    _print(_LADDER, lines)
    if call["notifications"]:
        _console().print()
        _print(_TOLD, [_sms(row) for row in call["notifications"]])


def texts(found: Sequence[Row]) -> None:
    """Print texts, a line each."""
    _print(("tenant", "kind", "example", "segments", "warning"), found)


def _recording(found: Row | None, zone: ZoneInfo) -> str:
    if found is None:
        return ""
    if found["state"] == "made":
        until = found["keep_until"].astimezone(zone).date()
        missing = f"; {found['why']}" if found["why"] else ""
        return f"VAR_DIR/recordings/{found['file']} at {found['node']}, {found['seconds']} s, until {until}{missing}"
    return {"wanted": "on its way", "purged": "purged"}.get(found["state"], f"lost: {found['why']}")


def report(found: Sequence[Row]) -> None:
    """Print days, a line each."""
    columns = [name for name in (found[0] if found else {}) if name != "tenant_id"]
    _print(columns, found)


def _call(row: Row) -> Row:
    caller = "withheld" if row["caller_withheld"] else _national(row["caller_number"])
    return {
        **row,
        "arrived_at": _clock(row["arrived_at"], ZoneInfo(row["time_zone"])),
        "hotline": _national(row["hotline"]),
        "caller": caller,
        "code": row["final_code"],
        "outcome": "answered, too short" if row["false_answer"] else row["outcome"],
        "rang": _seconds(row["ring_ms"]),
        "talked": _seconds(row["talk_ms"]),
        "answered by": _person(row["answered_by"], row["answered_by_name"]),
    }


def _sms(row: Row) -> Row:
    member = _person(row["member_number"], row["member_name"])
    return {**row, "called_at": _clock(row["called_at"], ZoneInfo(row["time_zone"])), "member": member}


def _provider(row: Row) -> Row:
    when = {
        name: row[column] and _clock(row[column], HOME)
        for name, column in (("since", "since"), ("next probe", "probe_at"), ("paused until", "paused_until"))
    }
    state = (
        "disabled" if not row["enabled"] else "works" if row["state"] == "closed" else f"{row['state']}: {row['why']}"
    )
    ill = row["last_error"] if row["failures"] or row["state"] != "closed" else None
    return {**row, **when, "state": state, "a second": row["messages_per_second"], "last_error": ill}


def _print(columns: Sequence[str], found: Sequence[Mapping[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in found:
        cells = ["" if row[name] is None else str(row[name]) for name in columns]
        table.add_row(*cells, style=next((_STYLES[cell] for cell in cells if cell in _STYLES), None))
    _console().print(table)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)


def _clock(when: datetime, zone: ZoneInfo, *, millis: bool = False) -> str:
    local = when.astimezone(zone)
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}" if millis else f"{local:%Y-%m-%d %H:%M:%S}"


def _seconds(millis: int | None) -> str | None:
    return None if millis is None else f"{millis / 1000:.1f}"


def _national(number: str | None) -> str | None:
    return spell(number, "national") if number and number.startswith("+") else number


def _person(number: str | None, name: str | None) -> str:
    return " ".join(filter(None, (_national(number), name)))
