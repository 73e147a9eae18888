"""Ready rows: `sql/providers/<name>.sql`, SMS providers as their documentation describes them. Not tried with accounts.

`install(conn, "vietguys")` writes the row; one of that name that is there already stays as it is.
"""

import re
from pathlib import Path
from typing import Final, NamedTuple

from psycopg2.extensions import connection

FOLDER: Final = Path(__file__).parent / "providers"
_NAME: Final = re.compile(r"insert into sms_provider \([^)]*\)\s*values \(\s*'([^']+)'")
_SECRET: Final = re.compile(r"\$\{(env|file):([A-Za-z0-9_.-]+)\}")


class Ready(NamedTuple):
    """A file. `provider`: its row's name; `about`: its first line; what the sender needs: variables and files."""

    name: str
    provider: str
    about: str
    variables: tuple[str, ...]
    files: tuple[str, ...]


def known() -> list[Ready]:
    """Return all, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.sql"))]


def install(conn: connection, name: str) -> bool:
    """Write the row of the file `name` and commit; False: there is one of its name, and it stays as it is."""
    ready = next(one for one in known() if one.name == name)
    with conn, conn.cursor() as cur:
        cur.execute("select from sms_provider where name = %s", [ready.provider])
        there = cur.rowcount == 1
        cur.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
    return not there


def _read(path: Path) -> Ready:
    text = path.read_text(encoding="utf-8")
    found = _NAME.search(text)
    assert found, path  # noqa: S101 -- a file of ours; a test reads them all
    needs = dict.fromkeys(_SECRET.findall(text))
    return Ready(
        path.stem,
        found[1],
        text.partition("\n")[0].removeprefix("-- "),
        tuple(name for kind, name in needs if kind == "env"),
        tuple(name for kind, name in needs if kind == "file"),
    )
