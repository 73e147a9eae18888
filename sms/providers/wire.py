"""One HTTP request to a provider, the same for all drivers; what comes back is a `Result`, whatever happens.

    no connection, a certificate that is wrong refused, tried again: nothing left
    sent, then nothing, a cut, or half a reply unknown: it may have been taken
    408, 429, 5xx                              refused, tried again; not before Retry-After or X-Rate-Limit-Reset
    502, 504                                   unknown: a gateway does not know what its provider did
    3xx, other 4xx                             refused for good: the request is wrong, or goes to the wrong place

Redirects are not followed: they would carry the secrets of the headers elsewhere.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from ssl import SSLCertVerificationError
from typing import Any, Final, NamedTuple
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from sms.providers import line
from sms.providers.kinds import Accepted, Cause, Meaning, Message, Provider, Refused, Result, Unknown, Verdict
from sms.templates import MissingSecretError

_MOST_REPLY: Final = 4096  # bytes of a reply that are read and kept
_MOST_WAIT: Final = 3600.0  # seconds that a provider may ask for
_AN_INSTANT: Final = 1e9  # a reset above this is a time (s since 1970), not a wait
_LEAST_HIDDEN: Final = 4  # characters of a secret: a shorter one would be found everywhere
_TOO_MANY: Final = 429
_AGAIN: Final = frozenset({408, _TOO_MANY})  # RFC 9110 §15.5.9, RFC 6585 §4: the request was right, the time was not
_UNKNOWN: Final = frozenset({502, 504})  # RFC 9110 §15.6.3, §15.6.5: nothing valid, or nothing in time, from behind
_REFUSALS: Final[Mapping[Verdict, tuple[bool, Cause]]] = {
    "again": (False, "message"),
    "failed": (True, "message"),
    "down": (False, "down"),
    "busy": (False, "busy"),
    "balance": (False, "balance"),
    "elsewhere": (True, "elsewhere"),
    "suppressed": (True, "suppressed"),
}
_overheard: ContextVar[list[str] | None] = ContextVar("overheard", default=None)


class Request(NamedTuple):
    """What is asked. `secrets`: what a reply must not bring into the ledger."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    secrets: tuple[str, ...] = ()


class Reply(NamedTuple):
    """What was answered; `wait_seconds`: how long the provider wants to be left alone."""

    status: int
    text: str
    wait_seconds: float

    @property
    def fields(self) -> dict[str, Any] | None:
        """The JSON object in it, None: there is none."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def exchange(
    provider: Provider, build: Callable[[], Request], judge: Callable[[Reply], Result], most: int = _MOST_REPLY
) -> Result:
    """Ask what `build` says (it may raise `MissingSecretError`) and let `judge` say what a reply means.

    `most`: bytes of the reply that are read.
    """
    status = None
    try:
        request = build()
        say(lambda: _shown(request))
        how = (request.method, request.url, request.headers, request.body)
        with line.ask(*how, provider.timeout_seconds) as response:
            status = response.status
            text = _read(response, time.monotonic() + provider.timeout_seconds, most)
    except MissingSecretError as error:
        return Refused(str(error), final=False, cause="setup")
    except line.CannotBeAskedError:
        return Refused("its URL or a header cannot be used", final=False, cause="setup")
    except (TimeoutError, ReadTimeoutError):
        return Unknown(f"no answer within {provider.timeout_seconds:g} s", status, down=True)
    except (ConnectionError, HTTPError) as error:  # its text may hold the URL, and the URL a secret
        cause = error.original_error if isinstance(error, ProxyError) else error
        if isinstance(cause, NewConnectionError):
            return Refused("no connection", final=False, cause="down")
        # before anything was said
        if isinstance(cause, SSLError) and isinstance(cause.args[0], SSLCertVerificationError):
            return Refused("the provider's certificate does not hold", final=False, cause="down")
        if isinstance(cause, ConnectTimeoutError):
            return Refused(f"no connection within {provider.timeout_seconds:g} s", final=False, cause="down")
        return Unknown(f"no answer: {type(error).__name__}", status, down=True)
    for secret in request.secrets:
        text = text.replace(secret, "***") if len(secret) >= _LEAST_HIDDEN else text
    return judge(Reply(status, text, _wait(response.headers)))


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Collect the requests that this thread makes meanwhile, as text without their secrets: for `extgroup sms test`."""
    said: list[str] = []
    token = _overheard.set(said)
    try:
        yield said
    finally:
        _overheard.reset(token)


