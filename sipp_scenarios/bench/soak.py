"""Very many calls in one go, and the memory of every process meanwhile: flat, or explained."""

from concurrent.futures import ThreadPoolExecutor, wait
from math import isfinite, nan
from statistics import median
from typing import Final

from sipp_scenarios.bench import measure
from sipp_scenarios.bench.cast import Cast
from sipp_scenarios.bench.figures import Window
from sipp_scenarios.bench.load import Load
from sipp_scenarios.bench.memory import Sample, Sampler
from sipp_scenarios.bench.program import EDGE, Program
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table

_WT_SECONDS: Final = 40.0  # tm keeps a transaction for wt_timer: until then shared memory fills, by design
_MOST_POINTS: Final = 120  # of a line in the plot


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
    return _section(samples, window, calls)


def growth(samples: list[Sample], name: str) -> tuple[float, float, float]:
    """Return MiB of its own that a process had after a tenth of the time, at the end, and the slope, KiB a minute.

    The slope is the median of those between the halves' points, so that no single jump makes it.
    """
    begin = samples[0].at + (samples[-1].at - samples[0].at) / 10
    seen = [(one.at, one.own[name]) for one in samples if name in one.own and one.at >= begin]
    if len(seen) < 2:
        return float("nan"), float("nan"), float("nan")
    half = len(seen) // 2
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(seen[:half], seen[-half:], strict=True)]
    return seen[0][1], seen[-1][1], median(slopes) * 1024 * 60


def _section(samples: list[Sample], window: Window, calls: int) -> Section:
    names = sorted(samples[-1].own)
    grown = {name: growth(samples, name) for name in names}
    steady = [one.shm for one in samples if one.at >= min(_WT_SECONDS, samples[-1].at) and isfinite(one.shm)] or [nan]
    pkg = [one.pkg for one in samples if isfinite(one.pkg)] or [nan]
    rows = [[name, f"{begin:.1f}", f"{end:.1f}", f"{slope:+.0f}"] for name, (begin, end, slope) in grown.items()]
    rows.append(["shared memory of Kamailio, in use", f"{steady[0]:.0f}", f"{steady[-1]:.0f}", ""])
    rows.append(["pkg of Kamailio, the fullest process", f"{pkg[0]:.2f}", f"{pkg[-1]:.2f}", ""])
    text = (
        f"{window.calls} five-way calls at {window.held:.0f}/s on {window.program}: {window.failed} failed, "
        f"{window.retransmissions} messages were sent again, {window.dropped} datagrams lost. A process's own memory "
        "is what is in no file and not shared (RssAnon). Shared memory fills for 33 s, as long as tm keeps a "
        "transaction (wt_timer), then as many leave as come."
    )
    per_thousand = window.cpu[EDGE] * 1000 / window.calls
    return Section(
        "soak",
        "Memory over many calls",
        order=50,
        text=[text],
        figures={
            "soak: failed calls": Figure(window.failed, "calls"),
            "soak: CPU of the edge": Figure(per_thousand, "CPU-s/1000 calls"),
            **{f"soak: {name} at the end": Figure(end, "MiB") for name, (_, end, _) in grown.items()},
        },
        tables=[
            Table(f"MiB of its own, {calls} calls", ["process", "after a tenth", "at the end", "KiB a minute"], rows)
        ],
        plots=[
            Plot("own memory of each process", "lines", "s", "MiB", [_line(samples, name) for name in names]),
            Plot("Kamailio's shared memory in use", "lines", "s", "MiB",
                 [Series("shm", [(round(one.at, 1), round(one.shm, 2)) for one in _thinned(samples)])]),
        ],
    )  # fmt: skip


def _line(samples: list[Sample], name: str) -> Series:
    return Series(name, [(round(one.at, 1), round(one.own[name], 2)) for one in _thinned(samples) if name in one.own])


def _thinned(samples: list[Sample]) -> list[Sample]:
    return samples[:: max(1, len(samples) // _MOST_POINTS)]
