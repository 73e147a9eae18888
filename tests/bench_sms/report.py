"""Figures for people, and for machines."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.table import Table

from tests.bench_sms.figures import AIM_EVENTS, AIM_P95_MS, AIM_TEXTS, Events, Spread, Storm, Texts


class Found(NamedTuple):
    """All that was measured; what was left out is empty."""

    events: Events | None
    texts: Sequence[Texts]
    delay: Spread | None
    lost: int
    storm: Storm | None
    machine: str


def tables(found: Found) -> list[tuple[str, Table]]:
    """Return what there is to show, each with its title."""
    shown: list[tuple[str, Table]] = []
    if found.events:
        shown.append((f"spool → ledger (aim: {AIM_EVENTS} events/s)", _events(found.events)))
    if found.texts:
        title = f"queue → provider that answers after 50 ms (aim: {AIM_TEXTS} SMS/s and sender process)"
        shown.append((title, _texts(found.texts)))
    if found.delay:
        what = f"a member's 200 on the wire → request at the provider, 50 calls/s, ms (aim: p95 < {AIM_P95_MS:.0f})"
        shown.append((what, _spreads({f"{found.delay.number} calls, {found.lost} lost": found.delay})))
    if found.storm:
        callers, seconds = found.storm.calls, found.storm.hung_up_seconds
        shown.append((f"{callers} callers × 5 members hang up within {seconds:.2f} s, ms", _storm(found.storm)))
    return shown


def as_json(found: Found) -> dict[str, Any]:
    """Return everything, with the rates."""
    told = _plain(found)
    for one, plain in zip(found.texts, told["texts"], strict=True):
        plain["rate"] = one.rate
    if found.events:
        told["events"]["rate"] = found.events.rate
    return told  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def _events(found: Events) -> Table:
    table = _table("events", "calls", "notifications", "s", "events/s", "writer, CPU-s")
    numbers = map(str, (found.events, found.calls, found.notifications))
    table.add_row(*numbers, f"{found.seconds:.1f}", f"{found.rate:.0f}", f"{found.cpu:.1f}")
    return table


def _texts(found: Sequence[Texts]) -> Table:
    table = _table("senders", "SMS", "s", "SMS/s", "a sender", "CPU-ms an SMS")
    for one in found:
        rate, cost = one.rate, one.cpu / one.texts * 1000
        table.add_row(
            str(one.senders),
            str(one.texts),
            f"{one.seconds:.1f}",
            f"{rate:.0f}",
            f"{rate / one.senders:.0f}",
            f"{cost:.2f}",
        )
    return table


def _storm(found: Storm) -> Table:
    rows = {
        "CANCEL → 200": found.to_cancel,
        f"CANCEL → 487 ({found.lost} lost)": found.to_end,
        "other calls, INVITE → 100, before": found.trying.before,
        "… while they hang up": found.trying.during,
        f"… while {found.texts} SMS go out ({found.texts_seconds:.1f} s)": found.trying.after,
        "other calls, INVITE → 180, before": found.ringing.before,
        "… while they hang up ": found.ringing.during,
        "… while the SMS go out": found.ringing.after,
    }
    return _spreads(rows)


def _spreads(rows: dict[str, Spread]) -> Table:
    table = _table("", "number", "p50", "p95", "p99", "most")
    for name, one in rows.items():
        table.add_row(name, str(one.number), *(f"{value:.1f}" for value in one[1:]))
    return table


def _table(first: str, *heads: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for head in heads:
        table.add_column(head, justify="right")
    return table
