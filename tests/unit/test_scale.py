"""The pure parts of `make bench-config`: samples, what the kernel tells of memory, budgets, plots."""

from pathlib import Path

import pytest

from tests.scale import memory, report, world
from tests.scale.figures import Figure, Memory, Reading, Recompiled, Spread, as_json, over_budget, spread

TABLE = Path("/var/lib/edge/table/data.mdb")
SMAPS = f"""\
55d0-55d1 r--p 00000000 fe:00 1234                       /usr/bin/python3.11
Rss:                2048 kB
Pss:                1024 kB
Anonymous:             0 kB
7f00-7f40 rw-p 00000000 00:00 0
Rss:                4096 kB
Pss:                4096 kB
Pss_Dirty:          4096 kB
Anonymous:          4096 kB
7f40-7f80 r--s 00000000 fe:00 5678                       {TABLE}
Size:           16777216 kB
Rss:              102400 kB
Pss:               51200 kB
Anonymous:             0 kB
7f80-7f90 r--p 00000000 fe:00 5679                       {TABLE}.old
Rss:                1024 kB
Pss:                1024 kB
Anonymous:             0 kB
"""


def test_the_tables_pages_are_told_from_a_workers_own() -> None:
    """A million hotlines read are pages of the kernel, not memory of the worker."""
    assert memory.parse(SMAPS, TABLE) == Memory(private=4.0, table_rss=100.0, rss=107.0, pss=56.0)
    assert memory.parse(SMAPS, Path("/elsewhere")).table_rss == 0.0


def test_our_own_memory_is_read() -> None:
    """The real /proc is read: an interpreter is between 1 MiB and 10 GiB, and no more its own than resident."""
    found = memory.own(TABLE)
    assert 1 < found.private <= found.rss < 10240
    assert found.pss <= found.rss


@pytest.mark.parametrize(
    ("samples", "median", "p99"),
    [([7.0], 7, 7), ([1.0, 2.0], 1, 2), ([float(n) for n in range(100, 0, -1)], 50, 99), ([1.0] * 199 + [9.0], 1, 1)],
)
def test_a_spread_is_of_samples_that_were_seen(samples: list[float], median: float, p99: float) -> None:
    """The nearest rank: one sample in a hundred may be worse than the p99, not two."""
    assert spread(samples) == Spread(median, p99)


def test_no_samples_are_no_zero() -> None:
    """Nothing measured is an error, not a fast table."""
    with pytest.raises(ValueError, match="no samples"):
        spread([])


def figure(
    *, lookup: float = 3.0, arrival: float = 5.0, behind: float = 9.0, grown: float = 0.0, hotlines: int = 100_000
) -> Figure:
    """A figure of an edge that keeps the budgets, but for what is given."""
    early, after = (Memory(12.0 + more, 50.0, 80.0, 60.0) for more in (0.0, grown))
    reading = Reading(early, early, after, Spread(2.0, 90.0), Spread(lookup, 30.0), Spread(5.0, 30.0))
    done = {"member": Recompiled({"group": 1}, 1, 2.0)}
    return Figure(
        hotlines, 5 * hotlines, 9.0, 12.0, 0.2, 56.0, 40.0, reading, {"member": Spread(2.0, arrival)}, behind, done
    )


@pytest.mark.parametrize(
    ("one", "missed"),
    [
        (figure(), []),
        (figure(lookup=20.5), ["100000 hotlines: a lookup takes 20.5 µs"]),
        (figure(arrival=1200), ["100000 hotlines: a changed member arrives after 1200 ms"]),
        (figure(behind=1001), ["100000 hotlines: a changed row behind many arrives after 1001 ms"]),
        (figure(grown=3.0), ["100000 hotlines: a reader grew by 3.0 MiB"]),
    ],
)
def test_a_budget_that_is_not_kept_is_said(one: Figure, missed: list[str]) -> None:
    """And one that is kept is not."""
    assert over_budget(one) == missed


def test_json_has_every_name() -> None:
    """Also of what is made of others."""
    told = as_json(figure(grown=0.5))
    assert told["reading"]["lookup"] == {"median": 3.0, "p99": 30.0}
    assert told["reading"]["grown"] == 0.5
    assert told["recompiled"]["member"]["records"] == {"group": 1}


@pytest.mark.parametrize(("value", "words"), [(1000, "1k"), (1_000_000, "1M"), (4.66, "4.66"), (0, "0")])
def test_a_size_is_short(value: float, words: str) -> None:
    """It stands at an axis."""
    assert report.short(value) == words


def test_a_plot_names_each_size_and_each_value() -> None:
    """A line of dots alone says nothing."""
    drawn = report.plot("full build, s", [(1000, 0.8), (10_000, 1.9), (100_000, 14.0)])
    assert all(each in drawn for each in ("full build, s", "0.8", "1.9", "14", "hotlines"))
    assert any("\u2801" <= each <= "\u28ff" for each in drawn)


def test_a_plot_of_one_size_or_of_zeros_is_drawn() -> None:
    """A logarithm would complain."""
    assert "0.001" in report.plot("grown", [(1000, 0.0)])


def test_a_table_has_a_column_a_size() -> None:
    """And the plots and what recompiles are of the same figures."""
    both = [figure(hotlines=1000), figure(hotlines=10_000)]
    assert [column.header for column in report.table(both).columns] == ["hotlines", "1k", "10k"]
    assert report.one_row(both).row_count == 1
    assert len(report.plots(both)) > 3


def test_the_records_of_a_world_are_counted_beforehand() -> None:
    """A hotline and its group each; a tenant is begun by its first hotline; plans and gateways do not grow."""
    assert world.entries(1000) - world.entries(990) == 2 * 10 + 1
    assert world.entries(991) - world.entries(990) == 2 + 1
