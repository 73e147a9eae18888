"""A message cut into what is searched: start line, logical headers (Via values apart), lines of the body, the body.

Nothing here needs a message to be well formed: every byte lies in some piece, noise lies in the start line.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from kemi.audit.message import canonical

BODY: Final = "body"
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_COMMA: Final = re.compile(rb'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')


class Piece(NamedTuple):
    """Bytes of a message: where they begin, what they are called ("via 1" is the second Via value).

    `is_whole`: it is the whole of a body, whose lines have come before.
    """

    offset: int
    header: str
    data: bytes
    is_whole: bool = False


def pieces(raw: bytes) -> Iterator[Piece]:
    """Yield the pieces of one message in order; a body that is more than a line of text comes once more, whole."""
    end = _end_of_head(raw)
    for number, (offset, line) in enumerate(_logical(raw[:end])):
        if number == 0:
            yield Piece(offset, "start line", line)
        else:
            yield Piece(offset, canonical(line.partition(b":")[0].decode("latin-1")), line)
    body = raw[end:]
    lines = [each for each in _lines(body) if each[1]]
    for offset, line in lines:
        yield Piece(end + offset, _name_in_body(line), line)
    if len(lines) > 1 or not body.isascii():
        yield Piece(end, BODY, body, is_whole=True)


def counted(found: Iterator[Piece]) -> Iterator[Piece]:
    """Name every Via value by its place, whether it has a line of its own or shares one (RFC 3261 §7.3.1)."""
    vias = 0
    for piece in found:
        if piece.header != "via":
            yield piece
            continue
        for value in _COMMA.finditer(piece.data):
            yield Piece(piece.offset + value.start(), f"via {vias}", value.group())
            vias += 1


def values(value: str) -> list[str]:
    """Return the elements of a comma-separated header value."""
    return [each.group().decode("latin-1") for each in _COMMA.finditer(value.encode("latin-1"))]


def _end_of_head(raw: bytes) -> int:
    found = re.search(rb"\r\n\r\n|\n\n|\r\r", raw)
    return found.end() if found else len(raw)


def _logical(head: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines of a head, each with its continuations (RFC 3261 §7.3.1); blank lines left out."""
    begun: list[tuple[int, bytes]] = []
    for offset, line in _lines(head):
        if line[:1] in {b" ", b"\t"} and begun:
            first = begun[-1][0]
            begun[-1] = (first, head[first : offset + len(line)])
        elif line:
            begun.append((offset, line))
    return iter(begun)


def _lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    return ((each.start(), each.group().rstrip(b"\r\n")) for each in _LINE.finditer(text) if each.group())


def _name_in_body(line: bytes) -> str:
    name = line.partition(b":")[0].decode("latin-1")
    if line.startswith(b"a="):
        return f"{BODY} {name}"
    return f"{BODY} {name[:2]}" if line[1:2] == b"=" else f"{BODY} text"
