"""The texts that members get (design.md §1 by default, to the letter), and numbers as people here write them.

What is filled in comes from people and from the wire: it is one line of printable characters, whatever it was, and a
caller's number is a telephone number or is not told at all.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple

from sms.gsm import is_gsm, segments

Kind = Literal["answered", "missed"]
_HIDDEN: Final = "so an"
_WITHOUT_NFD: Final = str.maketrans({"đ": "d", "Đ": "D", "&": "va"})
COUNTRY: Final = "+84"  # its own numbers are written with 0, all others with + and their country
DEFAULTS: Final[Mapping[str, str]] = {  # the twin of sms_default_text (sql/migrations/0051)
    "answered": "({brand}) Ban vua nhan cuoc goi tu so {caller}.",
    "missed": (
        "({brand}) Ban da bi nho {calls} cuoc goi tu so {caller} vao luc {time} {date}."
        " Vui long kiem tra va lien he lai"
    ),
    # Of a caller whose number is not known: nobody can be called back, so nobody is asked to.
    "answered_withheld": "({brand}) Ban vua nhan cuoc goi tu so an.",
    "missed_withheld": "({brand}) Ban da bi nho {calls} cuoc goi tu so an vao luc {time} {date}.",
}
_E164: Final = re.compile(r"\+[1-9][0-9]{5,14}", re.ASCII)
_FIELD: Final = re.compile(r"\{(brand|caller|time|date|hotline|group|member|calls)\}")
_SPACES: Final = re.compile(r" {2,}")


class Told(NamedTuple):
    """What an SMS may say. Numbers are E.164; `caller` is None where it is not known, `called` in the tenant's time.

    `calls`: how many of this caller, the last one at `called`.
    """

    kind: Kind
    brand: str
    caller: str | None
    called: datetime
    hotline: str | None = None
    group: str | None = None
    member: str | None = None
    calls: int = 1


class Written(NamedTuple):
    """A text and what it costs."""

    text: str
    alphabet: Literal["gsm", "ucs2"]
    segments: int


def written(told: Told, template: str | None = None) -> Written:
    """Return the SMS; `template`: the tenant's own words, for a caller who is known or not as `told` has it."""
    line = text(told, template)
    return Written(line, "gsm" if is_gsm(line) else "ucs2", segments(line))


def text(told: Told, template: str | None = None) -> str:
    """Return the SMS as one line. A caller that is no telephone number is not told, and the default text says so."""
    fields = _fields(told)
    known = bool(fields["caller"])
    if told.caller is not None and not known:
        template = None  # it is for a caller who is known
    words = template or DEFAULTS[told.kind if known else f"{told.kind}_withheld"]
    # One pass: what was filled in is never looked at again.
    return one_line(_FIELD.sub(lambda found: fields[found[1]], words))


def words(told: Told) -> dict[str, str]:
    """Return what such a text tells, one by one: for providers that have it in a template of their own (Zalo)."""
    fields = {name: one_line(value) for name, value in _fields(told).items()}
    return {**fields, "kind": told.kind, "caller": fields["caller"] or _HIDDEN}


def _fields(told: Told) -> dict[str, str]:
    known = told.caller is not None and is_number(told.caller)
    return {
        "brand": told.brand,
        "caller": national(told.caller) if told.caller is not None and known else "",
        "time": told.called.strftime("%H:%M"),
        "date": told.called.strftime("%d/%m/%Y"),
        "hotline": national(told.hotline) if told.hotline and is_number(told.hotline) else "",
        "group": told.group or "",
        "member": told.member or "",
        "calls": str(told.calls),
    }


def one_line(words: str) -> str:
    """Return `words` without anything that is no character of a line: controls, line breaks, what turns text around."""
    if words.isascii() and words.isprintable():
        return words
    shown = "".join(" " if unicodedata.category(one) in _NOT_SHOWN else one for one in words)
    return words if shown == words else _SPACES.sub(" ", shown).strip()


_NOT_SHOWN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # Unicode's General_Category


def is_number(number: str) -> bool:
    """Say whether it is a telephone number in E.164, and nothing else."""
    return _E164.fullmatch(number) is not None


def unaccented(text: str) -> str:
    """Return `text` in ASCII, for networks that take nothing else: "Bạn & Đức" → "Ban va Duc".

    No & either: Viettel refuses it, however it is written.
    """
    bare = unicodedata.normalize("NFD", text.translate(_WITHOUT_NFD))
    return "".join(letter for letter in bare if not unicodedata.combining(letter)).encode("ascii", "replace").decode()


def national(number: str) -> str:
    """Return an E.164 `number` as it is dialled here: "+84909789846" → "0909789846"; foreign ones stay as they are."""
    return "0" + number.removeprefix(COUNTRY) if number.startswith(COUNTRY) else number
