"""Very many calls in one go, and the memory of every process meanwhile: flat, or explained."""

from concurrent.futures import ThreadPoolExecutor, wait
from math import isfinite, nan
from statistics import median
from typing import Final

from sipp_scenarios.bench import figures, measure
from sipp_scenarios.bench.cast import Cast
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.memory import Sample, Sampler
from sipp_scenarios.bench.program import Program
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table

_WT_SECONDS: Final = 40.0  # tm keeps a transaction for wt_timer: until then shared memory fills, by design
_MOST_POINTS: Final = 120  # of a line in the plot
_UNIT: Final = "CPU-s/1000 calls"


def measured(cast: Cast, program: Program, calls: int, rate: int, every: float) -> Section:
    """Place the calls on `program`, taking a sample `every` so many seconds."""
    sampler = Sampler(cast.edge)
    samples = [sampler.take()]
    load = Load(5, "answered", rate, calls)
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(measure.window, program, load)
        while not wait([going], every).done:
            samples.append(sampler.take())
            at = samples[-1].at
            cast.say(f"soak: about {min(int(at * rate), calls)} of {calls} calls, shm {samples[-1].shm:.0f} MiB")
        window = going.result()
    samples.append(sampler.take())
    sampler.close()
    return section(samples, window, cast.idle[program.name])


def growth(samples: list[Sample], name: str, what: str = "own") -> tuple[float, float, float]:
    """Return MiB that a process had after a tenth of the time, at the end, and the slope, KiB a minute.

    `what`: "own" or "rss". The slope is the median of those between the halves' points: no single jump makes it.
    """
    begin = samples[0].at + (samples[-1].at - samples[0].at) / 10
    looks = [(one.at, one.own if what == "own" else one.rss) for one in samples if one.at >= begin]
    seen = [(at, mib[name]) for at, mib in looks if name in mib]
    if len(seen) < 2:
        return float("nan"), float("nan"), float("nan")
    half = len(seen) // 2
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(seen[:half], seen[-half:], strict=True)]
    return seen[0][1], seen[-1][1], median(slopes) * 1024 * 60


def section(samples: list[Sample], window: Window, idle: dict[str, float]) -> Section:
    """Make the section; `idle`: CPU seconds a second that each part uses anyway."""
    names = [name for name in sorted(samples[-1].own) if len([one for one in samples if name in one.own]) > 1]
    own, rss = ({name: growth(samples, name, what) for name in names} for what in ("own", "rss"))
    under = f"{window.calls} calls at {window.rate}/s, {window.program}"
    costs = {part: figures.cost(window, part, idle[part]) for part in window.cpu}
    mib = {f"{name} at the end": end for name, (_, end, _) in own.items()}
    mib |= {f"{name} at the end, RSS": end for name, (_, end, _) in rss.items()}
    return Section(
        "soak",
        "Memory over many calls",
        order=50,
        text=[_text(samples, window, costs)],
        figures={
            "soak: failed calls": Figure(window.failed, "calls", under=under),
            **{f"soak: CPU of the {part}": Figure(value, _UNIT, under=under) for part, value in costs.items()},
            **{f"soak: {name}": Figure(value, "MiB", under=under) for name, value in mib.items()},
        },
        tables=[_table(samples, window, own, rss)],
        plots=[
            Plot("own memory of each process", "lines", "s", "MiB", [_line(samples, name) for name in names]),
            Plot("Kamailio's shared memory in use", "lines", "s", "MiB",
                 [Series("shm", [(round(one.at, 1), round(one.shm, 2)) for one in _thinned(samples)])]),
        ],
    )  # fmt: skip


def _text(samples: list[Sample], window: Window, costs: dict[str, float]) -> str:
    gone = {name for one in samples for name in one.own} - samples[-1].own.keys()
    used = ", ".join(f"{part} {value:.2f}" for part, value in costs.items())
    return (
        f"{window.calls} five-way calls at {window.held:.0f}/s on {window.program}: {window.failed} failed, "
        f"{window.missing_legs} members were not rung, {window.retransmissions} messages were sent again, "
        f"{window.dropped} datagrams lost; {used} CPU-s per 1000 calls that went well, idle time taken off. A "
        "process's own memory is what is in no file and not shared (RssAnon); RSS has that, too: libraries, the table, "
        "and as much of Kamailio's and PostgreSQL's shared memory as the process has ever touched, so it grows while "
        "those fill. Shared memory fills for 33 s, as long as tm keeps a transaction (wt_timer), then as many leave as "
        f"come. {len(gone)} processes ended before the end (PostgreSQL's of a connection or of a vacuum)."
    )


def _table(
    samples: list[Sample], window: Window,
    own: dict[str, tuple[float, float, float]], rss: dict[str, tuple[float, float, float]],
) -> Table:  # fmt: skip
    steady = [one.shm for one in samples if one.at >= min(_WT_SECONDS, samples[-1].at) and isfinite(one.shm)] or [nan]
    pkg = [one.pkg for one in samples if isfinite(one.pkg)] or [nan]
    rows = [[name, *_cells(own[name]), *_cells(rss[name])] for name in own]
    rows.append(["shared memory of Kamailio, in use", f"{steady[0]:.0f}", f"{steady[-1]:.0f}", "", "", "", ""])
    rows.append(["pkg of Kamailio, the fullest process", f"{pkg[0]:.2f}", f"{pkg[-1]:.2f}", "", "", "", ""])
    head = ["process", "own, after a tenth", "at the end", "KiB a minute", "RSS, after a tenth", "at the end"]
    return Table(f"MiB, {window.calls} calls", [*head, "KiB a minute"], rows)


def _cells(found: tuple[float, float, float]) -> list[str]:
    begin, end, slope = found
    return [f"{begin:.1f}", f"{end:.1f}", f"{slope:+.0f}"]


def _line(samples: list[Sample], name: str) -> Series:
    return Series(name, [(round(one.at, 1), round(one.own[name], 2)) for one in _thinned(samples) if name in one.own])


def _thinned(samples: list[Sample]) -> list[Sample]:
    return samples[:: max(1, len(samples) // _MOST_POINTS)]
