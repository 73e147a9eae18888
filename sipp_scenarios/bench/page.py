"""The report: one HTML file that needs nothing else, and the same as JSON."""

from html import escape
from pathlib import Path
from typing import Final

import msgspec
import rich.table

from sipp_scenarios.bench import plots
from sipp_scenarios.bench.section import Report, Section, Table

_CSS: Final = """body{font:15px/1.5 sans-serif;max-width:1060px;margin:2em auto;padding:0 1em;color:#1f2328}
table{border-collapse:collapse;margin:1em 0;font-size:13px}caption{text-align:left;font-weight:bold;padding:.3em 0}
td,th{border-bottom:1px solid #d0d7de;padding:.2em .7em;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}th{background:#f6f8fa}.plots{display:flex;flex-wrap:wrap}
svg{max-width:100%;height:auto}code{background:#f6f8fa;padding:.1em .3em}.small{color:#59636e;font-size:13px}"""


def write(report: Report, folder: Path) -> Path:
    """Write report.html and report.json into `folder`; return the former."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    file = folder / "report.html"
    file.write_text(html(report))
    return file


def html(report: Report) -> str:
    """Return the page."""
    links = " · ".join(f'<a href="#{escape(each.name)}">{escape(each.title)}</a>' for each in report.sections)
    facts = Table("machine and versions", ["what", ""], [[name, value] for name, value in report.facts.items()])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>External groups under load</title>'
        f"<style>{_CSS}</style><h1>External groups under load</h1><p>{links}</p>{_table(facts)}"
        f"{''.join(map(_section, report.sections))}</html>\n"
    )


def for_a_terminal(table: Table) -> rich.table.Table:
    """Return a table as a console shows it."""
    shown = rich.table.Table(box=None, padding=(0, 2, 0, 0), title=table.caption, title_justify="left")
    shown.caption, shown.caption_justify = table.note or None, "left"
    for head in table.head:
        shown.add_column(head)
    for row in table.rows:
        shown.add_row(*row, style="red" if any("✗" in cell for cell in row) else "")
    return shown


def _section(section: Section) -> str:
    commands = "".join(f"<code>{escape(each)}</code> " for each in section.commands)
    took = f"{section.seconds:.0f} s" if section.seconds else ""
    took += f", load before {section.load:.1f}" if section.load is not None else ""
    return (
        f'<h2 id="{escape(section.name)}">{escape(section.title)}</h2>'
        f'<p class="small">{escape(section.at)} {escape(section.commit)} {took} {commands}</p>'
        + "".join(f"<p>{escape(each)}</p>" for each in section.text)
        + f'<div class="plots">{"".join(map(plots.svg, section.plots))}</div>'
        + "".join(map(_table, section.tables))
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in table.head)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    note = f'<p class="small">{escape(table.note)}</p>' if table.note else ""
    return f"<table><caption>{escape(table.caption)}</caption><tr>{head}</tr>{rows}</table>{note}"


def _cell(text: str) -> str:
    is_number = text.strip("✗ ").replace(".", "", 1).replace(",", "").isdecimal()
    return f'<td class="n">{escape(text)}</td>' if is_number else f"<td>{escape(text)}</td>"
