"""The driver `speedsms`: SpeedSMS.vn.

    credentials  token
    options      type ("3": a registered brandname; "2": any number; "4": their own brandname; "5": their Android app)

Login, codes, limit (60 requests in 60 s): https://speedsms.vn/sms-api/
SpeedSMS has nothing to recognise a repetition by: what is asked twice is sent twice.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from sms.providers.kinds import Meaning, Message, Provider, Refused, Result, Unknown
from sms.providers.wire import Reply, Request, basic, by_meaning, by_status, exchange
from sms.templates import credentials

CODES: Final[Mapping[str, Meaning]] = {
    "00": Meaning("accepted", "SpeedSMS took it"),
    "007": Meaning("failed", "SpeedSMS has locked this server's IP address"),
    "008": Meaning("failed", "SpeedSMS has blocked the account"),
    "009": Meaning("failed", "SpeedSMS does not let the account use the API"),
    "101": Meaning("failed", "SpeedSMS misses a parameter, or finds one invalid (sender, options: type)"),
    "105": Meaning("failed", "SpeedSMS finds the member's number invalid"),
    "110": Meaning("failed", "SpeedSMS does not support a character of the text"),
    "113": Meaning("failed", "SpeedSMS finds the text too long"),
    "300": Meaning("balance", "the SpeedSMS account has not enough balance: top it up"),
    "500": Meaning("down", "SpeedSMS has an internal error and asks to try again"),
}


def send(provider: Provider, message: Message, env: Mapping[str, str]) -> Result:
    """Ask SpeedSMS to send `message`."""
    return exchange(provider, lambda: _request(provider, message, env), _judge)


def _request(provider: Provider, message: Message, env: Mapping[str, str]) -> Request:
    (token,) = credentials(provider.credentials, env, "token")
    kind = provider.options.get("type", "3")
    body = {
        "to": [message.to_e164.removeprefix("+")],
        "content": message.text,
        "type": kind,
        "sms_type": kind,  # the same under the name that their own PHP class has for it
        "sender": message.sender,
    }
    login = basic(token, "x")
    headers = {"Authorization": login, "Content-Type": "application/json"}
    return Request("POST", provider.url, headers, json.dumps(body).encode(), (token, login.removeprefix("Basic ")))


def _judge(reply: Reply) -> Result:
    if not 200 <= reply.status < 300:
        return by_status(reply)
    fields = reply.fields
    if fields is None or "code" not in fields:
        return Unknown("SpeedSMS answered without a code", reply.status, reply.text)
    code = str(fields["code"])
    data: dict[str, Any] = found if isinstance(found := fields.get("data"), dict) else {}
    if code == "00" and data.get("invalidPhone"):  # taken, but not for the one number there was
        return Refused("SpeedSMS finds the member's number invalid", True, reply.status, reply.text)
    meaning = CODES.get(code, Meaning("again", f"SpeedSMS refused it with a code it does not document: {code[:20]}"))
    return by_meaning(meaning, reply, str(data["tranId"]) if "tranId" in data else None)
