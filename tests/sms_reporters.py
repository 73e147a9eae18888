"""How providers report what became of a message, as their documentation has it: the HTTP requests that they make.

Each `Reporter` knows one provider's form of a report. What it is told of (an address, a webhook) is used as it is.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlencode

import requests

from tests.sms_apis import SECRETS


class Reported(NamedTuple):
    """A report: of which message, in the provider's own word for what became of it. `url`: where to."""

    url: str
    message_id: str
    status: str


Report = Callable[[Reported], requests.Request]


def esms(reported: Reported) -> requests.Request:
    """https://developers.esms.vn/en/esms-api/callback-url: a GET; the sample of a customer care message."""
    status, _, failed = reported.status.partition("/")
    fields = {
        "SMSID": reported.message_id, "SendFailed": failed or "0", "SendStatus": status, "SendSuccess": "0",
        "TotalPrice": "0.0000", "TotalReceiver": "1", "TotalSent": "1", "RequestId": "", "TypeId": "2", "telcoid": "1",
        "phonenumber": "0844441909", "switchsmsid": "",
    }  # fmt: skip
    return requests.Request("GET", f"{reported.url}?{urlencode(fields)}")


def speedsms(reported: Reported) -> requests.Request:
    """https://speedsms.vn/sms-api/, "Delivery status report": a POST of JSON."""
    body = {
        "type": "report",
        "tranId": int(reported.message_id),
        "phone": "84844441909",
        "status": int(reported.status),
    }
    return requests.Request("POST", reported.url, json=body)


def twilio(reported: Reported, token: str = SECRETS["TOKEN"]) -> requests.Request:
    """https://www.twilio.com/docs/usage/webhooks/messaging-webhooks, …/docs/usage/security: a signed form."""
    status, _, code = reported.status.partition("/")
    fields = {
        "SmsSid": reported.message_id, "SmsStatus": status, "MessageStatus": status, "To": "+84844441909",
        "MessageSid": reported.message_id, "AccountSid": SECRETS["USER"], "From": "+15017122661",
        "ApiVersion": "2010-04-01", **({"ErrorCode": code} if code else {}),
    }  # fmt: skip
    signed = reported.url + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    return requests.Request("POST", reported.url, data=fields, headers={"X-Twilio-Signature": signature})


def generic(reported: Reported, key: str = SECRETS["TOKEN"]) -> requests.Request:
    """A provider of nobody's: JSON within JSON, signed like many do."""
    told = {
        "to": {"phone": "+84844441909"},
        "message": {"id": reported.message_id, "state": reported.status},
        "why": 17,
    }
    body = json.dumps({"events": [told]})
    signature = "sha256=" + hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()
    return requests.Request(
        "POST", reported.url, data=body, headers={"Content-Type": "application/json", "X-Signature": signature}
    )


GENERIC_ROW: Final = """
    update sms_provider set receipt_list_field = 'events', receipt_reference_field = 'message.id',
        receipt_status_field = 'message.state', receipt_reason_field = 'why',
        receipt_signature_header = 'X-Signature', receipt_signature_key = '${env:TOKEN}';
    insert into sms_receipt_rule (provider_id, value, means, reason)
    select id, value, means, reason
    from sms_provider, (values ('DELIVRD', 'delivered', null), ('UNDELIV', 'failed', 'the telephone is off'),
        ('EXPIRED', 'expired', null), ('ENROUTE', 'accepted', null), ('READ', 'ignored', null))
        as rule (value, means, reason)
"""
CREDENTIALS: Final[Mapping[str, str]] = {
    "http": "{}",
    "esms": '{"api_key": "${env:USER}", "secret_key": "${env:TOKEN}"}',
    "speedsms": '{"token": "${env:TOKEN}"}',
    "twilio": '{"account_sid": "${env:USER}", "auth_token": "${env:TOKEN}"}',
}


class Reporting(NamedTuple):
    """A provider: its form of a report, and what its words mean. `message_id`: one as it makes them."""

    name: str
    report: Report
    message_id: str
    words: Mapping[str, tuple[str, str | None]]  # its word → our status, and what is said of it


ALL: Final = (
    Reporting("http", generic, "g-1", {
        "DELIVRD": ("delivered", None), "undeliv": ("failed", "the telephone is off"), "EXPIRED": ("expired", "17"),
        "ENROUTE": ("accepted", None), "READ": ("ignored", None), "MOVED": ("ignored", None),
    }),
    Reporting("esms", esms, "dc712784-9c5f-4c69-b9a8-ea69d56adc9a87", {
        "5": ("delivered", None), "5/1": ("failed", "eSMS counts it among the failed"),
        "4": ("failed", "eSMS rejected it"),
        "7": ("accepted", None), "1": ("accepted", None), "2": ("accepted", None), "6": ("ignored", None),
    }),
    Reporting("speedsms", speedsms, "123457", {
        "0": ("delivered", None), "63": ("accepted", None),
        "64": ("failed", "SpeedSMS could not deliver it: status 64"),
    }),
    Reporting("twilio", twilio, "SM" + "0a1b2c3d" * 4, {
        "delivered": ("delivered", None), "read": ("delivered", None), "sent": ("accepted", None),
        "sending": ("accepted", None), "queued": ("accepted", None), "receiving": ("ignored", None),
        "undelivered/30003": ("failed", "the member's telephone cannot be reached: switched off, or without a network"),
        "undelivered/30999": ("failed", "Twilio could not deliver it: error 30999"),
        "failed": ("failed", "Twilio could not send it"), "canceled": ("failed", "it was cancelled at Twilio"),
        "failed/30036": ("expired", "it waited at Twilio for longer than its ValidityPeriod"),
    }),
)  # fmt: skip
