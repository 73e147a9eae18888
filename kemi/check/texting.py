"""Whether members get their SMS: tenants that have nobody to send them, and what keeps their providers from it.

What the tables say by themselves is judged by the views `sms_check` and `sms_provider_check`; here it is looked whether
the secrets that a provider's row names are there. They must be where the sender runs, which may be elsewhere: where one
is not here, that is said, and fails nothing.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from kemi.check.verdict import State

_SECRETS_DIR: Final = "/run/secrets"  # the sender's default


class TextsVerdict(msgspec.Struct, frozen=True):
    """Whether a tenant's members can be told of calls, and by whom: the first provider, the second one."""

    tenant: str
    providers: tuple[str, ...]
    state: State
    reason: str | None = None


class ProviderVerdict(msgspec.Struct, frozen=True):
    """Whether a provider is given SMS; `until`: when one that is left alone is tried again."""

    id: int
    name: str
    state: State
    reason: str | None = None
    until: str | None = None


class ProviderRow(NamedTuple):
    """A row of `sms_provider_check`."""

    id: int
    name: str
    reason: str | None
    left_alone: str | None
    probe_at: datetime | None
    variables: list[str]
    files: list[str]
    enabled: bool


def texts_verdicts(rows: Iterable[tuple[str, list[str], str | None]]) -> Iterator[TextsVerdict]:
    """Judge the rows of `sms_check`."""
    for tenant, providers, reason in rows:
        yield TextsVerdict(tenant, tuple(providers), "yes" if reason is None else "no", reason)


def provider_verdicts(rows: Iterable[ProviderRow], env: Mapping[str, str]) -> Iterator[ProviderVerdict]:
    """Judge the rows of `sms_provider_check`; `env`: where secrets are looked for."""
    for row in rows:
        said = "; ".join(filter(None, (row.left_alone, *_missing(row, env)))) or None
        if row.reason is not None:
            yield ProviderVerdict(row.id, row.name, "no" if row.enabled else "off", row.reason)
        elif row.left_alone is not None:
            until = None if row.probe_at is None else f"{row.probe_at.astimezone():%Y-%m-%d %H:%M:%S}"
            yield ProviderVerdict(row.id, row.name, "closed", said, until)
        else:
            yield ProviderVerdict(row.id, row.name, "yes", said)


def _missing(row: ProviderRow, env: Mapping[str, str]) -> Iterator[str]:
    folder = Path(env.get("SECRETS_DIR") or env.get("CREDENTIALS_DIRECTORY") or _SECRETS_DIR)
    names = [one for one in row.variables if one not in env]
    files = [str(folder / one) for one in row.files if not os.access(folder / one, os.R_OK)]
    if names:
        yield f"not set here, the sender needs it: {', '.join(names)}"
    if files:
        yield f"not to be read here, the sender needs it: {', '.join(files)}"
