"""The providers of the ready rows as they are documented, strict; the sources are named in the rows' files."""

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any, Final
from urllib.parse import parse_qs
from xml.etree import ElementTree

from tests.sms_apis import Answer, Asked, Taken

SECRETS: Final = {
    "VIETGUYS_USER": "vg-user",
    "VIETGUYS_PASSWORD": "vg&p=ss",
    "STRINGEE_KEY_SID": "SK.0.sid",
    "STRINGEE_KEY_SECRET": "c3RyaW5nZWU=",
    "VIETTEL_USER": "smsbrand_x",
    "VIETTEL_PASSWORD": "1<2&aB@",
    "VIETTEL_CPCODE": "XCODE",
}
ZALO_TOKEN: Final = "zalo-token-1"
_IMPL: Final = "{http://impl.bulkSms.ws/}"
_SOAP: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"


def vietguys(asked: Asked, taken: list[Taken]) -> Answer:
    """A form; error 0 and msgid, or error 1, error_code and log."""
    if (asked.method, asked.path) != ("POST", "/api/index.php"):
        return Answer(404, "Not Found")
    fields = {name: values[0] for name, values in parse_qs(asked.body.decode(), strict_parsing=True).items()}
    if fields.keys() != {"u", "pwd", "from", "phone", "sms", "bid", "type", "json"} or fields["json"] != "1":
        return vietguys_refuses(-1, "Thieu tham so")
    if (fields["u"], fields["pwd"]) != (SECRETS["VIETGUYS_USER"], SECRETS["VIETGUYS_PASSWORD"]):
        return vietguys_refuses(-2, "Tai khoan chua chinh xac")
    if not re.fullmatch(r"84\d{9}", fields["phone"]) or fields["type"] != "0" or not fields["sms"].isascii():
        return vietguys_refuses(-3, "So dien thoai hoac noi dung chua chinh xac")
    taken.append(Taken(fields["phone"], fields["sms"], fields["from"], fields["bid"]))
    return Answer(200, json.dumps({"error": 0, "msgid": f"vg-{len(taken)}", "carrier": "viettel"}))


def vietguys_refuses(code: int, log: str) -> Answer:
    """As it says no: HTTP 200."""
    return Answer(200, json.dumps({"error": 1, "error_code": code, "log": log}))


def stringee(asked: Asked, taken: list[Taken]) -> Answer:
    """A token of the key in X-STRINGEE-AUTH; JSON; smsSent and a result for each message."""
    if (asked.method, asked.path) != ("POST", "/v1/sms") or not _token_holds(asked.headers.get("X-STRINGEE-AUTH", "")):
        return Answer(401, json.dumps({"r": 401, "msg": "Unauthorized"}))
    (sms,) = json.loads(asked.body)["sms"]
    if sms.keys() != {"from", "to", "text"} or not re.fullmatch(r"84\d{9}", sms["to"]):
        return stringee_refuses(3)
    taken.append(Taken(sms["to"], sms["text"], sms["from"], ""))
    return Answer(200, json.dumps({"smsSent": 1, "result": [{"price": "830", "smsType": 2, "r": 0, "msg": "Success"}]}))


def stringee_refuses(code: int) -> Answer:
    """As it says no: HTTP 200, nothing sent."""
    return Answer(200, json.dumps({"smsSent": 0, "result": [{"r": code, "msg": "…"}]}))


