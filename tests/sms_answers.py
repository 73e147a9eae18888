"""What Twilio and eSMS answer who asks what became of a message, as their documentation has it; sending is as ever.

ApiServer(asked_too(twilio))        server.taken[0] = server.taken[0]._replace(status="delivered")
"""

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests import sms_apis
from tests.sms_apis import SECRETS, Answer, Api, Asked, Taken


def asked_too(api: Api) -> Api:
    """Return `api` with its answers to GET."""
    answers = twilio if api is sms_apis.twilio else esms
    return lambda asked, taken: answers(asked, taken) if asked.method == "GET" else api(asked, taken)


def twilio(asked: Asked, taken: list[Taken]) -> Answer:
    """https://www.twilio.com/docs/messaging/api/message-resource: fetch a message, or a page, newest first."""
    parts = urlsplit(asked.path)
    root = f"/2010-04-01/Accounts/{SECRETS['USER']}/Messages"
    if asked.login != f"{SECRETS['USER']}:{SECRETS['TOKEN']}":
        return sms_apis.twilio_refuses(401, 20003, "Authenticate")
    messages = [_twilio_message(number, one) for number, one in enumerate(taken, 1)]
    if parts.path == root + ".json":
        query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        page = [one for one in reversed(messages) if one["to"] == query.get("To", one["to"])]
        return Answer(200, json.dumps({"messages": page[: int(query.get("PageSize", 50))], "page": 0}))
    found = [one for one in messages if parts.path == f"{root}/{one['sid']}.json"]
    return Answer(200, json.dumps(found[0])) if found else sms_apis.twilio_refuses(404, 20404, "not found")


def _twilio_message(number: int, one: Taken) -> dict[str, Any]:
    status, _, code = one.status.partition("/")
    return {
        "sid": f"SM{number}", "account_sid": SECRETS["USER"], "to": one.to, "from": one.sender, "body": one.text,
        "status": status or "queued", "error_code": int(code) if code else None, "error_message": None,
        "direction": "outbound-api", "date_created": format_datetime(datetime.now(UTC)), "date_sent": None,
    }  # fmt: skip


def esms(asked: Asked, taken: list[Taken]) -> Answer:
    """https://developers.esms.vn/en/esms-api/retrive-and-register-functions/get-sms-by-smsid."""
    parts = urlsplit(asked.path)
    query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
    if parts.path != "/MainService.svc/json/GetSendStatus" or query.keys() != {"RefId", "ApiKey", "SecretKey"}:
        return Answer(404, "Endpoint not found.")
    if (query["ApiKey"], query["SecretKey"]) != (SECRETS["USER"], SECRETS["TOKEN"]):
        return Answer(200, json.dumps({"CodeResponse": "101", "SMSID": query["RefId"]}))
    found = [one for number, one in enumerate(taken, 1) if f"id-{number}" == query["RefId"]]
    if not found:
        return Answer(200, json.dumps({"CodeResponse": "99"}))
    status, success, failed = (int(part) for part in (found[0].status or "2/0/0").split("/"))
    said = {"CodeResponse": "100", "SMSID": query["RefId"], "SendFailed": failed, "SendStatus": status,
            "SendSuccess": success, "TotalPrice": 850.0, "TotalReceiver": 1, "TotalSent": 1}  # fmt: skip
    return Answer(200, json.dumps(said))
