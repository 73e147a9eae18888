"""Telephone numbers where they do not belong, in a log line or a `repr`: shortened until they call nobody.

    redacted("+84909789846")             "+84…846"
    redacted("0909789846-abc@10.9.9.9")  "…846-abc@10.9.9.9"

No hash stands in its place: there are so few telephone numbers that whoever has the hash soon has the number. The rest
of a Call-ID is what an operator finds it by.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

# 7 digits or more, however grouped. Possessive: nothing behind them can make it try again.
_NUMBER: Final = re.compile(r"\+?[0-9](?:[ ._()/\u00a0-]{0,2}+[0-9]){6,}+")
_IPV4: Final = re.compile(r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}", re.ASCII)
_LEFT: Final = 3  # digits that stay


def redacted(text: str) -> str:
    """Return `text` with every run of digits that may be a telephone number shortened; IPv4 addresses stay."""
    return _NUMBER.sub(_shorten, text)


class Discreet(msgspec.Struct, frozen=True):
    """Base of records that hold numbers. It costs them nothing but their `repr`."""

    def __repr__(self) -> str:
        return shown(self, self.__struct_fields__)


def _shorten(found: re.Match[str]) -> str:
    whole = found[0]
    if _IPV4.fullmatch(whole):
        return whole
    return ("+84…" if whole.startswith("+84") else "…") + whole[-_LEFT:]


def shown(record: Any, fields: Iterable[str]) -> str:
    """Return the `repr` of a record that holds numbers: whatever prints it, its texts are redacted."""
    values = (f"{name}={_shown(getattr(record, name))}" for name in fields)
    return f"{type(record).__name__}({', '.join(values)})"


def _shown(value: object) -> str:
    """Return the `repr` of a field; records within it have their own, and a plain number is an id or a time."""
    texts = isinstance(value, str | bytes | dict) or (
        isinstance(value, list | tuple) and isinstance(next(iter(value), 0), str)
    )
    return redacted(repr(value)) if texts else repr(value)
