"""What goes into a driver and what comes out."""

from collections.abc import Mapping
from typing import NamedTuple

from sms.redaction import shown


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


class Message(NamedTuple):
    """What is to be sent. `to` is national, `to_e164` has the plus sign; `id` stays the same at every try."""

    id: int
    to: str
    to_e164: str
    text: str
    sender: str

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
    """The provider did not take it, or nobody knows. `final`: it never will, asking again is no use."""

    why: str
    final: bool
    status: int | None = None
    reply: str | None = None

    def __repr__(self) -> str:
        return shown(self)
