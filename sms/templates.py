"""Filling a provider's URL, headers and body: {to} {to_e164} {text} {sender} {notification_id} and ${env:NAME}.

One pass: what was filled in is never looked at again, so a text can hold "{to}" or "${env:…}" and nothing happens.
Braces of any other kind stay, JSON is full of them.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

Escape = Callable[[str], str]
_FIELD: Final = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}|\{(to|to_e164|text|sender|notification_id)\}")
_CLOSED: Final = frozenset({"DATABASE_URL", "EDGE_KEY", "PGPASSWORD"})  # ours, and no provider's


class MissingSecretError(Exception):
    """A provider needs a variable that the sender's environment does not have (or does not give away)."""


def fill(template: str, fields: Mapping[str, str], env: Mapping[str, str], escape: Escape) -> str:
    """Return `template` with its fields, each passed through `escape`. Raises `MissingSecretError`."""

    def value(match: re.Match[str]) -> str:
        name, field = match.groups()
        if field is not None:
            return escape(fields[field])
        if name in _CLOSED or name not in env:
            raise MissingSecretError(f"{name} is not set in the sender's environment")
        return escape(env[name])

    return _FIELD.sub(value, template)


def escape_for(content_type: str) -> Escape:
    """Return how values are written inside a body of `content_type`."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.endswith("json"):
        return lambda value: json.dumps(value, ensure_ascii=False)[1:-1]
    if kind.endswith("xml"):
        return lambda value: escape(value, {'"': "&quot;", "'": "&apos;"})
    return quote_plus if kind == "application/x-www-form-urlencoded" else plain


def in_url(value: str) -> str:
    """Write `value` inside a URL (RFC 3986 §2.1)."""
    return quote(value, safe="")


def plain(value: str) -> str:
    """Write `value` as it is."""
    return value