def viettel(asked: Asked, taken: list[Taken]) -> Answer:
    """SOAP, wsCpMt; result 1, or 0 and why."""
    if (asked.method, asked.path) != ("POST", "/bulkapi") or not asked.headers["Content-Type"].startswith("text/xml"):
        return Answer(500, "<S:Fault/>")
    call = ElementTree.fromstring(asked.body).find(f"{_SOAP}Body/{_IMPL}wsCpMt")  # noqa: S314 -- our own driver's
    assert call is not None
    fields = {element.tag: element.text or "" for element in call}
    names = ["User", "Password", "CPCode", "RequestID", "UserID", "ReceiverID", "ServiceID", "CommandCode", "Content"]
    assert list(fields) == [*names, "ContentType"]
    login = [SECRETS[f"VIETTEL_{name}"] for name in ("USER", "PASSWORD", "CPCODE")]
    if [fields["User"], fields["Password"], fields["CPCode"]] != login:
        return viettel_says("WRONG_INFORMATION_AUTHENTICATE")
    if not fields["RequestID"].isdecimal():
        return viettel_says("Check RequestID: REQUEST_ID_NOT_NUMBER")
    if not re.fullmatch(r"84\d{9}", fields["ReceiverID"]):
        return viettel_says("Check ReceiverID: FORMAT_ERROR")
    if fields["UserID"] != fields["ReceiverID"]:
        return viettel_says("UserID_NOT_EQUAL_ReceiverID")
    if fields["CommandCode"] != "bulksms":
        return viettel_says("Check CommandCode: COMMAND_CODE_ERROR")
    content = fields["Content"]
    if not content.isascii() or "&" in content or fields["ContentType"] != "0":
        return viettel_says("Check template: CONTENT_NOT_MATCH_TEMPLATE")
    if len(content) > 480:
        return viettel_says(f"Check Content: MAXLENGTH_LIMIT_480_BYTE (YOUR_CONTENT: {len(content)} BYTE)")
    taken.append(Taken(fields["ReceiverID"], content, fields["ServiceID"], ""))
    return viettel_says("Insert MT_QUEUE: OK", 1)


def viettel_says(message: str, result: int = 0) -> Answer:
    """The answer's envelope."""
    said = f"<return><message>{message}</message><result>{result}</result></return>"
    body = f'<S:Body><ns2:wsCpMtResponse xmlns:ns2="http://impl.bulkSms.ws/">{said}</ns2:wsCpMtResponse></S:Body>'
    envelope = f'<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">{body}</S:Envelope>'
    return Answer(200, f'<?xml version="1.0" ?>{envelope}', {"Content-Type": "text/xml"})


def zalo(asked: Asked, taken: list[Taken]) -> Answer:
    """The access token in a header; a template and its data; what was taken is the data, as text."""
    if asked.headers.get("access_token") != ZALO_TOKEN:
        return zalo_refuses(-124)
    fields = json.loads(asked.body)
    if fields.keys() != {"phone", "template_id", "template_data", "tracking_id"} or len(fields["tracking_id"]) > 48:
        return zalo_refuses(-112)
    if not re.fullmatch(r"84\d{9}", fields["phone"]):
        return zalo_refuses(-108)
    if fields["template_id"] not in {"301", "302"}:
        return zalo_refuses(-109)
    if fields["template_data"].keys() != {"brand", "caller", "time", "date"}:
        return zalo_refuses(-112)
    taken.append(Taken(fields["phone"], json.dumps(fields["template_data"]), fields["template_id"], ""))
    data = {"msg_id": f"zns-{len(taken)}", "sent_time": "1732688000000", "quota": {"dailyQuota": "500"}}
    return Answer(200, json.dumps({"error": 0, "message": "Success", "data": data}))


def zalo_refuses(code: int) -> Answer:
    """As it says no: HTTP 200."""
    return Answer(200, json.dumps({"error": code, "message": "…"}))


def _token_holds(token: str) -> bool:
    """RFC 7515 §5.2, and what Stringee wants to read."""
    head, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    expected = hmac.new(SECRETS["STRINGEE_KEY_SECRET"].encode(), f"{head}.{payload}".encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(_decoded(signature), expected):
        return False
    header: Any = json.loads(_decoded(head))
    claims: Any = json.loads(_decoded(payload))
    sid = SECRETS["STRINGEE_KEY_SID"]
    right = header == {"typ": "JWT", "alg": "HS256", "cty": "stringee-api;v=1"} and claims["rest_api"] is True
    return right and claims["iss"] == sid and claims["jti"].startswith(f"{sid}-") and claims["exp"] > time.time()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
