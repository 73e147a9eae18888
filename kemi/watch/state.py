"""What the watch knew when it was last asked, on disk: after a restart it reads on from there.

The file is a convenience. Without it, or with one of another form, the spool is read from its beginning.
"""

import os
from pathlib import Path
from typing import Final

import msgspec

from kemi.domain.open_calls import OpenCall

_FORM: Final = 1  # to be raised where OpenCall changes its meaning


class State(msgspec.Struct):
    """How far each spool file is read, the calls that were open there, and what rang (`kemi.domain.orphans`)."""

    offsets: dict[str, int] = {}
    calls: dict[str, OpenCall] = {}
    ringing: dict[str, str] = {}
    settled: dict[str, int] = {}
    form: int = _FORM


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(State).decode


def load(file: Path) -> State:
    """Return what was kept; an empty state where there is none that can be read."""
    try:
        state = _decode(file.read_bytes())
    except (OSError, msgspec.DecodeError):
        return State()
    return state if state.form == _FORM else State()


def keep(file: Path, state: State) -> None:
    """Keep `state`: all of it or nothing. Raises `OSError`."""
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(_encode(state))
    fresh.rename(file)
