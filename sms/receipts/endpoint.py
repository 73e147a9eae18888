"""The HTTP side of receipts (a WSGI application, falcon): who asks, whether he is believed, and what he is answered.

    GET, POST  RECEIPTS_URL/receipts/<token of the provider>[/<request id>]     a receipt
    GET        …/health                                                         whether receipts can be taken now

    200 it is in the database, for good       404 nobody's address           429 too often: Retry-After
    400 it cannot be understood               405 neither GET nor POST       503 the database, or what proves it, is
    403 wrong source or signature             413 too long                       missing: to be repeated

No path and no content of a report goes into the log: they hold the token and telephone numbers.
"""

import json
import logging
import re
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import falcon
import psycopg2
from psycopg2.extensions import connection

from sms.receipts.connections import Connections
from sms.receipts.kinds import NotBelievedError, Reading, ReceiptError, Report, Reporter, Taken, UnprovableError
from sms.receipts.limits import Limits
from sms.receipts.proof import hidden, prove
from sms.receipts.reading import READERS, content_of
from sms.receipts.store import hand_in, is_alive, reporter
from sms.redaction import redacted
from sql.said import said

MOST_BODY: Final = 64 * 1024  # bytes
_GUESSING: Final = 20.0  # what an address that does not exist costs: so many requests
_AGAIN_SECONDS: Final = 10
_TOKEN: Final = re.compile("[A-Za-z0-9_-]{32,64}")  # as the table has it
_log = logging.getLogger("receipts")


class Options(NamedTuple):
    """How the endpoint works: the environment variables RECEIPTS_<NAME>."""

    listen: str
    url: str
    proxy: str | None = None
    per_second: float = 100.0


class Receipts:
    """The resource: all addresses of all providers."""

    def __init__(
        self, options: Options, connections: Connections, env: Mapping[str, str], clock: Callable[[], float]
    ) -> None:
        """`env` holds the secrets that the providers' rows name."""
        self._base = options.url.rstrip("/")
        self._connections = connections
        self._env = env
        self._clock = clock
        self._limits = Limits(options.per_second)

    def on_get(self, req: falcon.Request, resp: falcon.Response, token: str, request_id: str | None = None) -> None:
        """Take a receipt whose fields are in the query."""
        self._take(req, resp, token, request_id)

    def on_post(self, req: falcon.Request, resp: falcon.Response, token: str, request_id: str | None = None) -> None:
        """Take a receipt whose fields are in the body."""
        self._take(req, resp, token, request_id)

    def _take(self, req: falcon.Request, resp: falcon.Response, token: str, request_id: str | None) -> None:
        source = req.remote_addr
        if not self._limits.allow(source, self._clock()):
            raise falcon.HTTPTooManyRequests(description="too many requests from this address", retry_after=1)
        body = _body(req)
        one = self._connections.use(lambda conn: reporter(conn, token)) if _TOKEN.fullmatch(token) else None
        if one is None or one.driver not in READERS:
            self._limits.charge(source, self._clock(), _GUESSING)
            _log.warning("nobody's address source=%s", source)
            raise falcon.HTTPNotFound(description="there is nothing at this address")
        try:
            report = self._report(req, body, source, token, request_id)
            prove(one, report, self._env)
            readings = READERS[one.driver](one, report)
        except ReceiptError as error:
            _log.warning("refused provider=%d source=%s why=%s", one.id, source, redacted(str(error)))
            raise
        raw = _raw(one, report, self._env)
        for taken in self._connections.use(lambda conn: [_keep(conn, one, reading, raw) for reading in readings]):
            _tell(one, taken)
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "ok\n"

    def _report(self, req: falcon.Request, body: bytes, source: str, token: str, request_id: str | None) -> Report:
        content, form = content_of(req.query_string, body, req.content_type or "")
        # The proxy before us may have another path and name: what the provider called is what it was told to call.
        url = f"{self._base}/receipts/{token}" + (f"/{request_id}" if request_id else "")
        url += f"?{req.query_string}" if req.query_string else ""
        return Report(req.method, url, req.query_string, req.headers, body, source, request_id, content, form)


