"""The driver `http`: one request, made from the provider's templates, and what its row says of the reply.

reply                              means
---------------------------------  ---------------------------------------------------------
fits a row of sms_reply_rule       what the first such row says
2xx, matches success_pattern       accepted
2xx, does not match                refused, tried again (the provider says no in its own words)
every other, and none              as for every driver: wire.py
"""

import re
import time
from collections.abc import Mapping
from typing import Final

from sms.messages import unaccented
from sms.providers import jwt
from sms.providers.kinds import Accepted, Meaning, Message, Provider, Refused, Result
from sms.providers.wire import Reply, Request, by_meaning, by_status, exchange, receipt_url
from sms.templates import MissingSecretError, credentials, escape_for, fill, in_url, names, plain, secrets

_WORDS: Final = ("kind", "brand", "caller", "time", "date", "hotline", "group", "member", "calls")


def send(provider: Provider, message: Message, env: Mapping[str, str]) -> Result:
    """Ask `provider` to send `message`; `env` holds the secrets that its templates name."""
    patterns = [provider.success_pattern, provider.message_id_pattern, *(rule.pattern for rule in provider.rules)]
    try:  # before anything is sent: what cannot be understood is not asked
        for pattern in patterns:
            re.compile(pattern or "")
    except re.error as error:
        why = f"a pattern of its success_pattern, message_id_pattern or rules cannot be used: {error}"
        return Refused(why, final=False, cause="setup")
    return exchange(provider, lambda: _request(provider, message, env), lambda reply: _judge(provider, reply))


def _request(provider: Provider, message: Message, env: Mapping[str, str]) -> Request:
    templates = [provider.url, *provider.headers.values(), provider.body_template]
    fields = dict.fromkeys(_WORDS, "") | {
        **message.words,
        "to": message.to,
        "to_international": message.to_e164.removeprefix("+"),
        "to_e164": message.to_e164,
        "text": message.text,
        "text_unaccented": unaccented(message.text),
        "sender": message.sender,
        "notification_id": str(message.id),
        "request_id": message.request_id,
        "receipt_url": receipt_url(provider, message, env),
    }
    hidden = [*secrets(templates, env), provider.receipt_token]
    if any(names(template, "template_id") for template in templates):
        fields["template_id"] = _template_id(provider, message)
    if any(names(template, "jwt") for template in templates):
        issuer, key = credentials(provider.credentials, env, "jwt_issuer", "jwt_key")
        fields["jwt"] = jwt.signed(issuer, key, provider.options, time.time())
        hidden += [key, fields["jwt"]]
    body = fill(provider.body_template, fields, env, escape_for(provider.content_type))
    headers = {name: fill(value, fields, env, plain) for name, value in provider.headers.items()}
    if body:
        headers.setdefault("Content-Type", provider.content_type)
    url = fill(provider.url, fields, env, in_url)
    return Request(provider.method, url, headers, body.encode() if body else None, tuple(hidden))


def _template_id(provider: Provider, message: Message) -> str:
    """Return the provider's name of the text: it has one for each kind."""
    name = f"template_id_{message.words.get('kind', 'missed')}"
    if name not in provider.options:
        raise MissingSecretError(f"sms_provider.options lacks {name}")
    return provider.options[name]


def _judge(provider: Provider, reply: Reply) -> Result:
    found = re.search(provider.message_id_pattern, reply.text) if provider.message_id_pattern else None
    message_id = found[1] if found and found.re.groups else None
    for rule in provider.rules:
        if rule.http_status not in {None, reply.status}:
            continue
        if rule.pattern is None or re.search(rule.pattern, reply.text):
            return by_meaning(Meaning(rule.means, rule.reason), reply, message_id)
    if not 200 <= reply.status < 300:
        return by_status(reply)
    if provider.success_pattern and not re.search(provider.success_pattern, reply.text):
        why = "the provider's answer does not match its success_pattern"
        return Refused(why, False, reply.status, reply.text, reply.wait_seconds)
    return Accepted(reply.status, reply.text, message_id)
