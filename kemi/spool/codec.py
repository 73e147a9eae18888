"""A line of the spool: `crc32 of the JSON, 8 hex digits` `space` `JSON of events.Stamped` `newline`.

The checksum tells a line that a disk or a hand has changed from one that was never finished; JSON, because the
file is read by people in trouble. JSON escapes control characters, so a newline always ends a line.
"""

import zlib
from typing import Final

import msgspec

from kemi.domain.events import Event, Stamped
from kemi.errors import EdgeError

MAX_LINE: Final = 4096
"""Bytes a line of a full fork (30 legs) stays under. A budget, not a limit: a file has one writer, so a longer
line is as whole as a short one, only dearer."""

_CRC_DIGITS: Final = 8
_LINE: Final = b'{"id":"%b.%d","seq":%d,"instance":"%b","at_us":%d,"mono_ns":%d,"event":%b}'
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Stamped).decode


class LineError(EdgeError):
    """This line is not what was written; it says why."""


def encode(stamped: Stamped) -> bytes:
    """Return the line of `stamped`, newline included."""
    text = _encode(stamped)
    return b"%08x %b\n" % (zlib.crc32(text), text)


def encode_parts(stem: bytes, seq: int, instance: bytes, at_us: int, mono_ns: int, event: Event) -> bytes:
    """Return the same line of a `Stamped` that need not be made for it: half the time.

    `stem` (the file's) and `instance` are names that JSON needs not escape (`plain_name`).
    """
    text = _LINE % (stem, seq, seq, instance, at_us, mono_ns, _encode(event))
    return b"%08x %b\n" % (zlib.crc32(text), text)


def plain_name(name: str) -> bytes:
    """Return `name` as it stands within the quotes of a JSON string."""
    return _encode(name)[1:-1]


def decode(line: bytes) -> Stamped:
    """Return what `line` (without its newline) says. Raises `LineError`."""
    crc, text = line[:_CRC_DIGITS], line[_CRC_DIGITS + 1 :]
    if line[_CRC_DIGITS : _CRC_DIGITS + 1] != b" " or crc != b"%08x" % zlib.crc32(text):
        raise LineError("the checksum does not match")
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LineError(f"whole, but not an event this version knows: {error}") from error
