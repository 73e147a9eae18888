"""Filling a provider's URL, headers and body: {to} {text} … (sms/README.md names them all), ${env:NAME}, ${file:NAME}.

One pass: what was filled in is never looked at again, so a text can hold "{to}" or "${env:…}" and nothing happens.
Braces of any other kind stay, JSON is full of them.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

Escape = Callable[[str], str]
_FIELDS: Final = (
    "to|to_international|to_e164|text|text_unaccented|sender|notification_id|request_id|receipt_url"
    "|kind|brand|caller|time|date|hotline|group|member|calls|template_id|jwt"
)
# A file is named, not where it is: a row of the database opens nothing but what lies in SECRETS_DIR.
_FIELD: Final = re.compile(
    r"\$\{(?:env:([A-Za-z_][A-Za-z0-9_]*)|file:([A-Za-z0-9_][A-Za-z0-9_.-]*))\}|\{(" + _FIELDS + r")\}"
)
_LIKE_ONE: Final = re.compile(r"\$\{[^{}]*\}|\{[A-Za-z_][A-Za-z0-9_]*\}")
_SECRETS_DIR: Final = "/run/secrets"
_MOST_SECRET: Final = 4096  # bytes
_CLOSED: Final = frozenset({"DATABASE_URL", "EDGE_KEY", "PGPASSWORD"})  # ours, and no provider's


class MissingSecretError(Exception):
    """A provider needs a variable or a file that the sender does not have (or does not give away)."""


def fill(template: str, fields: Mapping[str, str], env: Mapping[str, str], escape: Escape) -> str:
    """Return `template` with its fields, each passed through `escape`. Raises `MissingSecretError`."""

    def value(match: re.Match[str]) -> str:
        field = match[3]
        return escape(_secret(match, env) if field is None else fields[field])

    return _FIELD.sub(value, template)


def credentials(references: Mapping[str, str], env: Mapping[str, str], *names: str) -> list[str]:
    """Return what a provider's `references` called `names` stand for. Raises `MissingSecretError`."""
    missing = [name for name in names if name not in references]
    if missing:
        raise MissingSecretError(f"sms_provider.credentials lacks {', '.join(missing)}")
    found = [secrets([references[name]], env) for name in names]
    if not all(found):
        raise MissingSecretError("sms_provider.credentials holds something that is no reference")
    return [values[0] for values in found]


def names(template: str, field: str) -> bool:
    """Tell whether `template` has the field."""
    return any(match[3] == field for match in _FIELD.finditer(template))


def no_fields(templates: Iterable[str]) -> list[str]:
    """Return what is written like a field or a secret's reference, and is none: it is sent as it stands."""
    like = (match[0] for template in templates for match in _LIKE_ONE.finditer(template))
    return list(dict.fromkeys(one for one in like if not _FIELD.fullmatch(one)))


def secrets(templates: Iterable[str], env: Mapping[str, str]) -> list[str]:
    """Return the secrets that `templates` name. Raises `MissingSecretError`."""
    found = (match for template in templates for match in _FIELD.finditer(template))
    return [_secret(match, env) for match in found if match[3] is None]


def _secret(match: re.Match[str], env: Mapping[str, str]) -> str:
    variable, file = match[1], match[2]
    if variable is not None:
        if variable in _CLOSED or variable not in env:
            raise MissingSecretError(f"{variable} is not set in the sender's environment")
        return env[variable]
    directory = env.get("SECRETS_DIR") or env.get("CREDENTIALS_DIRECTORY") or _SECRETS_DIR  # systemd's LoadCredential
    try:
        with (Path(directory) / file).open("rb") as opened:
            return opened.read(_MOST_SECRET).decode().strip()
    except (OSError, ValueError):  # ValueError: not UTF-8
        raise MissingSecretError(f"the sender cannot read the file {file} in its SECRETS_DIR") from None


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
