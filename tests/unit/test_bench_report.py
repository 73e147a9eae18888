"""The benchmark's report: sections of one form, whoever wrote them; a page that needs nothing else; what got slower."""

import json
from math import nan
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sipp_scenarios.bench import page
from sipp_scenarios.bench.compare import app, compared
from sipp_scenarios.bench.section import (
    PUBLISHED,
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
    assert found.lost == {"cost": "", "some": ""}
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
    ],
)
def test_a_figure_got_worse_by_more_than_a_tenth_and_than_its_rounds_differ(
    old: Figure, new: Figure, verdict: str
) -> None:
    """In its own direction."""
    found = compared(report(x=old), report(x=new))
    assert [each.verdict for each in found.changes] == [verdict]
    assert found.worse == (verdict == "worse")


def test_what_only_one_report_has_is_said() -> None:
    """A part that was not measured is no improvement, and none that got worse."""
    found = compared(report(x=Figure(1, "s"), y=Figure(1, "s")), report(x=Figure(1, "s"), z=Figure(1, "s")))
    assert [each.name for each in found.changes] == ["cost: x"]
    assert (found.old_only, found.new_only, found.worse) == (["cost: y"], ["cost: z"], 0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Figure(1600, "calls/s", "higher", under="2 s"), Figure(900, "calls/s", "higher", under="60 s")),
        (Figure(1600, "calls/s", "higher"), Figure(900, "calls/s", "higher", under="60 s")),
        (Figure(1.0, "s"), Figure(1000.0, "ms")),
    ],
)
def test_figures_of_another_load_or_unit_are_named_and_not_compared(old: Figure, new: Figure) -> None:
    """What was held for 2 s says nothing of what is held for 60."""
    found = compared(report(x=old), report(x=new))
    assert (found.changes, found.worse, list(found.apart)) == ([], 0, ["cost: x"])
    assert (old.under or "not said") in found.apart["cost: x"]
    assert new.under in found.apart["cost: x"]


def lost(tmp_path: Path, under: str) -> Report:
    """A report of which x has come to no number."""
    save(Section("cost", "Cost", figures={"x": Figure(nan, "s", under=under)}), tmp_path)
    return Report({}, load_all(tmp_path))


def test_a_figure_that_came_to_no_number_is_named_and_worse(tmp_path: Path) -> None:
    """All calls failed: nothing is slower than that. Not where it was asked for more."""
    old = report(x=Figure(1.0, "s", under="80/s"))
    found = compared(old, lost(tmp_path, "80/s"))
    assert (found.lost, found.worse, found.old_only) == (["cost: x"], 1, [])
    harder = compared(old, lost(tmp_path, "9000/s"))
    assert (harder.lost, harder.worse, list(harder.apart)) == ([], 0, ["cost: x"])
    assert compared(report(), lost(tmp_path, "80/s")).new_only == ["cost: x"]


def test_the_command_ends_with_1_where_a_figure_is_lost_and_names_what_it_cannot_compare(tmp_path: Path) -> None:
    """Also against the last report that was published."""
    old = report(x=Figure(1.0, "s", under="80/s"), y=Figure(1.0, "s"), z=Figure(1.0, "s"))
    page.write(old, tmp_path / "old")
    new = report(y=Figure(2.0, "s", under="81/s"))
    new.sections[0].lost = {"x": "80/s"}
    page.write(new, tmp_path / "new")
    files = [str(tmp_path / each / "report.json") for each in ("old", "new")]
    said = CliRunner().invoke(app, files)
    assert said.exit_code == 1
    for words in ("cost: x", "cannot be compared: cost: y", "only in the old report: cost: z", "1 of 1 figures"):
        assert words in said.output
    published = str(PUBLISHED / "report.json")
    assert CliRunner().invoke(app, [published, published]).exit_code == 0
