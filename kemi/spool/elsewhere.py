"""Calls that ended where this machine's spool does not say so: the watch asks, the ledger writer answers, by two files.

Edges that share calls serve each other's BYEs, and each writes into a spool of its own; only the ledger has them all.
The watch needs no database and waits for none: without an answer a call is over when no call is longer.

    run/open-calls        the watch → the ledger writer: ids of calls that have been open for a while
    run/ended-elsewhere   the ledger writer → the watch: those of them that have ended
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ASKED: Final = "open-calls"
ANSWERED: Final = "ended-elsewhere"
ASK_SECONDS: Final = 10.0  # between two questions
MOST: Final = 20_000  # ids of one question; their rows are found by key


def write(file: Path, calls: Iterable[str]) -> None:
    """Let `file` hold these ids, all of them or what it held before. Raises `OSError`."""
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
        out.writelines(f"{call}\n" for call in calls)
    fresh.rename(file)


def read(file: Path) -> list[str]:
    """Return the ids in `file`; none where it is not there, or cannot be read."""
    try:
        return file.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return []
