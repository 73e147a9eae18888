"""The driver `twilio`: Twilio's Messages resource.

    url          https://api.twilio.com/2010-04-01
    credentials  account_sid, auth_token
    sender       a number (E.164), a registered name, or a Messaging Service (MG…)

Resource: https://www.twilio.com/docs/messaging/api/message-resource
Codes:    https://www.twilio.com/docs/api/errors, a page each: …/errors/21614
429:      never processed, always safe to retry: https://www.twilio.com/docs/api/errors/20429
Twilio has nothing to recognise a repetition by: what is asked twice is sent twice.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from sms.providers.kinds import Accepted, Meaning, Message, Provider, Result, Unknown
from sms.providers.wire import Reply, Request, basic, by_meaning, by_status, exchange, receipt_url
from sms.templates import credentials

CODES: Final[Mapping[str, Meaning]] = {
    "20003": Meaning("failed", "Twilio does not know the account SID or auth token"),
    "20404": Meaning("failed", "Twilio does not find the account (url, account_sid)"),
    "20429": Meaning("busy", "Twilio was asked too often at one time"),
    "21211": Meaning("failed", "Twilio finds the member's number invalid"),
    "21408": Meaning("elsewhere", "the Twilio account may not send to the member's country: allow it there"),
    "21606": Meaning("failed", "Twilio cannot send SMS from this sender (sms_provider.sender)"),
    "21608": Meaning("failed", "the Twilio account is a trial: it sends to verified numbers only"),
    "21610": Meaning("failed", "the member has told Twilio to stop messages of this sender"),
    "21612": Meaning("elsewhere", "Twilio has no way from this sender to the member's number"),
    "21614": Meaning("failed", "the member's number is none that can get SMS (a landline)"),
}
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")


def send(provider: Provider, message: Message, env: Mapping[str, str]) -> Result:
    """Ask Twilio to send `message`."""
    return exchange(provider, lambda: _request(provider, message, env), _judge)


def _request(provider: Provider, message: Message, env: Mapping[str, str]) -> Request:
    account, token = credentials(provider.credentials, env, "account_sid", "auth_token")
    sender = "MessagingServiceSid" if _SERVICE.fullmatch(message.sender) else "From"
    fields = {"To": message.to_e164, sender: message.sender, "Body": message.text}
    if callback := receipt_url(provider, message, env):
        fields["StatusCallback"] = callback
    body = urlencode(fields)
    url = f"{provider.url.rstrip('/')}/Accounts/{quote(account, safe='')}/Messages.json"
    login = basic(account, token)
    headers = {"Authorization": login, "Content-Type": "application/x-www-form-urlencoded"}
    secrets = (token, login.removeprefix("Basic "), account, provider.receipt_token)
    return Request("POST", url, headers, body.encode(), secrets)


def _judge(reply: Reply) -> Result:
    fields = reply.fields or {}
    if 200 <= reply.status < 300:
        if not fields.get("sid"):
            return Unknown("Twilio answered without a sid", reply.status, reply.text)
        return Accepted(reply.status, reply.text, str(fields["sid"]))
    meaning = CODES.get(str(fields.get("code")))
    return by_meaning(meaning, reply) if meaning else by_status(reply)
