"""What a benchmark leaves behind, and the report is made of: sections, each a JSON file of one form.

Any benchmark adds its own: it writes `bench/sections/<name>.json` by `save(Section(…))`, or by hand in this form, and
`make bench ARGS=report` puts it into the report. Only `name` and `title` must be there:

    {"name": "sms", "title": "SMS", "order": 60, "at": "2026-11-27T08:10:00+00:00", "commit": "…", "seconds": 93.5,
     "text": ["a paragraph", …], "commands": ["make bench-sms"],
     "figures": {"sent a second": {"value": 812.0, "unit": "SMS/s", "better": "higher", "rounds": [801, 812, 830],
                                  "under": "500 messages"}},
     "tables": [{"caption": "…", "head": ["…", …], "rows": [["…", …], …], "note": ""}],
     "plots": [{"caption": "…", "kind": "lines", "x": "calls/s", "y": "ms", "log": false,
                "series": [{"name": "p50", "points": [[80, 1.2], [200, 2.5]]}]}]}

`figures` is what `make bench-compare` compares, where they were made `under` the same load; `better` is "lower",
"higher" or "neither". A plot's `kind` is "lines" (points are numbers) or "bars" (the first of a point is a label).
"""

from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import structs

from deploy.settings import ROOT

FOLDER: Final = ROOT / "bench"
SECTIONS: Final = FOLDER / "sections"
PUBLISHED: Final = Path(__file__).parent / "published"


class Figure(msgspec.Struct, omit_defaults=True):
    """One number that can be compared with yesterday's, if that was made `under` the same load, in words.

    `rounds`: the values that it is the median of.
    """

    value: float
    unit: str
    better: Literal["lower", "higher", "neither"] = "lower"
    rounds: list[float] = []
    under: str = ""


class Table(msgspec.Struct, omit_defaults=True):
    """Cells as they are to be read; `note` stands below."""

    caption: str
    head: list[str]
    rows: list[list[str]]
    note: str = ""


class Series(msgspec.Struct):
    """A line, or the bars of one colour."""

    name: str
    points: list[tuple[float | str, float]]


class Plot(msgspec.Struct, omit_defaults=True):
    """A picture; `log`: of the y axis."""

    caption: str
    kind: Literal["lines", "bars"]
    x: str
    y: str
    series: list[Series]
    log: bool = False


class Section(msgspec.Struct, omit_defaults=True):
    """What one benchmark has found."""

    name: str
    title: str
    order: int = 100
    at: str = ""
    commit: str = ""
    load: float | None = None  # of the machine, over the minute before it began: what else was going on
    seconds: float = 0.0
    text: list[str] = []
    commands: list[str] = []
    figures: dict[str, Figure] = {}
    lost: dict[str, str] = {}  # figures that came to no number, as where all calls failed: `under` of each
    tables: list[Table] = []
    plots: list[Plot] = []


class Report(msgspec.Struct):
    """All of it: `facts` of machine and versions."""

    facts: dict[str, str]
    sections: list[Section]


def now() -> str:
    """Return the time, as sections have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def save(section: Section, folder: Path = SECTIONS) -> Path:
    """Write the section where the next report finds it; a number that is none (all calls failed) goes to `lost`.

    JSON has no such numbers: the next report could not read it.
    """
    figures = {name: one for name, one in section.figures.items() if all(map(isfinite, (one.value, *one.rounds)))}
    lost = section.lost | {name: one.under for name, one in section.figures.items() if name not in figures}
    plots = [structs.replace(one, series=[_finite(each) for each in one.series]) for one in section.plots]
    section = structs.replace(section, figures=figures, lost=lost, plots=plots)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{section.name}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(section)) + b"\n")
    return file


def _finite(series: Series) -> Series:
    return Series(series.name, [(x, y) for x, y in series.points if isfinite(y)])


def load_all(folder: Path = SECTIONS) -> list[Section]:
    """Return every section that is there, in order. Raises `ValueError` that names a file of another form."""
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            found.append(msgspec.json.decode(file.read_bytes(), type=Section))
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise ValueError(f"{file}: {wrong}; the form stands in sipp_scenarios/bench/section.py") from wrong
    return sorted(found, key=lambda each: (each.order, each.name))


def load_report(file: Path) -> Report:
    """Return a report that was kept. Raises `ValueError` in words."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Report)
    except OSError as wrong:
        raise ValueError(f"{file} cannot be read: {wrong.strerror}") from wrong
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise ValueError(f"{file} is no report.json of make bench: {wrong}") from wrong
