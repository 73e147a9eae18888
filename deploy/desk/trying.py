"""One real SMS through a provider's row, and what was said on the way; nothing of it gets into the ledger."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from psycopg2.extensions import connection

from deploy.desk.asking import HOME, BadQuestion, Nothing, rows
from sms import messages
from sms.messages import Told, national, one_line, text
from sms.providers import DRIVERS, Accepted, Refused
from sms.providers.kinds import Message, Provider, Rule
from sms.providers.wire import overheard
from sms.templates import no_fields


class Tried(msgspec.Struct):
    """What was asked and answered. `fate`: accepted, refused or unknown, as in notification_attempt."""

    provider: str
    to: str
    text: str
    request: str | None
    status: int | None
    reply: str | None
    fate: str
    why: str | None
    message_id: str | None
    no_fields: list[str]  # what the templates have that is written like a field, and is none

    def in_words(self) -> str:
        """Return it for a person: the request, the reply, what it means."""
        said = [f"{one} is no field: it is sent as it stands (sms/README.md names them all)" for one in self.no_fields]
        said += [self.request or "(no HTTP request)", "", f"── reply {self.status or ''}", self.reply or "(none)", ""]
        verdict = f"{self.fate}: {self.why}" if self.why else self.fate
        return "\n".join([*said, verdict + (f", message id {self.message_id}" if self.message_id else "")])


def send(conn: connection, name: str, to: str, words: str, env: Mapping[str, str]) -> Tried:
    """Send `words` to `to`, E.164; empty: the text of a missed call from `to`. Raises `Nothing`, `BadQuestion`."""
    found = rows(conn, "provider", name=name)
    if not found:
        known = ", ".join(row["name"] for row in rows(conn, "providers")) or "none"
        raise Nothing(f"there is no SMS provider {name}; known: {known}")
    row = found[0]
    if words != one_line(words):
        raise BadQuestion("--text has control characters, or more spaces than one line needs")
    provider = _provider(row)
    told = Told("missed", row["brand"], to, datetime.now(HOME))
    name = f"test-{secrets.token_hex(16)}"
    message = Message(
        0, national(to), to, words or text(told, row["template"]), row["sends_as"], name, messages.words(told)
    )
    with overheard() as said:
        result = DRIVERS[provider.driver](provider, message, env)
    fate = "accepted" if isinstance(result, Accepted) else "refused" if isinstance(result, Refused) else "unknown"
    return Tried(
        provider=row["name"],
        to=message.to,
        text=message.text,
        request=said[-1] if said else None,
        status=result.status,
        reply=result.reply,
        fate=fate,
        why=None if isinstance(result, Accepted) else result.why,
        message_id=result.message_id if isinstance(result, Accepted) else None,
        no_fields=no_fields([provider.url, *provider.headers.values(), provider.body_template]),
    )


def _provider(row: Mapping[str, Any]) -> Provider:
    rules = tuple(Rule(*rule) for rule in row["rules"])
    return Provider(rules=rules, **{name: row[name] for name in Provider._fields if name != "rules"})
