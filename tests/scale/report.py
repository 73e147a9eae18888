"""Figures for people: a table, and what grows with the table, plotted."""

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import Final

import plotille
from rich.table import Table

from tests.scale.figures import Figure

_DECADES: Final = 4  # across: 1k, 10k, 100k and 1M with its number beside it; a tick is ten characters
_WIDTH, _HEIGHT = 10 * _DECADES, 7  # characters of a plot
_PLOTS: Final[dict[str, Callable[[Figure], float]]] = {
    "full build, s": lambda each: each.build_seconds,
    "table on disk, MiB": lambda each: each.table_mib,
    "COMMIT to worker, p99, ms": lambda each: max(kind.p99 for kind in each.arrival.values()),
    "a decision's reads, p99, CPU-µs": lambda each: each.reading.decision.p99,
    "a worker's own memory, MiB": lambda each: each.reading.after.private,
    "compiler's memory, MiB": lambda each: each.compiler_peak_mib,
}
_ROWS: Final[dict[str, Callable[[Figure], str]]] = {
    "members": lambda each: short(each.members),
    "rows to PostgreSQL, s": lambda each: f"{each.rows_seconds:.1f}",
    "full build, s": lambda each: f"{each.build_seconds:.1f}",
    "restart until a missed change is read, s": lambda each: f"{each.caught_up_seconds:.2f}",
    "table on disk, MiB": lambda each: f"{each.table_mib:.1f}",
    "compiler's own memory, MiB": lambda each: f"{each.compiler_peak_mib:.0f}",
    "worker's own memory, MiB: opened, early, after": lambda each: " ".join(
        f"{memory.private:.1f}" for memory in (each.reading.before, each.reading.early, each.reading.after)
    ),
    "its table pages, RSS, PSS, MiB": lambda each: " ".join(
        f"{size:.0f}" for size in (each.reading.after.table_rss, each.reading.after.rss, each.reading.after.pss)
    ),
    "first lookup of a hotline, CPU-µs": lambda each: _spread(*each.reading.first),
    "another lookup of it, CPU-µs": lambda each: _spread(*each.reading.lookup),
    "a whole decision's reads, CPU-µs": lambda each: _spread(*each.reading.decision),
}


def table(figures: Sequence[Figure]) -> Table:
    """Return one column a size; pairs are the median and the 99th percentile."""
    table = _table("hotlines", [short(each.hotlines) for each in figures])
    for name, of in _ROWS.items():
        table.add_row(name, *(of(each) for each in figures))
    for kind in figures[0].arrival:
        table.add_row(f"COMMIT to worker, {kind}, ms", *(_spread(*each.arrival[kind]) for each in figures))
    table.add_row("the worst behind a statement on many rows, ms", *(f"{each.behind_long_ms:.0f}" for each in figures))
    return table


def one_row(figures: Sequence[Figure]) -> Table:
    """Return what one changed row of each kind made the compiler do."""
    table = _table("one changed row of", [f"{short(each.hotlines)}: compiled, ms" for each in figures])
    for kind in figures[0].recompiled:
        cells = []
        for each in figures:
            done = each.recompiled[kind]
            records = " + ".join(f"{count} {name}"[2 * (count == 1) :] for name, count in sorted(done.records.items()))
            cells.append(f"{records or 'nothing'}, {done.ms:.1f}")
        table.add_row(kind, *cells)
    return table


def plots(figures: Sequence[Figure]) -> list[str]:
    """Return the plots, both axes logarithmic: what grows with the table is a slope, what does not is level."""
    return [plot(name, [(each.hotlines, of(each)) for each in figures]) for name, of in _PLOTS.items()]


def plot(name: str, points: Sequence[tuple[float, float]]) -> str:
    """Return one plot as text; a value of zero or less is drawn as the smallest that there is a place for."""
    across = [log10(each) for each, _ in points]
    up = [log10(max(each, 0.001)) for _, each in points]
    figure = plotille.Figure()
    figure.width, figure.height, figure.color_mode, figure.with_colors = _WIDTH, _HEIGHT, "byte", False
    figure.x_label, figure.y_label, figure.origin = "n", name.rpartition(", ")[2], False
    left = floor(min(across) + 1e-9)
    figure.set_x_limits(min_=left, max_=max(left + _DECADES, ceil(max(across))))
    # Two decades at least: a level line should look level.
    middle, half = (min(up) + max(up)) / 2, max((max(up) - min(up)) * 0.6, 1.0)
    figure.set_y_limits(min_=middle - half, max_=middle + half)
    figure.register_label_formatter(float, _label)
    figure.plot(across, up)
    figure.text(across, up, [short(each) for _, each in points])
    lines = [f"{name}, by n hotlines", *figure.show().splitlines()]
    return "\n".join(line.rstrip(" ") for line in lines)


def short(value: float) -> str:
    """Return a number in few characters: 1k, 1M, 4.7, 0.12."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _label(val: float, chars: int, delta: object, left: bool) -> str:  # noqa: ARG001 plotille calls it so
    return short(10**val).ljust(chars) if left else short(10**val).rjust(chars)


def _spread(median: float, p99: float) -> str:
    return f"{median:.1f}  {p99:.1f}"


def _table(first: str, heads: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(first, no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right")
    return table
