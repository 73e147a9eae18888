"""SMS providers as their documentation describes them, on real HTTP: what it does not allow is refused in its words.

Each `Api` knows one provider's login, fields and codes, and cites where they are from. `ApiServer` serves it and can
be slow, cut the line, ask for patience, or answer a code: whatever the driver has to live with.
"""

import base64
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import parse_qs

SECRETS: Final = {"USER": "ACuser-1", "TOKEN": "s3cr3t-token"}


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def login(self) -> str:
        """What stands behind "Basic", decoded; "": nothing."""
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(value).decode() if kind == "Basic" else ""


class Answer(NamedTuple):
    """What is answered."""

    status: int
    body: str
    headers: Mapping[str, str] = {}


class Taken(NamedTuple):
    """A message that the provider took."""

    to: str
    text: str
    sender: str
    reference: str  # the client's name of it, "": it has none
    status: str = ""  # what became of it, in the provider's words; "": what it says at first


Api = Callable[[Asked, list[Taken]], Answer]


def esms(asked: Asked, taken: list[Taken]) -> Answer:
    """https://developers.esms.vn/en/esms-api/send-sms-api/send-otp-customer-care-message, …/table-of-error-codes."""
    fields = _json(asked, "/MainService.svc/json/SendMultipleMessage_V4_post_json/")
    texts = {"ApiKey", "SecretKey", "Phone", "Content", "Brandname", "SmsType", "IsUnicode", "Sandbox", "RequestId"}
    texts |= {"CallbackUrl"}
    if fields is None or not all(isinstance(value, str) for value in fields.values()) or fields.keys() - texts:
        return Answer(400, "Request Error")
    if not _is_address(fields.get("CallbackUrl", "https://nowhere.example")):
        return Answer(400, "Request Error")
    if (fields["ApiKey"], fields["SecretKey"]) != (SECRETS["USER"], SECRETS["TOKEN"]):
        return _esms_refuses("101", "Authorize Failed")
    if fields["SmsType"] != "2":
        return _esms_refuses("118", "Unsupported message type")
    if not fields["Phone"].isdecimal() or not fields["Phone"].startswith(("0", "84")):
        return _esms_refuses("108", "Phone number is not in correct format")
    if fields["IsUnicode"] != ("0" if fields["Content"].isascii() else "1") or len(fields["RequestId"]) > 50:
        return Answer(400, "Request Error")
    if any(one.reference == fields["RequestId"] for one in taken):
        return _esms_refuses("124", "Duplicate RequestId")
    taken.append(Taken(fields["Phone"], fields["Content"], fields["Brandname"], fields["RequestId"]))
    return Answer(200, json.dumps({"CodeResult": "100", "CountRegenerate": 0, "SMSID": f"id-{len(taken)}"}))


def speedsms(asked: Asked, taken: list[Taken]) -> Answer:
    """https://speedsms.vn/sms-api/: Basic token:x, to[], content, type, sender; code "00" and data.tranId."""
    fields = _json(asked, "/index.php/sms/send")
    if asked.login != SECRETS["TOKEN"] + ":x":
        return Answer(
            401, '{"name":"Unauthorized","message":"Your request was made with invalid credentials.","status":401}'
        )
    if fields is None or not isinstance(fields.get("to"), list) or fields.get("type") not in {"2", "3", "4", "5"}:
        return _speedsms_refuses("101", "Invalid or missing parameters")
    if not all(number.isdecimal() and number.startswith("84") for number in fields["to"]):
        return _speedsms_refuses("105", "Phone number invalid")
    taken += [Taken(number, fields["content"], fields["sender"], "") for number in fields["to"]]
    data = {"tranId": 123456 + len(taken), "totalSMS": 1, "totalPrice": 250, "invalidPhone": []}
    return Answer(200, json.dumps({"status": "success", "code": "00", "data": data}))


def twilio(asked: Asked, taken: list[Taken]) -> Answer:
    """https://www.twilio.com/docs/messaging/api/message-resource: Basic, a form, 201 with a sid."""
    if asked.login != f"{SECRETS['USER']}:{SECRETS['TOKEN']}":
        return twilio_refuses(401, 20003, "Authenticate")
    if (asked.method, asked.path) != ("POST", f"/2010-04-01/Accounts/{SECRETS['USER']}/Messages.json"):
        return twilio_refuses(404, 20404, "The requested resource was not found")
    fields = {name: values[0] for name, values in parse_qs(asked.body.decode(), strict_parsing=True).items()}
    if not _is_address(fields.get("StatusCallback", "https://nowhere.example")):
        return twilio_refuses(400, 21609, "The 'StatusCallback' URL is not a valid URL")
    if not fields.get("To", "").startswith("+"):
        return twilio_refuses(400, 21211, "Invalid 'To' Phone Number")
    taken.append(Taken(fields["To"], fields["Body"], fields.get("From") or fields["MessagingServiceSid"], ""))
    return Answer(201, json.dumps({"sid": f"SM{len(taken)}", "status": "queued", "error_code": None}))


