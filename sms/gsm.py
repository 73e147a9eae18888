"""What a text costs: the GSM alphabet or UCS-2, and how many SMS it takes. Pure.

              one SMS    each of several      a unit is
    GSM       160        153                  a septet; ^ { } \\ [ ~ ] | and € are two
    UCS-2     70         67                   16 bits; what lies beyond the BMP (emoji) is two

Alphabet: 3GPP TS 23.038 §6.2.1, §6.2.1.1. Lengths: 3GPP TS 23.040 §9.2.3.24.1 (6 of 140 octets number the parts).
"""

from typing import Final

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE: Final = 0x1B
_EXTENDED: Final = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_SEPTETS: Final = {
    **{letter: bytes([code]) for code, letter in enumerate(_BASIC) if code != _ESCAPE},
    **{letter: bytes([_ESCAPE, code]) for letter, code in _EXTENDED.items()},
}
_GSM_LENGTHS: Final = (160, 153)
_UCS2_LENGTHS: Final = (70, 67)


def is_gsm(text: str) -> bool:
    """Tell whether every letter of `text` is in the GSM alphabet; one that is not makes all of it UCS-2."""
    return all(letter in _SEPTETS for letter in text)


def units(text: str) -> int:
    """Return the length of `text` in the units of its alphabet."""
    gsm = is_gsm(text)
    return sum(_width(letter, gsm=gsm) for letter in text)


def parts(text: str) -> list[str]:
    """Return what each SMS of `text` holds: no letter is torn apart. An empty text is one SMS, too."""
    gsm = is_gsm(text)
    alone, each = _GSM_LENGTHS if gsm else _UCS2_LENGTHS
    if units(text) <= alone:
        return [text]
    found, free = [""], each
    for letter in text:
        width = _width(letter, gsm=gsm)
        if width > free:
            found.append("")
            free = each
        found[-1] += letter
        free -= width
    return found


def segments(text: str) -> int:
    """Return how many SMS `text` is, and is paid for."""
    return len(parts(text))


def encode(text: str) -> bytes:
    """Return `text` in the GSM alphabet, a septet in each octet. Raises `UnicodeEncodeError`: use UCS-2."""
    for place, letter in enumerate(text):
        if letter not in _SEPTETS:
            raise UnicodeEncodeError("gsm", text, place, place + 1, "not in the GSM alphabet")
    return b"".join(_SEPTETS[letter] for letter in text)


def _width(letter: str, *, gsm: bool) -> int:
    if gsm:
        return len(_SEPTETS[letter])
    return 2 if ord(letter) > 0xFFFF else 1
