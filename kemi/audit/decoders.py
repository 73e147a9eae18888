"""Codes that a secret may be hidden in, each undone at every alignment. None of them fails: noise gives noise.

The runs are taken as long as they can be, and short enough that eight digits or a word of five letters fill one.
"""

import binascii
import html
import re
import unicodedata
import zlib
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{7,}")
_BASE32: Final = re.compile(rb"[A-Za-z2-7]{8,}")
_BASE32HEX: Final = re.compile(rb"[0-9A-Va-v]{8,}")
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{8,}")
_SPACED_HEX: Final = re.compile(rb"(?:(?:0x|\\x|%)?[0-9A-Fa-f]{2}[ :.,;-]{0,2}){4,}")
_NOT_HEX: Final = re.compile(rb"0x|\\x|[^0-9A-Fa-f]")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
# int() knows 32 digits as 0-9a-v (base32hex); base32 has its own order (RFC 4648 §6).
_TO_BASE32HEX: Final = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz234567",
    b"0123456789abcdefghijklmnop0123456789abcdefghijklmnopqrstuv",
)
_ESCAPE: Final = re.compile(rb"\\u00([0-9A-Fa-f]{2})|\\x([0-9A-Fa-f]{2})|\\(.)")
_QUOTED: Final = re.compile(rb"=([0-9A-Fa-f]{2})|=\r?\n")  # wherever it stands: "a==41" is "a=" and "A"
# What people put between digits; what SIP puts between its parts (@ : ; = < >) begins another number.
_BETWEEN_DIGITS: Final = re.compile(rb"(?<=[0-9])[^0-9A-Za-z@:;=<>,\"|]{1,6}(?=[0-9])")
_DIGITS: Final = re.compile(rb"[0-9]{7,}")
_INFLATED_MOST: Final = 1 << 20

Run = tuple[str, int, bytes]  # what was undone, where the run began, what it said


def texts(line: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the readings of a whole line in which its text stays text, itself left out."""
    if b"%" in line:
        yield "percent-decoded", unquote_to_bytes(line)
    if b"\\" in line:
        yield "escapes removed", _ESCAPE.sub(_unescaped, line)
    if b"&" in line:
        yield "HTML entities decoded", html.unescape(line.decode("latin-1")).encode("utf-8", "replace")
    if b"=" in line:
        yield "quoted-printable decoded", _QUOTED.sub(lambda found: bytes.fromhex((found[1] or b"").decode()), line)
    if b"\0" in line:
        yield "UTF-16 decoded", line.replace(b"\0", b"")
    if not line.isascii():
        text = unicodedata.normalize("NFKC", line.decode("utf-8", "replace"))
        yield "Unicode normalised", text.encode()
    if b"\n" in line:
        yield "lines joined", re.sub(rb"\r?\n[ \t]*", b"", line)


def dense(text: bytes) -> bytes:
    """Return the digit groups of `text` (seven digits and more) with what separates their digits taken out."""
    return b" ".join(_DIGITS.findall(_BETWEEN_DIGITS.sub(b"", text)))


def runs(text: bytes) -> Iterator[Run]:
    """Yield what every run of `text` says that could be base64, base32 or hex."""
    for run in _BASE64.finditer(text):
        data = run.group().translate(_URL_SAFE)
        for skip in range(4):
            yield "base64-decoded", run.start() + skip, _unbase64(data[skip:])
    for run in _BASE32.finditer(text):
        yield from _bits("base32-decoded", run.start(), run.group().translate(_TO_BASE32HEX))
    for run in _BASE32HEX.finditer(text):
        yield from _bits("base32hex-decoded", run.start(), run.group())
    for run in _HEX.finditer(text):
        yield from _hex("hex-decoded", run.start(), run.group())
    for run in _SPACED_HEX.finditer(text):
        digits = _NOT_HEX.sub(b"", run.group())
        if digits != run.group():
            yield from _hex("hex-decoded", run.start(), digits)


def of_body(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the readings of a whole body that are more than its lines: compressed, uuencoded, packed digits."""
    if body[:2] in {b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda"}:
        yield "inflated", _inflated(body)
    if body.startswith(b"begin ") or b"\nbegin " in body:
        yield "uudecoded", b"".join(map(_uudecoded, body.splitlines()))
    if not body.isascii():
        yield "packed digits", body.hex().encode()
        yield "semi-octets", swapped(body.hex().encode())


def swapped(digits: bytes) -> bytes:
    """Return hex with the halves of every octet swapped: numbers in ISUP and SMS are packed so (ITU-T Q.763)."""
    even = digits[: len(digits) & ~1]
    both = bytearray(even)
    both[0::2], both[1::2] = even[1::2], even[0::2]
    return bytes(both)


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1] or found[2]
    return bytes.fromhex(code.decode()) if code else found[3]


def _unbase64(text: bytes) -> bytes:
    text = text[: len(text) - 1] if len(text) % 4 == 1 else text
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


def _bits(how: str, start: int, digits: bytes) -> Iterator[Run]:
    number, size = int(digits, 32), len(digits) * 5 // 8 + 1
    for shift in range(8):
        yield how, start, (number >> shift).to_bytes(size, "big")


def _hex(how: str, start: int, digits: bytes) -> Iterator[Run]:
    for skip in range(2):
        even = digits[skip : skip + (len(digits) - skip) // 2 * 2]
        yield how, start + skip, bytes.fromhex(even.decode())
        yield "semi-octets", start + skip, swapped(even)


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, _INFLATED_MOST)
    except zlib.error:
        return b""


def _uudecoded(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""