def generic(asked: Asked, taken: list[Taken]) -> Answer:
    """A provider of nobody's: Bearer, JSON, 202 with an id, 409 for a repetition."""
    if asked.headers.get("Authorization") != f"Bearer {SECRETS['TOKEN']}":
        return Answer(401, '{"error": "who are you"}')
    fields = _json(asked, "/send")
    if fields is None or fields.keys() != {"to", "text", "from", "ref"}:
        return Answer(400, '{"error": "fields"}')
    if any(one.reference == fields["ref"] for one in taken):
        return Answer(409, '{"error": "seen"}')
    taken.append(Taken(fields["to"], fields["text"], fields["from"], fields["ref"]))
    return Answer(202, json.dumps({"id": f"g-{len(taken)}"}))


def code(api: Api, number: str) -> Answer:
    """Return the answer of `api` that carries its error code `number`."""
    if api is esms:
        return _esms_refuses(number, "…")
    return _speedsms_refuses(number, "…") if api is speedsms else twilio_refuses(400, int(number), "…")


def twilio_refuses(status: int, number: int, message: str) -> Answer:
    """https://www.twilio.com/docs/usage/twilios-response: an exception has code, message, more_info, status."""
    body = {"code": number, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{number}"}
    return Answer(status, json.dumps({**body, "status": status}))


def _esms_refuses(number: str, message: str) -> Answer:
    return Answer(200, json.dumps({"CodeResult": number, "CountRegenerate": 0, "ErrorMessage": message}))


def _speedsms_refuses(number: str, message: str) -> Answer:
    return Answer(200, json.dumps({"status": "error", "code": number, "message": message}))


def _is_address(text: str) -> bool:
    return bool(re.fullmatch(r"https?://[a-z0-9.:-]+/[A-Za-z0-9/_-]+", text + ("/x" if text.count("/") == 2 else "")))


def _json(asked: Asked, path: str) -> dict[str, Any] | None:
    right = asked.method == "POST" and asked.path == path and asked.headers.get("Content-Type") == "application/json"
    found = json.loads(asked.body) if right else None
    return found if isinstance(found, dict) else None


class ApiServer:
    """Serves an `Api` on loopback. The next requests may meet something else, in the order it was planned."""

    def __init__(self, api: Api) -> None:
        self.asked: list[Asked] = []
        self.taken: list[Taken] = []
        self.ended = threading.Event()
        self._api = api
        self._next: deque[Callable[[_Handler, Asked], None]] = deque()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Its root, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def answers(self, answer: Answer) -> None:
        """Answer the next request so; nothing is taken."""
        self._next.append(lambda handler, _: handler.answer(answer))

    def hangs(self) -> None:
        """Take the next message, and say nothing until the server ends."""

        def hang(_: "_Handler", asked: Asked) -> None:
            self._api(asked, self.taken)
            self.ended.wait()

        self._next.append(hang)

    def cuts(self, after: int) -> None:
        """Take the next message, and cut the line after so many bytes of the answer's body; -1: before its head."""

        def cut(handler: "_Handler", asked: Asked) -> None:
            answer = self._api(asked, self.taken)
            if after >= 0:
                handler.answer(answer, only=after)
            handler.close_connection = True

        self._next.append(cut)

    def serve(self, handler: "_Handler", asked: Asked) -> None:
        """Do what was planned, or what the API does."""
        self.asked.append(asked)
        if self._next:
            self._next.popleft()(handler, asked)
        else:
            handler.answer(self._api(asked, self.taken))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024  # 5 is the default, and fewer than a sender has threads
    block_on_close = False  # a hanging request must not keep the server from ending
    api: ApiServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Read the request and serve it."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.api.serve(self, Asked(self.command, self.path, dict(self.headers.items()), body))

    do_GET = do_POST  # noqa: N815 -- http.server's name

    def answer(self, answer: Answer, only: int | None = None) -> None:
        """Answer with the whole body, or `only` so much of it."""
        data = answer.body.encode()
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(data)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[:only])

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
