"""What goes into a driver and what comes out."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from sms.redaction import shown

Verdict = Literal["accepted", "again", "failed", "unknown"]


class Meaning(NamedTuple):
    """What a provider's code says about the message, and why, for people."""

    verdict: Verdict
    why: str


class Rule(NamedTuple):
    """A row of `sms_reply_rule`."""

    http_status: int | None
    pattern: str | None
    means: Verdict
    reason: str


class Provider(NamedTuple):
    """A row of `sms_provider`."""

    id: int
    driver: str
    url: str
    method: str
    headers: Mapping[str, str]
    body_template: str
    content_type: str
    success_pattern: str | None
    message_id_pattern: str | None
    timeout_seconds: float
    credentials: Mapping[str, str] = {}
    options: Mapping[str, str] = {}
    rules: Sequence[Rule] = ()
    on_unknown: Literal["retry", "hold"] = "retry"


class Message(NamedTuple):
    """What is to be sent. `to` is national, `to_e164` has the plus sign; `id` stays the same at every try.

    `request_id` does, too, until a request is refused: at most 50 letters, digits and hyphens.
    """

    id: int
    to: str
    to_e164: str
    text: str
    sender: str
    request_id: str

    def __repr__(self) -> str:
        return shown(self)


class Accepted(NamedTuple):
    """The provider took it."""

    status: int
    reply: str
    message_id: str | None

    def __repr__(self) -> str:
        return shown(self)


class Refused(NamedTuple):
    """The provider did not take it. `final`: it never will, asking again is no use. Else not before `wait_seconds`."""

    why: str
    final: bool
    status: int | None = None
    reply: str | None = None
    wait_seconds: float = 0.0

    def __repr__(self) -> str:
        return shown(self)


class Unknown(NamedTuple):
    """The request left, and no answer tells whether the provider took it."""

    why: str
    status: int | None = None
    reply: str | None = None

    def __repr__(self) -> str:
        return shown(self)


Result = Accepted | Refused | Unknown
