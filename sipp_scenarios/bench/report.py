"""Figures for a person and for a program."""

import json
from typing import Any

from rich.table import Table

from sipp_scenarios.bench.figures import PROXY, Figure, ratio


def table(figures: list[Figure]) -> Table:
    """One line a program and rate; the proxy's cost first, what follows a call beside it."""
    heads = ("calls/s", "program", "CPU-s/1000", "of each round", "ledger", "sender", "PostgreSQL")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in heads:
        table.add_column(head, justify="left" if head in {"program", "of each round"} else "right", no_wrap=True)
    table.add_column("held/s", justify="right")
    table.add_column("failed calls, legs", justify="right")
    table.add_column("sent again", justify="right")
    for each in figures:
        table.add_row(*_row(each), style="red" if each.failed or each.failed_legs else "")
    return table


def _row(figure: Figure) -> list[str]:
    after = [f"{figure.cost[part]:.2f}" if part in figure.cost else "" for part in ("ledger", "sender", "postgres")]
    rounds = " ".join(f"{each:.2f}" for each in figure.rounds)
    row = [str(figure.rate), figure.program, f"{figure.cost[PROXY]:.2f}", rounds, *after, f"{figure.held:.0f}"]
    mark = "✗ " if figure.failed or figure.failed_legs else ""
    return [*row, f"{mark}{figure.failed}, {figure.failed_legs}", str(figure.retransmissions)]


def ratios(figures: list[Figure]) -> dict[int, float]:
    """Ours by the peer, at each rate that both were measured at."""
    ours = {each.rate: each for each in figures if each.program == "ours"}
    theirs = {each.rate: each for each in figures if each.program == "native script"}
    return {rate: ratio(ours[rate], theirs[rate]) for rate in ours if rate in theirs}


def as_json(figures: list[Figure], idle: dict[str, dict[str, float]], facts: dict[str, Any]) -> str:
    """Everything, for keeping and comparing."""
    found = {"idle_cpu_per_second": idle, "figures": [each._asdict() for each in figures], "ratio": ratios(figures)}
    return json.dumps({**facts, **found}, indent=2, ensure_ascii=False)
