"""The forms in which one word may stand among the bytes of a message, codes apart (those are readings.py's)."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

from kemi.audit.readings import GRAM, Reading
from kemi.audit.said import TAIL

_IPV4: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_LETTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
_TOKEN: Final = re.compile(rb"[a-z0-9_+-]*")
_LONG: Final = 20  # characters of a token; in longer ones "_" and "-" are digits of base64 and part no words
_IN_ADDRESS: Final = frozenset(b"%c" % each for each in b"0123456789.")
_DIGITS: Final = _IN_ADDRESS - {b"."}
_SHORT: Final = 8  # characters; shorter words are looked for as whole words, or base64 noise would hold them
_SHORT_DECODED: Final = 7  # bytes; shorter words only where text came out: random bytes hold them
_PRINTABLE: Final = re.compile(rb"[\x20-\x7e]+")
_SURELY_TEXT: Final = 12  # printable bytes in a row; random ones are so once in 140,000 places
_JOINTS: Final = ("", "_", ".", "-", "+", "  ")


class Form(NamedTuple):
    """Bytes to look for, lower case; the word that they are a form of; what form it is ("" for itself)."""

    data: bytes
    word: bytes
    note: str
    is_address: bool


def forms(word: str) -> Iterator[Form]:
    """Yield the forms of a word (lower case; a number is its tail, an address is canonical)."""
    name = word.encode("latin-1", "replace")
    for data, note in {data: note for note, data in _spelled(word)}.items():
        if len(data) >= GRAM:
            yield Form(data, name, note, bool(_IPV4.fullmatch(word)))


def _spelled(word: str) -> Iterator[tuple[str, bytes]]:
    plain = word.encode("latin-1", "replace")
    if word.isdigit() and len(word) == TAIL:
        yield "reversed", plain[::-1]
    elif _IPV4.fullmatch(word) or ":" in word:
        yield from (("as " + note, text.encode()) for note, text in _of_address(word))
    elif " " in word:
        yield from (("joined otherwise", joint.join(word.split()).encode("latin-1", "replace")) for joint in _JOINTS)
    if not plain.isascii():
        yield from _of_letters(word)
    yield "", plain


def _of_address(word: str) -> Iterator[tuple[str, str]]:
    try:
        address = ipaddress.ip_address(word)
    except ValueError:
        return
    if address.version == 6:
        yield "full IPv6", address.exploded
        yield "IPv6", address.compressed
        return
    yield "hex", address.packed.hex()
    yield "dashes", word.replace(".", "-")
    yield "IPv6", f"::ffff:{address.packed[:2].hex()}:{address.packed[2:].hex()}"


def _of_letters(word: str) -> Iterator[tuple[str, bytes]]:
    """The word with and without its accents; what was read as Latin-1 may have been UTF-8."""
    try:
        text = word.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        text = word
    for each in (text, text.upper(), text.lower(), unicodedata.normalize("NFD", text)):
        yield "in UTF-8", each.encode().lower()
    # đ has no decomposition.
    bare = unicodedata.normalize("NFD", text.lower()).replace("đ", "d")
    yield "without accents", bare.encode("ascii", "ignore")


def places(form: Form, reading: Reading, low: bytes) -> Iterator[int]:
    """Yield where `form` stands in a reading (`low` is its lower case), as a word of its own where it must be."""
    at = low.find(form.data)
    while at >= 0:
        if _stands(form, reading, low, at, at + len(form.data)):
            yield at
        at = low.find(form.data, at + 1)


def _stands(form: Form, reading: Reading, low: bytes, begin: int, end: int) -> bool:
    if form.is_address and form.note != "as hex":  # 127.0.0.1 is not in 127.0.0.10
        is_whole = low[begin - 1 : begin] not in _IN_ADDRESS and low[end : end + 1] not in _DIGITS
    elif reading.is_text and (len(form.data) < _SHORT or form.note == "as hex"):
        is_whole = _is_word(low, begin, end)
    else:
        is_whole = True
    return is_whole and (reading.is_text or len(form.data) >= _SHORT_DECODED or _is_text(low, begin))


def _is_word(low: bytes, begin: int, end: int) -> bool:
    """Whether neither letters nor a long token go on where the word begins and ends."""
    around = low[max(0, begin - 1) : begin] + low[end : end + 1]
    if not _LETTERS.isdisjoint(around):
        return False
    before = _TOKEN.match(low[max(0, begin - _LONG) : begin][::-1])
    after = _TOKEN.match(low, end, end + _LONG)
    return len(before[0] if before else b"") + end - begin + len(after[0] if after else b"") < _LONG


def _is_text(low: bytes, at: int) -> bool:
    """Whether what was decoded around `at` is text: nearly all of it, or a long run."""
    around = next(each for each in _PRINTABLE.finditer(low) if each.start() <= at < each.end())
    length = around.end() - around.start()
    return length >= _SURELY_TEXT or len(low) - length <= 2