def say(request: Callable[[], str]) -> None:
    """Let whoever listens (`overheard`) hear of a request: as text, without its secrets."""
    if (said := _overheard.get()) is not None:
        said.append(request())


def _shown(request: Request) -> str:
    body = "" if request.body is None else request.body.decode("utf-8", "replace")
    lines = [
        f"{request.method} {request.url}",
        *(f"{name}: {value}" for name, value in request.headers.items()),
        "",
        body,
    ]
    text = "\n".join(lines)
    for secret in filter(None, request.secrets):  # as it was written into a URL, a form, JSON or XML
        for form in {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], escape(secret)}:
            text = text.replace(form, "***")
    return text


def by_status(reply: Reply) -> Refused | Unknown:
    """Return what a reply means that says nothing but its HTTP status, which is not 2xx."""
    why = f"the provider answered {reply.status}"
    if reply.status in _UNKNOWN:
        return Unknown(why, reply.status, reply.text, down=True)
    final = reply.status < 500 and reply.status not in _AGAIN
    cause: Cause = "down" if reply.status >= 500 else "busy" if reply.status == _TOO_MANY else "message"
    return Refused(why, final, reply.status, reply.text, reply.wait_seconds, cause)


def by_meaning(meaning: Meaning, reply: Reply, message_id: str | None = None) -> Result:
    """Return what a reply means whose code has a meaning."""
    if meaning.verdict == "accepted":
        return Accepted(reply.status, reply.text, message_id)
    if meaning.verdict == "unknown":
        return Unknown(meaning.why, reply.status, reply.text)
    final, cause = _REFUSALS[meaning.verdict]
    return Refused(meaning.why, final, reply.status, reply.text, reply.wait_seconds, cause)


def receipt_url(provider: Provider, message: Message, env: Mapping[str, str]) -> str:
    """Return where the provider is to report what became of `message`; "": nowhere, RECEIPTS_URL is not set.

    The request's own name is in it, so that a receipt finds even a request whose answer was lost.
    """
    base = env.get("RECEIPTS_URL", "").rstrip("/")
    return f"{base}/receipts/{provider.receipt_token}/{message.request_id}" if base and provider.receipt_token else ""


def basic(user: str, password: str) -> str:
    """Return the value of an Authorization header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _read(response: BaseHTTPResponse, deadline: float, most: int) -> str:
    """Return the beginning of the reply. Raises `TimeoutError` for one that never ends, urllib3's `HTTPError`."""
    data = b""
    # read1 gives what is there; read would wait for all of it, as long as every byte comes in time.
    while len(data) < most and (some := response.read1(most, decode_content=True)):
        data += some
        if time.monotonic() > deadline:
            raise TimeoutError
    return data[:most].decode("utf-8", "replace").replace("\0", "\ufffd")


def _wait(headers: Mapping[str, str]) -> float:
    """Return the seconds until the provider wants to be asked again: RFC 9110 §10.2.3, or what SpeedSMS has instead."""
    value = headers.get("Retry-After") or headers.get("X-Rate-Limit-Reset") or "0"
    try:
        seconds = float(value)
        seconds -= time.time() if seconds > _AN_INSTANT else 0
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return 0.0
    return min(max(0.0, seconds), _MOST_WAIT)  # 0.0 first: "nan" is a float, too, and greater than none
