"""The driver `http`: one request, made from the provider's templates, and what its row says of the reply.

reply                              means
---------------------------------  ---------------------------------------------------------
fits a row of sms_reply_rule       what the first such row says
2xx, matches success_pattern       accepted
2xx, does not match                refused, tried again (the provider says no in its own words)
every other, and none              as for every driver: wire.py
"""

import re
from collections.abc import Mapping

from sms.providers.kinds import Accepted, Meaning, Message, Provider, Refused, Result
from sms.providers.wire import Reply, Request, by_meaning, by_status, exchange, receipt_url
from sms.templates import escape_for, fill, in_url, plain, secrets


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
    fields = {
        "to": message.to,
        "to_international": message.to_e164.removeprefix("+"),
        "to_e164": message.to_e164,
        "text": message.text,
        "sender": message.sender,
        "notification_id": str(message.id),
        "request_id": message.request_id,
        "receipt_url": receipt_url(provider, message, env),
    }
    body = fill(provider.body_template, fields, env, escape_for(provider.content_type))
    headers = {name: fill(value, fields, env, plain) for name, value in provider.headers.items()}
    if body:
        headers.setdefault("Content-Type", provider.content_type)
    return Request(
        provider.method,
        fill(provider.url, fields, env, in_url),
        headers,
        body.encode() if body else None,
        (*secrets([provider.url, *provider.headers.values(), provider.body_template], env), provider.receipt_token),
    )


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
