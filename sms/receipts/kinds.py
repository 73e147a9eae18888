"""What a receipt says and what it did. The words are those of the table `sms_receipt`.

ReceiptError            a report that is not taken; the text goes to whoever sent it
├── UnreadableError     400: it cannot be understood, and never will be
├── NotBelievedError    403: not from where it should come, or not signed as it should be
└── UnprovableError     503: it may be right, but what proves it is missing here
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

Status = Literal["accepted", "delivered", "failed", "expired", "ignored"]
Effect = Literal["waiting", "applied", "repeated", "overtaken", "contradicted", "ignored"]


class Taken(NamedTuple):
    """A receipt that is in the database. `notification`, `state`: what it is about and how that now stands."""

    id: int
    effect: Effect
    notification: int | None
    state: str | None


class Reading(NamedTuple):
    """What a receipt says: the provider's name of the message, ours, or both, and what became of it."""

    reference: str | None
    request_id: str | None
    status: Status
    reason: str | None = None


class Meaning(NamedTuple):
    """What a provider's status means. `reason` is for people; None: it needs none, or the receipt has its own."""

    status: Status
    reason: str | None = None


class Reporter(NamedTuple):
    """A row of `sms_provider` as far as its receipts go; `rules`: `sms_receipt_rule` by the value in small letters."""

    id: int
    driver: str
    credentials: Mapping[str, str]
    token: str
    sources: Sequence[str]
    signature_header: str | None
    signature_hash: str
    signature_key: str | None
    list_field: str | None
    reference_field: str | None
    request_id_field: str | None
    status_field: str | None
    reason_field: str | None
    rules: Mapping[str, Meaning]


class Report(NamedTuple):
    """An HTTP request as it came. `url`: as the provider called it; `request_id`: of its path; `form`: in its order."""

    method: str
    url: str
    query: str
    headers: Mapping[str, str]  # names in capitals
    body: bytes
    source: str
    request_id: str | None
    content: Any  # what query and body hold: {"name": "value"} or what the JSON says
    form: Sequence[tuple[str, str]] = ()

    def text(self, name: str) -> str | None:
        """Return the field `name` where it is there, and not empty."""
        value = self.content.get(name) if isinstance(self.content, dict) else None
        return str(value) if isinstance(value, str | int | float) and str(value) else None


class ReceiptError(Exception):
    """A report that is not taken; the text goes to whoever sent it."""


class UnreadableError(ReceiptError):
    """It cannot be understood, and never will be."""


class NotBelievedError(ReceiptError):
    """It is not from where it should come, or not signed as it should be."""


class UnprovableError(ReceiptError):
    """It may be right, but what proves it is missing here."""
