"""Telephone numbers: every spelling people and carriers use, one form inside (ITU-T E.164).

The `phonenumbers` library is the oracle in the tests and does the compiler's work; on the call path it costs
tens of µs and megabytes a worker, this costs one (kemi/decisions/0002).
"""

import re
from typing import Final

from kemi.domain.model import NumberFormat
from kemi.errors import NotANumber

_SEPARATORS: Final = str.maketrans("", "", " .-()/\u00a0")
_E164: Final = re.compile(r"\+[1-9][0-9]{5,14}", re.ASCII)  # E.164 §6.2.1: 15 digits at most
_NATIONAL: Final = re.compile(r"0[1-9][0-9]{6,12}", re.ASCII)  # as it stands in nearly every message
_NATIONAL_MIN: Final = 8  # "84" + 7 digits is a number with its country; shorter is a service number


def e164(text: str, country: str = "84") -> str:
    """Return `text` as E.164 with the plus sign: "02727777787" → "+842727777787".

    Takes 0…, 84…, +84…, 0084…, a `tel:` URI and the separators people type. `country` is the calling code
    that a number without one belongs to. Raises `NotANumber`.
    """
    if _NATIONAL.fullmatch(text):
        return f"+{country}{text[1:]}"
    bare = text.removeprefix("tel:").partition(";")[0].translate(_SEPARATORS)
    if bare.startswith("+"):
        number = bare
    elif bare.startswith("00"):
        number = "+" + bare[2:]
    elif bare.startswith("0"):
        number = "+" + country + bare[1:]
    elif bare.startswith(country) and len(bare) > len(country) + _NATIONAL_MIN - 1:
        number = "+" + bare
    else:
        raise NotANumber(f"{len(text)} characters that are not a telephone number")
    if not _E164.fullmatch(number):
        raise NotANumber(f"{len(text)} characters that are not a telephone number")
    return number


def spell(number: str, form: NumberFormat, country: str = "84") -> str:
    """Return an E.164 `number` as a gateway or a reader wants it.

    "national" is for numbers of `country` only: others come out as "+…", the form that stays right anywhere.
    """
    if form == "national":
        return "0" + number[1 + len(country) :] if number.startswith("+" + country) else number
    if form == "international":
        return "00" + number[1:]
    return number if form == "e164" else number[1:]
