"""What is measured at one size, and what is made of many samples. Pure."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from tests.percentile import percentiles

ARRIVAL_BUDGET_MS: Final = 1000.0  # at 100,000 hotlines
LOOKUP_BUDGET_US: Final = 20.0  # at 1,000,000; of the median: the slowest hundredth is what others do to the caches
FLAT_MIB: Final = 2.0  # what a reader may grow by, whatever the table's size: the records it keeps


class Spread(NamedTuple):
    """The half and the worst hundredth of many samples."""

    median: float
    p99: float


class Memory(NamedTuple):
    """A process's memory in MiB, the table's mapped pages apart: those are the kernel's, shared by all workers."""

    private: float  # in no file: its own
    table_rss: float
    rss: float
    pss: float  # shared pages divided by the number of their users


class Reading(NamedTuple):
    """What a reader found: its memory; the µs of a look and one hotline, of a look and all that a decision reads."""

    before: Memory  # the table is open, nothing is read
    early: Memory  # a hundredth of the lookups is done
    after: Memory
    first: Spread  # of a hotline each, most of whose pages this process sees for the first time
    lookup: Spread  # of the same hotlines again
    decision: Spread  # of other hotlines

    @property
    def grown(self) -> float:
        """MiB of its own that the reader took for all lookups but the first hundredth."""
        return self.after.private - self.early.private


class Recompiled(NamedTuple):
    """What one changed row made the compiler do."""

    records: dict[str, int]  # looked at anew, by their kind
    written: int  # of them, what differed
    ms: float


class Figure(NamedTuple):
    """Everything of one size."""

    hotlines: int
    members: int
    rows_seconds: float  # writing the rows to PostgreSQL: no budget, but it is waited for
    build_seconds: float  # from the compiler's start until the table is complete
    caught_up_seconds: float  # from a restart until a change made meanwhile is read
    table_mib: float
    compiler_peak_mib: float
    reading: Reading
    arrival: dict[str, Spread]  # ms from COMMIT to a worker that looks, by the kind of row
    behind_long_ms: float  # the same at worst, while a statement on very many rows is being compiled
    recompiled: dict[str, Recompiled]


def spread(samples: Sequence[float]) -> Spread:
    """Return the median and the 99th percentile. Raises `ValueError` of no samples."""
    return Spread(*percentiles(samples, 50, 99))


def over_budget(figure: Figure) -> list[str]:
    """Return what is slower or larger than design.md §5 allows, in words; a budget holds for the smaller sizes, too."""
    late = {kind: each.p99 for kind, each in figure.arrival.items()} | {"row behind many": figure.behind_long_ms}
    found = [f"a changed {kind} arrives after {ms:.0f} ms" for kind, ms in late.items() if ms > ARRIVAL_BUDGET_MS]
    if figure.reading.lookup.median > LOOKUP_BUDGET_US:
        found.append(f"a lookup takes {figure.reading.lookup.median:.1f} µs")
    if figure.reading.grown > FLAT_MIB:
        found.append(f"a reader grew by {figure.reading.grown:.1f} MiB")
    return [f"{figure.hotlines} hotlines: {each}" for each in found]


def as_json(figure: Figure) -> dict[str, Any]:
    """Return the figure with its names, for `json.dumps`."""

    def plain(value: Any) -> Any:
        if hasattr(value, "_asdict"):
            return {name: plain(each) for name, each in value._asdict().items()}
        return {name: plain(each) for name, each in value.items()} if isinstance(value, dict) else value

    found: dict[str, Any] = plain(figure)
    found["reading"]["grown"] = figure.reading.grown
    return found
