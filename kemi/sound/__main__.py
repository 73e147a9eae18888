"""`extgroup sound add FILE --tenant … --name …` (or `python -m kemi.sound`): what callers hear while it rings.

Environment: DATABASE_URL. Exit status: 0 done, 2 it cannot be done; the text says what to change.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import psycopg2
import typer
from psycopg2 import Binary
from psycopg2.extensions import connection

from kemi.errors import EdgeError
from kemi.sound.convert import SoundRefused, convert
from sql.named import queries
from sql.said import said

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What callers hear while members ring.")
_Tenant = Annotated[str, typer.Option(help="the tenant's name or id")]
_Name = Annotated[str, typer.Option(help="what the sound is called")]
_Announce = Annotated[bool, typer.Option("--announce", help="once, before anybody rings; not while it rings")]
_Json = Annotated[bool, typer.Option("--json", help="for machines")]
_LISTED: Final = ("id", "tenant", "name", "seconds", "added_at", "groups")
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_Group = Annotated[str, typer.Option(help="a group of the tenant that is to play it")]


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="any common format: WAV, MP3, FLAC, Ogg, M4A …")],
    tenant: _Tenant,
    name: _Name = "",
    group: _Group = "",
    announce: _Announce = False,
) -> None:
    """Check and convert a file, and load it; a name that is there is loaded anew."""
    with _answering() as conn:
        owner = _tenant(conn, tenant)
        sound = convert(file)
        called = name or file.stem
        content = {"narrow": Binary(sound.narrow), "wide": Binary(sound.wide)}
        row = _ask(conn, "put", tenant=owner, name=called, seconds=sound.seconds, **content)
        given = _give(conn, tenant, group, row[0][0], called, announce=announce) if group else None
    print(f"sound {row[0][0]} “{called}”, {sound.seconds:.2f} s")
    if given:
        print(given)


@app.command()
def play(tenant: _Tenant, group: _Group, name: _Name = "", announce: _Announce = False) -> None:
    """Have a group play a sound that is loaded; without --name: none."""
    with _answering() as conn:
        owner = _tenant(conn, tenant)
        found = [one for one in _ask(conn, "list") if one[2] == name and _tenant(conn, one[1]) == owner] if name else []
        if name and not found:
            raise SoundRefused(f"tenant {tenant} has no sound {name}; `list` shows them")
        given = _give(conn, tenant, group, found[0][0] if found else None, name, announce=announce)
    print(given)


def _give(conn: connection, tenant: str, group: str, sound: int | None, name: str, *, announce: bool) -> str:
    owner = _tenant(conn, tenant)
    if not _ask(conn, "announce" if announce else "play", tenant=owner, group=group, sound=sound):
        raise SoundRefused(f"tenant {tenant} has no group {group}")
    return f"{group}: {'before anybody rings' if announce else 'while it rings'} {name or 'nothing'}"


@app.command(name="list")
def list_(json: _Json = False) -> None:
    """List all sounds, and who plays them."""
    with _answering() as conn:
        found = _ask(conn, "list")
    if json:
        print(_ENCODER.encode([dict(zip(_LISTED, one, strict=True)) for one in found]).decode())
        return
    for sound, tenant, name, seconds, added, groups in found:
        played = ", ".join(groups) or "no group"
        print(f"{sound}\t{tenant}\t{name}\t{seconds} s\t{added:%Y-%m-%d %H:%M}\tplayed by {played}")


@app.command()
def remove(tenant: _Tenant, name: _Name) -> None:
    """Delete a sound that no group plays."""
    with _answering() as conn:
        owner = _tenant(conn, tenant)
        if groups := [group for (group,) in _ask(conn, "groups_of", tenant=owner, name=name)]:
            raise SoundRefused(f"played by {', '.join(groups)}: first give them another, or none (`play`)")
        if not _ask(conn, "remove", tenant=owner, name=name):
            raise SoundRefused(f"tenant {tenant} has no sound {name}; `list` shows them")
        print(f"removed {name}")


def _tenant(conn: connection, tenant: str) -> int:
    found = _ask(conn, "tenants", tenant=tenant)
    if len(found) != 1:
        raise SoundRefused(f"--tenant {tenant}: {'more than one is' if found else 'nobody is'} called so")
    return int(found[0][0])


def _ask(conn: connection, query: str, /, **params: object) -> list[tuple[Any, ...]]:
    with conn.cursor() as cur:
        cur.execute(queries("sound")[query], params)
        return cur.fetchall()


@contextmanager
def _answering() -> Iterator[connection]:
    """Yield a connection whose work is committed at the end; say in words what cannot be done."""
    try:
        url = os.environ.get("DATABASE_URL")
        if not url:
            raise SoundRefused("no stack runs here, and DATABASE_URL is not set: start one with `make run`")
        conn = psycopg2.connect(url, connect_timeout=5, application_name="external-groups sound")
        try:
            yield conn
            conn.commit()
        finally:
            conn.close()
    except (EdgeError, psycopg2.Error) as error:
        print(said(error), file=sys.stderr)  # not its row: the whole sound
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app(prog_name="sound")
