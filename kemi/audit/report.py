"""What the command prints: findings as an aligned table, or as JSON; and how much was read."""

import json
from collections import Counter
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from kemi.audit.finding import Finding
from kemi.audit.search import Audit


def print_report(console: Console, done: Audit) -> None:
    """Print the findings, each once with how often it was met, and the closing line."""
    if done.findings:
        console.print(_table(done.findings))
    console.print(closing(done), style="bold red" if done.findings else "bold green", markup=False)
    if done.unknown:
        console.print(
            f"{done.unknown} messages could not be told apart: one address is trunk and gateway, and the INVITE of "
            "their dialog is not in the capture. They were not audited.", style="yellow", markup=False,
        )  # fmt: skip


def closing(done: Audit) -> str:
    """Say in one line what was read and what came of it."""
    read = f"{_count(done.read['member'], 'message')} to members, {_count(done.read['caller'], 'message')} to callers"
    if done.voice:
        read += ", " + " and ".join(_count(done.voice[kind], f"{kind} packet") for kind in sorted(done.voice))
    return f"{read}: {_count(len(done.findings), 'finding') if done.findings else 'nothing of one in the other'}"


def as_json(done: Audit) -> str:
    """Return everything as one JSON object."""
    findings = [asdict(each) for each in done.findings]
    return json.dumps(
        {"findings": findings, "read": done.read, "voice": done.voice, "not_audited": done.unknown}, ensure_ascii=False
    )


def _table(findings: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("leg", "message", "header", "offset", "what", "how", "times"):
        table.add_column(name, justify="right" if name in {"offset", "times"} else "left", overflow="fold")
    for each, times in Counter(findings).items():
        cells = (each.leg, each.message, each.header, str(each.offset), each.what, each.how, str(times))
        table.add_row(*(_printable(cell) for cell in cells))
    return table


def _printable(text: str) -> str:
    """What came from the wire must neither colour nor move the terminal."""
    return "".join(each if each.isprintable() else "·" for each in text).replace("[", r"\[")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
