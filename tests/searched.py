"""Everything that an edge has written down, and where in it a number stands."""

import re
from pathlib import Path
from typing import Final

from tests.edge import Edge

TAIL: Final = 8  # digits that every spelling of a number ends with
_BETWEEN_DIGITS: Final = re.compile(r"(?<=[0-9])[ .()/_-]+(?=[0-9])")


def places_with(number: str, texts: dict[str, str]) -> list[str]:
    """Where a number stands, in any spelling."""
    tail = number[-TAIL:]
    return [place for place, text in texts.items() if tail in text or tail in _BETWEEN_DIGITS.sub("", text)]


def logs(edge: Edge) -> dict[str, str]:
    return files(edge.stack.settings.var_dir / "log")


def files(directory: Path) -> dict[str, str]:
    return {str(path): path.read_text("utf-8", "replace") for path in directory.iterdir() if path.is_file()}


def everything(edge: Edge) -> dict[str, str]:
    """All that the edge has written down: files, rows, SMS."""
    found = logs(edge) | files(edge.stack.settings.var_dir / "spool") | files(edge.stack.settings.var_dir / "table")
    for row in edge.ledger.rows(
        "select table_name as name from information_schema.tables where table_schema = 'public'"
    ):
        rows = edge.ledger.rows(f'select t::text as row from "{row["name"]}" t')  # noqa: S608
        found[f"table {row['name']}"] = "\n".join(each["row"] for each in rows)
    found["SMS"] = str(edge.sink.posts())
    return found
