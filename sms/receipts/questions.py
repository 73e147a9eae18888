"""Who can be asked what became of a message, and how: one HTTP request, the answer read as its receipts are."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode, urljoin

from sms.providers.kinds import Accepted, Provider, Result
from sms.providers.wire import Reply, Request, basic, exchange
from sms.receipts import esms, twilio
from sms.receipts.kinds import Meaning, Reading
from sms.redaction import shown
from sms.templates import credentials

_MOST_REPLY: Final = 512 * 1024  # bytes: a page of Twilio's messages
_PAGE: Final = 100
_SKEW_SECONDS: Final = 60.0  # between the provider's clock and ours


class Question(NamedTuple):
    """About a message: `message_id`, the provider's name of it, None: it is not known, nor whether he has it.

    `known`: his names of our other messages to that number.
    """

    message_id: str | None
    to_e164: str
    text: str
    since: datetime
    known: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return shown(self)


class Found(NamedTuple):
    """The provider has it. `raw`: what he says of it."""

    reading: Reading
    raw: str


class NotThere(NamedTuple):
    """The provider answered, and does not have it."""


Answer = Found | NotThere | None
Ask = Callable[[Provider, Question, Mapping[str, str]], Answer]


def ask_esms(provider: Provider, question: Question, env: Mapping[str, str]) -> Answer:
    """Ask eSMS: https://developers.esms.vn/en/esms-api/retrive-and-register-functions/get-sms-by-smsid."""
    if question.message_id is None:
        return None

    def request() -> Request:
        api_key, secret_key = credentials(provider.credentials, env, "api_key", "secret_key")
        fields = urlencode({"RefId": question.message_id, "ApiKey": api_key, "SecretKey": secret_key})
        # its neighbour: …/json/SendMultipleMessage_V4_post_json/ → …/json/GetSendStatus
        return Request(
            "GET", urljoin(provider.url.rstrip("/"), "GetSendStatus") + "?" + fields, {}, None, (api_key, secret_key)
        )

    reply = _ask(provider, request)
    fields = (reply.fields or {}) if reply and reply.status == 200 else {}
    if str(fields.get("CodeResponse")) != "100":
        return None
    said = {name: str(fields.get(name) or "0") for name in ("SendStatus", "SendSuccess", "SendFailed")}
    meaning = esms.STATUSES.get(said["SendStatus"], Meaning("ignored"))
    if meaning.status == "delivered" and said["SendFailed"] != "0":
        meaning = esms.FAILED
    elif meaning.status == "delivered" and said["SendSuccess"] == "0":  # here 5 is "sent to operator"
        meaning = Meaning("accepted")
    return Found(Reading(question.message_id, None, meaning.status, meaning.reason), json.dumps(fields))


def ask_twilio(provider: Provider, question: Question, env: Mapping[str, str]) -> Answer:
    """Ask Twilio (https://www.twilio.com/docs/messaging/api/message-resource) for one, or its list, newest first."""

    def request() -> Request:
        account, token = credentials(provider.credentials, env, "account_sid", "auth_token")
        url = f"{provider.url.rstrip('/')}/Accounts/{quote(account, safe='')}/Messages"
        if question.message_id:
            url += f"/{quote(question.message_id, safe='')}.json"
        else:
            url += ".json?" + urlencode({"To": question.to_e164, "PageSize": _PAGE})
        login = basic(account, token)
        return Request("GET", url, {"Authorization": login}, None, (token, login.removeprefix("Basic "), account))

    reply = _ask(provider, request)
    fields = (reply.fields or {}) if reply and reply.status == 200 else {}
    if question.message_id:
        return _twilio_found(fields) if fields.get("sid") else None
    messages = fields.get("messages")
    if not isinstance(messages, list):
        return None
    # Oldest first: of two alike whose names are both unknown, each finds one, and it does not matter which.
    ours = [one for one in reversed(messages) if isinstance(one, dict) and _is_it(one, question)]
    if ours:
        return _twilio_found(ours[0])
    # A full page may have hidden it.
    return NotThere() if len(messages) < _PAGE else None


def _is_it(message: dict[str, Any], question: Question) -> bool:
    if str(message.get("sid")) in question.known or not str(message.get("direction")).startswith("outbound"):
        return False
    try:
        made = parsedate_to_datetime(str(message.get("date_created")))
    except ValueError:
        return False
    made = made.replace(tzinfo=made.tzinfo or UTC)
    early = (question.since - made).total_seconds() > _SKEW_SECONDS
    return message.get("body") == question.text and message.get("to") == question.to_e164 and not early


def _twilio_found(message: dict[str, Any]) -> Found:
    code = message.get("error_code")
    meaning = twilio.meaning(str(message.get("status")), str(code) if code else "")
    return Found(Reading(str(message["sid"]), None, meaning.status, meaning.reason), json.dumps(message))


def _ask(provider: Provider, request: Callable[[], Request]) -> Reply | None:
    """Return the answer, None: there is none (no connection, no secret, half an answer)."""
    heard: list[Reply] = []

    def judge(reply: Reply) -> Result:
        heard.append(reply)
        return Accepted(reply.status, "", None)

    exchange(provider, request, judge, most=_MOST_REPLY)
    return heard[0] if heard else None


ASK: Final[Mapping[str, Ask]] = {"esms": ask_esms, "twilio": ask_twilio}
