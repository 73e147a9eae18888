"""The benchmark's report: sections of one form, whoever wrote them; a page that needs nothing else; what got slower."""

import json
from math import nan
from pathlib import Path

import pytest

from sipp_scenarios.bench import page
from sipp_scenarios.bench.compare import compared
from sipp_scenarios.bench.section import (
    Figure,
    Plot,
    Report,
    Section,
    Series,
    Table,
    load_all,
    load_report,
    save,
)

_SECTION = Section(
    "cost",
    "What a <call> costs",
    text=["5 < 29 & so on"],
    figures={"ours": Figure(2.5, "CPU-s", rounds=[2.4, 2.5, 2.7])},
    tables=[Table("by <size>", ["members", "CPU-s"], [["5", "2.50"], ["29", "<b>"]], "a note")],
    plots=[
        Plot("lines", "lines", "members", "CPU-s", [Series("ours", [(5, 2.5), (1, 1.0)])]),
        Plot(
            "bars", "bars", "", "CPU-s", [Series("answered", [("edge", 2.5)]), Series("cancelled", [("ledger", 1.0)])]
        ),
    ],
)


def report(**figures: Figure) -> Report:
    """A report of one section."""
    return Report({"machine": "2 cores"}, [Section("cost", "Cost", figures=figures)])


def test_a_section_is_read_as_it_was_written_and_in_order(tmp_path: Path) -> None:
    """By `order`, whatever the files are called."""
    save(Section("a", "Last", order=90), tmp_path)
    save(_SECTION, tmp_path)
    save(Section("b", "First", order=1), tmp_path)
    assert [each.title for each in load_all(tmp_path)] == ["First", "Last", "What a <call> costs"]
    assert load_all(tmp_path)[2] == _SECTION


def test_another_benchmark_writes_its_section_by_hand(tmp_path: Path) -> None:
    """Name and title are enough."""
    (tmp_path / "sms.json").write_text(json.dumps({"name": "sms", "title": "SMS"}))
    assert load_all(tmp_path) == [Section("sms", "SMS")]


def test_a_section_of_another_form_is_named(tmp_path: Path) -> None:
    """With where the form stands."""
    (tmp_path / "sms.json").write_text('{"name": "sms"}')
    with pytest.raises(ValueError, match=r"sms\.json: .*title.*section\.py"):
        load_all(tmp_path)


def test_a_number_that_is_none_is_left_out_and_the_section_can_be_read(tmp_path: Path) -> None:
    """Where all calls of a window failed there is no cost; the next report says the rest."""
    figures = {"cost": Figure(nan, "s"), "some": Figure(1.0, "s", rounds=[1.0, nan]), "calls": Figure(3.0, "")}
    plot = Plot("", "lines", "", "", [Series("a", [(1.0, nan), (2.0, 5.0)])])
    save(Section("one", "One", figures=figures, plots=[plot]), tmp_path)
    (found,) = load_all(tmp_path)
    assert list(found.figures) == ["calls"]
    assert found.plots[0].series[0].points == [(2.0, 5.0)]


def test_the_page_stands_alone_and_says_everything(tmp_path: Path) -> None:
    """Nothing is fetched, nothing runs, and what is text stays text."""
    html = page.write(Report({"machine": "2 <cores>"}, [_SECTION]), tmp_path).read_text()
    for told in (
        "2 &lt;cores&gt;",
        "What a &lt;call&gt; costs",
        "5 &lt; 29 &amp; so on",
        "&lt;b&gt;",
        "a note",
        "2.50",
    ):
        assert told in html
    assert html.count("<svg") == 2
    for foreign in ("<script", "src=", "<link", "@import", "url(http", "<b>"):
        assert foreign not in html
    assert load_report(tmp_path / "report.json").sections == [_SECTION]


@pytest.mark.parametrize("text", ["", "{}", "[1]"])
def test_what_is_no_report_is_refused_in_words(text: str, tmp_path: Path) -> None:
    """Also what is not there."""
    file = tmp_path / "report.json"
    with pytest.raises(ValueError, match="cannot be read"):
        load_report(file)
    file.write_text(text)
    with pytest.raises(ValueError, match=r"no report\.json"):
        load_report(file)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (Figure(1.0, "s"), Figure(1.2, "s"), "worse"),
        (Figure(1.0, "s"), Figure(0.8, "s"), "better"),
        (Figure(1.0, "s"), Figure(1.05, "s"), ""),
        (Figure(400, "calls/s", "higher"), Figure(300, "calls/s", "higher"), "worse"),
        (Figure(400, "calls/s", "higher"), Figure(500, "calls/s", "higher"), "better"),
        (Figure(1.0, "s", rounds=[0.8, 1.0, 1.2]), Figure(1.3, "s", rounds=[1.3, 1.3, 1.3]), ""),
        (Figure(1.0, "s", "neither"), Figure(9.0, "s", "neither"), ""),
        (Figure(0, "calls"), Figure(3, "calls"), "worse"),
        (Figure(1.0, "s"), Figure(1000.0, "ms"), ""),
    ],
)
def test_a_figure_got_worse_by_more_than_a_tenth_and_than_its_rounds_differ(
    old: Figure, new: Figure, verdict: str
) -> None:
    """In its own direction; figures of different units are not compared."""
    [change], single = compared(report(x=old), report(x=new))
    assert (change.verdict, single) == (verdict, [])


def test_what_only_one_report_has_is_said() -> None:
    """A part that was not measured is no improvement."""
    changes, single = compared(report(x=Figure(1, "s"), y=Figure(1, "s")), report(x=Figure(1, "s"), z=Figure(1, "s")))
    assert [each.name for each in changes] == ["cost: x"]
    assert single == ["cost: y", "cost: z"]
