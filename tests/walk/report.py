"""The figures of a walk, as tables for people or JSON for programs."""

import json
from collections import Counter
from typing import Any

from rich.console import Group
from rich.table import Table

from tests.walk import bodies, faces, planted
from tests.walk.run import Told

_COLUMNS = 3  # of the long table


def figures(told: Told, seed: int) -> dict[str, Any]:
    """Return everything that was counted."""
    outcomes, messages, planted_kinds = Counter[str](), Counter[str](), Counter[str]()
    codes, acts = Counter[str](), Counter[str]()
    for scene in told.scenes:
        outcomes[scene.story.outcome] += 1
        codes[" ".join(map(str, scene.codes)) or "none"] += 1
        planted_kinds.update(scene.story.kinds)
        acts.update(f"{act.name}{': ' + act.forgery if act.forgery else ''}" for act in scene.story.acts)
        acts.update([scene.story.why] if scene.story.why else [])
        for packet, ear in zip(scene.packets, scene.ears, strict=True):
            start = packet.raw.split(b"\r\n", 1)[0].decode("latin-1", "replace")
            side = "caller" if ear < 0 else "member"
            way = "from" if packet.dst[0] == "127.0.0.1" else "to"
            messages[f"{_kind(start)}|{way} {side}"] += 1
    missing = (planted.KINDS | faces.KINDS | bodies.SDP_KINDS | bodies.OTHER_KINDS) - set(planted_kinds)
    return {
        "seed": seed, "calls": len(told.scenes), "seconds": round(told.seconds, 1), "restarts": told.restarts,
        "messages": sum(messages.values()), "in dialog": sum(scene.requests for scene in told.scenes),
        "by outcome": dict(outcomes), "final replies": dict(codes), "by kind": dict(messages), "acts": dict(acts),
        "planted": dict(planted_kinds), "never planted": sorted(missing), "findings": told.findings,
    }  # fmt: skip


def tables(counted: dict[str, Any]) -> Group:
    """Return the figures as they are printed."""
    ways = ("from caller", "to member", "from member", "to caller")
    messages = _table("message", *ways)
    kinds = sorted({key.partition("|")[0] for key in counted["by kind"]})
    for kind in kinds:
        messages.add_row(kind, *(str(counted["by kind"].get(f"{kind}|{way}", 0)) for way in ways))
    calls = _table("calls by outcome", "")
    for name, number in sorted(counted["by outcome"].items(), key=lambda each: -each[1]):
        calls.add_row(name, str(number))
    parts: list[Table | str] = [calls, "", messages, "", _wide("what was tried", counted["acts"]), ""]
    return Group(*parts, _wide("planted, calls with each", counted["planted"]), "")


def summary(counted: dict[str, Any]) -> str:
    """Return the last line."""
    return (
        f"seed {counted['seed']}: {counted['calls']} calls, {counted['messages']} messages,"
        f" {counted['in dialog']} requests passed within calls, {counted['restarts']} restarts,"
        f" {counted['seconds']:.0f} s, {len(counted['findings'])} findings"
    )


def as_json(counted: dict[str, Any]) -> str:
    """Return the figures as JSON."""
    return json.dumps(counted, indent=2, ensure_ascii=False)


def _kind(start: str) -> str:
    if not start.startswith("SIP/2.0 "):
        return start.partition(" ")[0] if start[:3].isalpha() and start[:3].isupper() else "no SIP"
    code = start[8:11]
    return f"{code[0]}xx" if code[:1].isdigit() else "no SIP"


def _wide(title: str, counts: dict[str, int]) -> Table:
    """Return counts in several columns."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for at in range(_COLUMNS):
        made.add_column(title if at == 0 else "", no_wrap=True)
        made.add_column("", justify="right")
    items = [(name, str(number)) for name, number in sorted(counts.items())]
    rows = -(-len(items) // _COLUMNS)
    for row in range(rows):
        cells = [items[at] if at < len(items) else ("", "") for at in range(row, rows * _COLUMNS, rows)]
        made.add_row(*(text for cell in cells for text in cell))
    return made


def _table(first: str, *rest: str) -> Table:
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    made.add_column(first, no_wrap=True)
    for title in rest:
        made.add_column(title, justify="right")
    return made


def by_problem(findings: list[str]) -> dict[str, int]:
    """Return findings by their words without what is only of one call."""
    return dict(Counter(text.partition(": ")[2] or text for text in findings))
