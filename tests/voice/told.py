"""What `make bench-media` says of what it measured: a section of the report."""

from dataclasses import dataclass
from statistics import median
from typing import Final

from sipp_scenarios.bench import machine
from sipp_scenarios.bench.section import Figure, Plot, Section, Series, Table, now
from tests.voice import peers
from tests.voice.measure import OURS, Found, Room, spread

LATE_MS: Final = 100.0  # a jitter buffer's worth
_HEAD: Final = ["through", "calls", "lost", "delay added p50, µs", "p99, µs", "CPU ms a call's second", "late, ms"]


@dataclass
class Step:
    """One load: straight from side to side, and through each relay, by its name."""

    straight: Found
    through: dict[str, Found]

    def added(self, name: str, share: str) -> float:
        """Return what a relay adds, µs; `share`: p50 or p99."""
        here = self.through[name]
        return here.p50_us - self.straight.p50_us if share == "p50" else here.p99_us - self.straight.p99_us


def is_kept(here: Found) -> bool:
    """Whether nothing was lost, by telephones that kept their own time: those that did not have said less.

    What comes later than a jitter buffer waits is lost to the ear (99 of 100 packets count).
    """
    return not here.lost and here.late_ms < LATE_MS and here.p99_us < LATE_MS * 1000


def worker(engine: Room) -> dict[str, tuple[float, float]]:
    """What a SIP worker waits for each of its questions, p50 and p99, µs."""
    return {name: spread(values) for name, values in engine.took.items()}


def of(
    steps: list[Step], waits: dict[str, tuple[float, float]], rounds: list[list[float]], missing: dict[str, str],
    seconds: float,
) -> Section:  # fmt: skip
    """Return the section of the report; `rounds`: CPU ms of Kamailio a call, direct and anchored."""
    names = list(dict.fromkeys(name for step in steps for name in step.through))
    figures = {f"{name}, p50": Figure(both[0], "µs") for name, both in waits.items()}
    figures |= {f"{name}, p99": Figure(both[1], "µs") for name, both in waits.items()}
    for name in names:
        figures |= _figures(name, steps)
    for name, values in zip(("a direct", "an anchored"), zip(*rounds, strict=True), strict=False):
        figures[f"CPU of Kamailio, {name} call"] = Figure(median(values), "ms", rounds=list(values))
    note = f"late: the telephones' own worst; where that is {LATE_MS:.0f} ms the machine is full, whatever was lost"
    rows = [row for name in ("straight", *names) for row in _rows(name, steps)]
    costs = [[f"{one:.2f}" for one in two] for two in rounds]
    return Section(
        name="media", title="Voice through rtpengine", order=70, at=now(), seconds=seconds,
        commands=[machine.command("bench-media")], commit=machine.commit(), text=_text(names, missing),
        figures=figures,
        tables=[
            Table("Calls at once", _HEAD, rows, note),
            Table("A SIP worker waits", ["for", "p50, µs", "p99, µs"], [_cells(*each) for each in waits.items()]),
            Table("CPU of Kamailio, ms a call", ["direct", "anchored"], costs),
        ],
        plots=[
            Plot("Calls without a lost packet", "bars", "", "calls", [Series("calls", _most(names, steps))]),
            Plot("Delay added, p50", "lines", "calls", "µs", _lines(names, steps, "p50"), log=True),
            Plot("Delay added, p99", "lines", "calls", "µs", _lines(names, steps, "p99"), log=True),
            Plot("CPU of a call's second", "lines", "calls", "ms", _lines(names, steps, "cpu")),
        ],
    )  # fmt: skip


def _of(name: str, steps: list[Step]) -> list[Step]:
    return [step for step in steps if name in step.through]


def _best(name: str, steps: list[Step]) -> Step | None:
    """Return the largest load that a relay has carried whole."""
    return next((step for step in reversed(_of(name, steps)) if is_kept(step.through[name])), None)


def _figures(name: str, steps: list[Step]) -> dict[str, Figure]:
    best = _best(name, steps)
    if best is None:
        return {}
    here, ours = best.through[name], name == OURS
    before = "" if ours else f"{name}: "
    return {
        f"{before}calls without a lost packet": Figure(here.calls, "calls", "higher" if ours else "neither"),
        f"{before}CPU of a call's second": Figure(here.cpu_ms, "ms", "lower" if ours else "neither"),
    }


def _rows(name: str, steps: list[Step]) -> list[list[str]]:
    if name == "straight":
        each = (step.straight for step in steps)
        return [
            [
                name, str(one.calls), str(one.lost), f"({one.p50_us:.0f})", f"({one.p99_us:.0f})", "",
                f"{one.late_ms:.0f}",
            ]
            for one in each
        ]  # fmt: skip
    found = ((step.through[name], step) for step in _of(name, steps))
    return [
        [
            name, str(one.calls), str(one.lost), f"{step.added(name, 'p50'):.0f}", f"{step.added(name, 'p99'):.0f}",
            f"{one.cpu_ms:.2f}", f"{one.late_ms:.0f}",
        ]
        for one, step in found
    ]  # fmt: skip


def _cells(name: str, both: tuple[float, float]) -> list[str]:
    return [name, f"{both[0]:.0f}", f"{both[1]:.0f}"]


def _most(names: list[str], steps: list[Step]) -> list[tuple[float | str, float]]:
    found = ((name, _best(name, steps)) for name in names)
    return [(name, float(best.straight.calls) if best else 0.0) for name, best in found]


def _lines(names: list[str], steps: list[Step], what: str) -> list[Series]:
    """Return a relay's line; on a log axis nothing is below 1 µs: what is, is the noise of the straight calls."""

    def value(step: Step, name: str) -> float:
        return step.through[name].cpu_ms if what == "cpu" else max(1.0, step.added(name, what))

    return [Series(name, [(step.straight.calls, value(step, name)) for step in _of(name, steps)]) for name in names]


def _text(names: list[str], missing: dict[str, str]) -> list[str]:
    versions = peers.versions()
    return [
        "G.711, both ways, 100 packets a second and call, userspace; telephones on the same machine, which are the "
        "limit where they are late. The programs carry each load in turn; whoever loses a packet twice is out.",
        *(
            f"{name} ({versions.get(name, 'of unknown version')}) {peers.CANNOT[name]}."
            for name in names
            if name != OURS
        ),
        *(f"{name} is not here: {why}." for name, why in missing.items()),
    ]
