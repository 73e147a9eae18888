"""No telephone number in a log line or a `repr`: the twin of kemi/domain/redaction.py (a test holds them together)."""

import re
from typing import Any, Final

# 7 digits or more, however grouped. Possessive: nothing behind them can make it try again.
_NUMBER: Final = re.compile(r"\+?[0-9](?:[ ._()/\u00a0-]{0,2}+[0-9]){6,}+")
_IPV4: Final = re.compile(r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}", re.ASCII)
_LEFT: Final = 3  # digits that stay


def redacted(text: str) -> str:
    """Return `text` with every run of digits that may be a telephone number shortened: "+84909789846" → "+84…846"."""
    return _NUMBER.sub(_shorten, text)


def shown(record: Any) -> str:
    """Return the `repr` of a named tuple that holds numbers: whatever prints it, they are redacted."""
    values = ", ".join(f"{name}={getattr(record, name)!r}" for name in record._fields)
    return f"{type(record).__name__}({redacted(values)})"


def _shorten(found: re.Match[str]) -> str:
    whole = found[0]
    if _IPV4.fullmatch(whole):
        return whole
    return ("+84…" if whole.startswith("+84") else "…") + whole[-_LEFT:]
