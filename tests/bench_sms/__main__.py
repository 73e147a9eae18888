"""`python -m tests.bench_sms [--json]`: how fast a call becomes an SMS; `make bench-sms`. Figures, never a verdict."""

import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.status import Status

from deploy.console import wide_console
from tests.bench_sms import calls, queues, report
from tests.bench_sms.figures import Texts
from tests.bench_sms.report import Found

_PARTS: Final = ("events", "texts", "delay", "storm")
_SENDERS: Final = (1, 2, 4)


def main(
    only: Annotated[list[str] | None, typer.Option(help="One of events, texts, delay, storm; may be repeated.")] = None,
    size: Annotated[float, typer.Option(min=0.01, max=100, help="How much of everything.")] = 1.0,
    threads: Annotated[int, typer.Option(min=1, max=256, help="SMS_THREADS of the senders.")] = 128,
    as_lines: Annotated[bool, typer.Option("--json", help="JSON on standard output, the tables elsewhere.")] = False,
) -> None:
    """Events a second into the ledger, SMS a second out of it, and how long a member waits for his SMS."""
    console, begun = wide_console(stderr=as_lines), time.monotonic()
    wrong = set(only or ()) - set(_PARTS)
    if wrong:
        raise typer.BadParameter(f"--only {', '.join(wrong)}: one of {', '.join(_PARTS)}")
    with console.status("") as status:
        found = _measured(only or _PARTS, size, threads, status)
    _show(found, console)
    console.print(f"{time.monotonic() - begun:.0f} s; {found.machine}")
    if as_lines:
        print(json.dumps(report.as_json(found), indent=2))


def _measured(parts: list[str] | tuple[str, ...], size: float, threads: int, status: Status) -> Found:
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    found = Found(None, (), None, 0, None, machine)
    if "events" in parts:
        status.update("events from the spool into the ledger")
        found = found._replace(events=queues.events(max(int(5000 * size), 2)))
    texts: list[Texts] = []
    for senders in _SENDERS if "texts" in parts else ():
        status.update(f"SMS out of the ledger, {senders} senders")
        texts.append(queues.texts(senders, max(int(1000 * size), 1), threads))
    found = found._replace(texts=texts)
    with tempfile.TemporaryDirectory(prefix="bench-sms-") as folder:
        if "delay" in parts:
            status.update("members answer, 50 calls a second")
            (room := Path(folder) / "delay").mkdir()
            delay, lost = calls.answered(room, max(int(1000 * size), 1), 50)
            found = found._replace(delay=delay, lost=lost)
        if "storm" in parts:
            status.update("callers hang up, all at once")
            (room := Path(folder) / "storm").mkdir()
            found = found._replace(storm=calls.storm(room, max(int(500 * size), 1)))
    return found


def _show(found: Found, console: Console) -> None:
    for title, table in report.tables(found):
        console.print(title, style="bold", markup=False)
        console.print(table, "")


if __name__ == "__main__":
    typer.run(main)
