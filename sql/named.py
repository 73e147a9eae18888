"""Named queries: `sql/queries/<file>.sql` holds blocks, each headed `-- name: <name>`.

    queries("compiler")["changes"]  →  the statement, with psycopg2's %(name)s parameters

Nobody formats values into SQL; `kemi` and `sms` both read their statements from here.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

QUERIES: Final = Path(__file__).parent / "queries"
_HEAD: Final = re.compile(r"^-- name: *(.*)$", re.MULTILINE)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_COMMENT_LINE: Final = re.compile(r"^\s*--.*\n?", re.MULTILINE)  # a "%" in a comment would be read as a parameter


@cache
def queries(file: str) -> Mapping[str, str]:
    """Return the statements of `sql/queries/<file>.sql` by name.

    Raises `FileNotFoundError`, and `ValueError` for a block without a good name, an empty or a doubled one.
    """
    return MappingProxyType(parse((QUERIES / f"{file}.sql").read_text(encoding="utf-8")))


def parse(text: str) -> dict[str, str]:
    """Split the text of a query file into its statements by name. Raises `ValueError`."""
    before, *blocks = _HEAD.split(text)
    if _COMMENT_LINE.sub("", before).strip():
        raise ValueError("a statement before the first '-- name:'")
    found: dict[str, str] = {}
    for name, body in zip(blocks[::2], blocks[1::2], strict=True):
        statement = _COMMENT_LINE.sub("", body).strip().rstrip(";")
        if not _NAME.fullmatch(name.strip()) or name.strip() in found or not statement:
            raise ValueError(f"the query {name.strip()!r} has a bad name, is empty or is there twice")
        found[name.strip()] = statement
    return found
