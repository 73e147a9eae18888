"""What goes into a driver and what comes out."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from sms.redaction import shown
from sms.storable import storable_name, storable_number, storable_text

# What a code may mean; `sms_reply_rule.means` takes the same words (sms/README.md).
Verdict = Literal["accepted", "again", "failed", "unknown", "down", "busy", "balance", "elsewhere", "suppressed"]
# Whose refusal it is, and so who else has to do with it:
#   message    this message's; nothing follows for others
#   down       the provider's: it, or the way to it, does not work
#   busy       the provider's: it was asked too often, and may be again after `wait_seconds`
#   balance    the account's: it is empty, and until it is not no message is taken
#   elsewhere  this provider has no way to this member (now or ever); another one may have
#   suppressed this message's: dropped as a repetition of the same text
#   setup      ours: a row or a secret is wrong, and nobody was asked
Cause = Literal["message", "down", "busy", "balance", "elsewhere", "suppressed", "setup"]


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
    on_unknown: Literal["retry", "hold", "query"] = "retry"
    failover_tries: int = 3
    receipt_token: str = ""


class Message(NamedTuple):
    """What is to be sent. `to` is national, `to_e164` has the plus sign; `id` stays the same at every try.

    `request_id` does, too, until a no is answered: at most 50 letters, digits and hyphens. `words`: what the text
    tells, one by one (`sms.messages.words`).
    """

    id: int
    to: str
    to_e164: str
    text: str
    sender: str
    request_id: str
    words: Mapping[str, str] = {}

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
    """The provider did not take it. `final`: it never will, asked again or not. Else not before `wait_seconds`."""

    why: str
    final: bool
    status: int | None = None
    reply: str | None = None
    wait_seconds: float = 0.0
    cause: Cause = "message"

    def __repr__(self) -> str:
        return shown(self)


class Unknown(NamedTuple):
    """The request left, and no answer tells whether it was taken. `down`: for the provider, or the way to it, fails."""

    why: str
    status: int | None = None
    reply: str | None = None
    down: bool = False

    def __repr__(self) -> str:
        return shown(self)


Result = Accepted | Refused | Unknown


def storable(result: Result) -> Result:
    """Return `result` as the database can keep it (sms/storable.py)."""
    if isinstance(result, Accepted):
        status = storable_number(result.status) or 0
        return Accepted(status, storable_text(result.reply), storable_name(result.message_id))
    reply = result.reply and storable_text(result.reply)
    return result._replace(why=storable_text(result.why), status=storable_number(result.status), reply=reply)


def bare(result: Result) -> Result:
    """Return what follows of `result`, and nothing that the provider said."""
    if isinstance(result, Accepted):
        return Accepted(0, "", None)
    return result._replace(why="its answer cannot be written down", status=None, reply=None)