class Health:
    """Whether receipts can be taken now."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answer 200, or 503 while there is no database."""
        self._connections.use(is_alive)
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "ok\n"


def application(
    options: Options, connections: Connections, env: Mapping[str, str], clock: Callable[[], float] = time.monotonic
) -> "falcon.App[falcon.Request, falcon.Response]":
    """Return the application; with the path of RECEIPTS_URL and without it, whatever the proxy before it does."""
    app = falcon.App(media_type=falcon.MEDIA_TEXT)
    resource, health = Receipts(options, connections, env, clock), Health(connections)
    for prefix in {urlsplit(options.url).path.rstrip("/"), ""}:
        app.add_route(prefix + "/receipts/{token}", resource)
        app.add_route(prefix + "/receipts/{token}/{request_id}", resource)
        app.add_route(prefix + "/health", health)
    app.set_error_serializer(_words)
    app.add_error_handler(Exception, _unforeseen)
    app.add_error_handler(falcon.HTTPError, _refused)
    app.add_error_handler(psycopg2.Error, _no_database)
    app.add_error_handler(ReceiptError, _not_taken)
    return app


def _body(req: falcon.Request) -> bytes:
    if (req.content_length or 0) > MOST_BODY:
        raise falcon.HTTPContentTooLarge(description=f"a receipt has at most {MOST_BODY} bytes")
    body: bytes = req.bounded_stream.read(MOST_BODY + 1)
    return body


def _raw(one: Reporter, report: Report, env: Mapping[str, str]) -> str:
    raw = json.dumps(report.content, ensure_ascii=False)
    for secret in hidden(one, env):
        raw = raw.replace(secret, "***") if len(secret) >= 4 else raw
    return raw


def _keep(conn: connection, one: Reporter, said: Reading, raw: str) -> Taken:
    return hand_in(conn, one.id, said.reference, said.status, raw, request_id=said.request_id, reason=said.reason)


def _tell(one: Reporter, taken: Taken) -> None:
    line = "receipt=%d provider=%d effect=%s notification=%s state=%s"
    level = logging.WARNING if taken.effect == "contradicted" else logging.INFO
    _log.log(level, line, taken.id, one.id, taken.effect, taken.notification, taken.state)


def _words(_req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    resp.content_type = falcon.MEDIA_TEXT
    resp.text = f"{error.description or error.title}\n"


def _refused(_req: Any, _resp: Any, error: falcon.HTTPError, _params: Any) -> None:
    raise error  # falcon's own answer to it; named here because of the handler for every Exception


def _not_taken(_req: Any, _resp: Any, error: ReceiptError, _params: Any) -> None:
    if isinstance(error, NotBelievedError):
        raise falcon.HTTPForbidden(description=str(error))
    if isinstance(error, UnprovableError):
        raise falcon.HTTPServiceUnavailable(description=str(error), retry_after=_AGAIN_SECONDS)
    raise falcon.HTTPBadRequest(description=str(error))


def _no_database(_req: Any, _resp: Any, error: psycopg2.Error, _params: Any) -> None:
    _log.warning("no receipt can be taken, its sender is asked to repeat it: %s", redacted(said(error)))
    raise falcon.HTTPServiceUnavailable(
        description="nothing can be kept now: please repeat", retry_after=_AGAIN_SECONDS
    )


def _unforeseen(_req: Any, _resp: Any, error: Exception, _params: Any) -> None:
    frames = "".join(traceback.format_tb(error.__traceback__))  # code, never values
    _log.error("failed error=%s\n%s", type(error).__name__, frames)
    raise falcon.HTTPInternalServerError(description="this receipt could not be taken: please repeat")
