"""The driver `esms`: eSMS.vn, customer care messages under a registered brandname.

    credentials  api_key, secret_key
    options      sms_type ("2"), sandbox ("0"; "1": eSMS checks the request and sends nothing)

Fields: https://developers.esms.vn/en/esms-api/send-sms-api/send-otp-customer-care-message
Codes:  https://developers.esms.vn/en/esms-api/table-of-error-codes
RequestId, at most 50 characters, keeps eSMS from taking a request twice within 24 hours:
        https://developers.esms.vn/en/esms-api/other-apis/send-customer-care-message-using-post-text
"""

import json
from collections.abc import Mapping
from typing import Final

from sms.providers.kinds import Meaning, Message, Provider, Result, Unknown
from sms.providers.wire import Reply, Request, by_meaning, by_status, exchange, receipt_url
from sms.templates import credentials

CODES: Final[Mapping[str, Meaning]] = {
    "99": Meaning("failed", "eSMS has blocked the member's number"),
    "100": Meaning("accepted", "eSMS took it; it does not say that a telephone showed it"),
    "101": Meaning("failed", "eSMS does not know the ApiKey or SecretKey"),
    "102": Meaning("failed", "eSMS has no price list for the account"),
    "103": Meaning("balance", "the eSMS account has not enough balance: top it up"),
    "104": Meaning("failed", "eSMS does not know the brandname (sms_provider.sender, or the tenant's brand)"),
    "108": Meaning("failed", "eSMS cannot read the member's number"),
    "118": Meaning("failed", "eSMS does not support the message type (options: sms_type)"),
    # The id is a new one after a no, unless an earlier request may be there: what is repeated is that one (0030).
    "124": Meaning("accepted", "eSMS had it already: an earlier request with this RequestId arrived"),
    "140": Meaning("failed", "eSMS does not accept requests from this server's IP address: have it allowed"),
    "146": Meaning("failed", "eSMS does not have the text among the brandname's registered templates"),
    "177": Meaning("elsewhere", "the brandname is not registered with the member's network"),
    "300": Meaning("failed", "eSMS misses the message type (options: sms_type)"),
}


def send(provider: Provider, message: Message, env: Mapping[str, str]) -> Result:
    """Ask eSMS to send `message`."""
    return exchange(provider, lambda: _request(provider, message, env), _judge)


def _request(provider: Provider, message: Message, env: Mapping[str, str]) -> Request:
    api_key, secret_key = credentials(provider.credentials, env, "api_key", "secret_key")
    body = {
        "ApiKey": api_key,
        "SecretKey": secret_key,
        "Phone": message.to,
        "Content": message.text,
        "Brandname": message.sender,
        "SmsType": provider.options.get("sms_type", "2"),
        "IsUnicode": "0" if message.text.isascii() else "1",
        "Sandbox": provider.options.get("sandbox", "0"),
        "RequestId": message.request_id,
    }
    if callback := receipt_url(provider, message, env):
        body["CallbackUrl"] = callback
    headers = {"Content-Type": "application/json"}
    secrets = (api_key, secret_key, provider.receipt_token)
    return Request("POST", provider.url, headers, json.dumps(body).encode(), secrets)


def _judge(reply: Reply) -> Result:
    if not 200 <= reply.status < 300:
        return by_status(reply)
    fields = reply.fields
    if fields is None or "CodeResult" not in fields:
        return Unknown("eSMS answered without a CodeResult", reply.status, reply.text)
    code = str(fields["CodeResult"])
    meaning = CODES.get(
        code, Meaning("again", f"eSMS refused it with a code that its documentation lacks: {code[:20]}")
    )
    message_id = fields.get("SMSID")
    return by_meaning(meaning, reply, str(message_id) if message_id else None)
