"""Every way to read a piece of a message: as it stands, decoded, and what is decoded read once more."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from kemi.audit import decoders

GRAM: Final = 4  # bytes: the shortest word that is searched for
AS_IT_IS: Final = "as it is"
DENSE: Final = "separators of numbers removed"
_PRINTABLE: Final = re.compile(rb"[\x20-\x7e\t]{8,}")
_DEPTH: Final = 2  # codes within a code


class Reading(NamedTuple):
    """One reading of a piece: how it was read, where in the piece it begins, what it says.

    `is_text`: its bytes are text as the sender wrote it, so that offsets into it count and short words are words;
    the others are decoded, and may be noise.
    """

    how: str
    offset: int
    data: bytes
    is_text: bool = False


@lru_cache(maxsize=64)  # the search and the XOR look at the same piece one after the other
def readings(line: bytes, *, is_whole_body: bool = False) -> tuple[Reading, ...]:
    """Return the readings of one piece. The whole body leaves out what its lines have told already."""
    return tuple(_of_body(line) if is_whole_body else _of_line(line))


def _of_line(line: bytes) -> Iterator[Reading]:
    yield Reading(AS_IT_IS, 0, line, is_text=True)
    yield from _of_text(line, "")
    for how, text in decoders.texts(line):
        if text != line:
            yield Reading(how, 0, text, is_text=True)
            yield from _of_text(text, f"{how}, ")


def _of_body(body: bytes) -> Iterator[Reading]:
    if not body.isascii():
        yield from (Reading(how, 0, data) for how, data in decoders.of_body(body))
    for how, text in (*decoders.texts(body), *decoders.of_body(body)):
        if text != body and how not in {"packed digits", "semi-octets"}:
            yield Reading(how, 0, text, is_text=True)
            yield from _of_text(text, f"{how}, ")


def _of_text(text: bytes, before: str) -> Iterator[Reading]:
    digits = decoders.dense(text)
    if digits:
        yield Reading(before + DENSE, 0, digits, is_text=True)
    for how, offset, data in decoders.runs(text):
        yield Reading(before + how, offset, data)
        yield from _nested(data, before + how, offset, _DEPTH)


def _nested(data: bytes, how: str, offset: int, depth: int) -> Iterator[Reading]:
    """Text came out, so somebody put it in: it is read once more. Noise is rarely printable for so long."""
    for text in _PRINTABLE.findall(data):
        digits = decoders.dense(text)
        if digits:
            yield Reading(f"{how}, {DENSE}", offset, digits)
        deeper = [(name, found) for name, found in decoders.texts(text) if found != text]
        deeper += [(name, found) for name, _, found in decoders.runs(text)]
        for name, found in deeper:
            yield Reading(f"{how}, {name}", offset, found)
            if depth > 1:
                yield from _nested(found, f"{how}, {name}", offset, depth - 1)
