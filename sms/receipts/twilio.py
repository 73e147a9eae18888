"""Receipts of Twilio: a POST of a form to the request's StatusCallback, for each change of the status, always signed.

Statuses:  https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
Codes:     https://www.twilio.com/docs/api/errors/30003 and so on, a page each
Signature: https://www.twilio.com/docs/usage/security: base64 of the HMAC-SHA1, under the auth token, of the URL as
           Twilio calls it and then each field of the form, name and value, sorted by name
"""

import base64
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from sms.receipts.kinds import Meaning, NotBelievedError, Reading, Report, Reporter, UnprovableError, UnreadableError
from sms.templates import MissingSecretError, credentials

STATUSES: Final[Mapping[str, Meaning]] = {
    "accepted": Meaning("accepted"),
    "scheduled": Meaning("accepted"),
    "queued": Meaning("accepted"),
    "sending": Meaning("accepted"),
    "sent": Meaning("accepted"),
    "delivered": Meaning("delivered"),
    "read": Meaning("delivered"),
    "undelivered": Meaning("failed", "Twilio could not deliver it"),
    "failed": Meaning("failed", "Twilio could not send it"),
    "canceled": Meaning("failed", "it was cancelled at Twilio"),
}
CODES: Final[Mapping[str, Meaning]] = {
    "30003": Meaning("failed", "the member's telephone cannot be reached: switched off, or without a network"),
    "30004": Meaning("failed", "the member, or the network, blocks messages of this sender"),
    "30005": Meaning("failed", "the member's number is not in use any more"),
    "30006": Meaning("failed", "the member's number is a landline, or of a network that Twilio cannot reach"),
    "30007": Meaning("failed", "Twilio or the network took the text for unwanted"),
    "30008": Meaning("failed", "Twilio could not deliver it and does not know why"),
    "30036": Meaning("expired", "it waited at Twilio for longer than its ValidityPeriod"),
}


def read(_reporter: Reporter, report: Report) -> list[Reading]:
    """Return what Twilio says. Raises `UnreadableError`."""
    reference, status = report.text("MessageSid") or report.text("SmsSid"), report.text("MessageStatus")
    if not reference or not status:
        raise UnreadableError("a receipt of Twilio has MessageSid and MessageStatus")
    found = meaning(status, report.text("ErrorCode") or "")
    return [Reading(reference, report.request_id, found.status, found.reason)]


def meaning(status: str, code: str) -> Meaning:
    """Return what a status means, with the error code beside it; "": there is none."""
    found = STATUSES.get(status, Meaning("ignored", f"Twilio has no such status for what is sent: {status[:20]}"))
    if found.status != "failed":
        return found
    return CODES.get(code) or found._replace(reason=f"{found.reason}{code and f': error {code[:10]}'}")


def prove(reporter: Reporter, report: Report, env: Mapping[str, str]) -> None:
    """Return if Twilio signed it. Raises `NotBelievedError`, `UnprovableError`."""
    try:
        (token,) = credentials(reporter.credentials, env, "auth_token")
    except MissingSecretError as missing:
        raise UnprovableError("the auth token that Twilio signs with is not known here") from missing
    signature = report.headers.get("X-TWILIO-SIGNATURE", "")
    if not any(_equal(signature, sign(url, report, token)) for url in _spellings(report.url)):
        raise NotBelievedError(
            "X-Twilio-Signature is missing or is not of this request: is RECEIPTS_URL what Twilio calls?"
        )


def sign(url: str, report: Report, token: str) -> str:
    """Return the signature of `report`, called as `url`."""
    fields = "".join(name + value for name, value in sorted(set(report.form)))
    return base64.b64encode(hmac.digest(token.encode(), (url + fields).encode(), "sha1")).decode()


def _spellings(url: str) -> tuple[str, str]:
    """Return `url` with and without its port: Twilio's own libraries accept both."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.netloc.removesuffix(f":{parts.port}")
    return urlunsplit(parts._replace(netloc=host)), urlunsplit(parts._replace(netloc=f"{host}:{port}"))


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
