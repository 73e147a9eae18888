"""What the benchmark's Kamailio loads to price one step of masking: the edge with that step left out.

BENCH_WITHOUT names the step. Calls still work, but nothing is hidden as it must be: for the benchmark alone, on
loopback. The production code has no hook for this.
"""

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("EDGE_SITE")])]

from kemi import tokens  # noqa: E402
from kemi.domain import masking, sdp  # noqa: E402
from kemi.ksr import headers, log, signalling  # noqa: E402
from kemi.spool import sink  # noqa: E402


class _Open:
    """Instead of AES-SIV: as long, and open to all."""

    def __init__(self, key: bytes) -> None:
        del key

    def encrypt(self, plain: bytes, _also: None) -> bytes:
        return bytes(16) + plain

    def decrypt(self, sealed: bytes, _also: None) -> bytes:
        return sealed[16:]


class _Body(sdp.Description):
    def shown_by(self, origin: sdp.Origin) -> str:
        del origin
        return self.rest


def _sealing() -> None:
    _set(tokens, "AESSIV", _Open)


def _names() -> None:
    def call_id(_self: object, made: bytes, leg: str, _key_id: int | None = None) -> str:
        return made.hex() + leg

    _set(tokens.Keyring, "leg_call_id", call_id)
    _set(tokens.Keyring, "caller_tag", lambda _self, _call, tag, _key_id=None: tag)
    _set(tokens.Keyring, "dialog_mark", lambda *_: b"")


def _values() -> None:
    def whole(_name: str, value: str, _without: str = "") -> str:
        return value

    for room in (masking, headers):
        _set(room, "clean", whole)


def _bodies() -> None:
    _set(sdp, "scrub", lambda body, _origin: body)
    _set(sdp, "read", lambda body: _Body(0, body))


def _words() -> None:
    _set(signalling, "reword", lambda code, was, words: None if code == was else _reword(code, was, words))


def _events() -> None:
    _set(sink.SpoolSink, "put", lambda _self, _event: None)


def _lines() -> None:
    for name in ("received", "happened"):
        _set(log, name, lambda *_: None)


def _topoh() -> None:
    """Nothing is left out, the module's own mark is let through: its price is that of hiding the trunk's Via."""
    masking.FATES["TH"] = masking.Fate.MAX_FORWARDS


def _nothing() -> None:
    """Leave nothing out: what the steps are compared with goes the same way."""


_reword: Final = signalling.reword
STEPS: Final[dict[str, Callable[[], None]]] = {
    "nothing": _nothing,
    "sealing": _sealing,
    "names": _names,
    "values": _values,
    "bodies": _bodies,
    "words": _words,
    "events": _events,
    "lines": _lines,
    "topoh": _topoh,
}


def _set(room: Any, name: str, instead: Any) -> None:
    setattr(room, name, instead)


def mod_init() -> Any:
    """Leave the step out, then make the edge as ever."""
    STEPS[os.environ["BENCH_WITHOUT"]]()
    return importlib.import_module("kemi.entry.edge").mod_init()
