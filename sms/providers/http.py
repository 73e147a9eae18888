"""The driver `http`: one request, made from the provider's templates.

    reply                         means
    ----------------------------  ---------------------------------------------------------
    2xx, matches success_pattern  accepted
    2xx, does not match           refused, tried again (the provider says no in its own words)
    408, 429, 5xx                 refused, tried again
    3xx, other 4xx                refused for good: the request is wrong, or goes to the wrong place
    none in time, cut, no route   refused, tried again (it may have been taken: the fate is unknown)

Redirects are not followed: they would carry the secrets of the headers elsewhere.
"""

import re
import threading
import time
from collections.abc import Mapping
from typing import Final

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from sms.providers.kinds import Accepted, Message, Provider, Refused
from sms.templates import MissingSecretError, escape_for, fill, in_url, plain

_MOST_REPLY: Final = 4096  # bytes of a reply that are read and kept
_AGAIN: Final = frozenset({408, 429})  # RFC 9110 §15.5.9, RFC 6585 §4: the request was right, the time was not
_local = threading.local()


def send(provider: Provider, message: Message, env: Mapping[str, str]) -> Accepted | Refused:
    """Ask `provider` to send `message`; `env` holds the secrets that its templates name."""
    try:
        with _request(provider, message, env) as response:
            reply = _read(response, time.monotonic() + provider.timeout_seconds)
            return _judge(provider, response.status_code, reply)
    except MissingSecretError as error:
        return Refused(str(error), final=False)
    except (requests.Timeout, ReadTimeoutError):
        return Refused(f"no answer within {provider.timeout_seconds:g} s", final=False)
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, requests.exceptions.MissingSchema):
        return Refused("its URL or a header cannot be used", final=False)
    except (requests.RequestException, HTTPError) as error:  # its text may hold the URL, and the URL a secret
        return Refused(f"no answer: {type(error).__name__}", final=False)
    except re.error as error:
        return Refused(f"its success_pattern or message_id_pattern cannot be used: {error}", final=False)


def _request(provider: Provider, message: Message, env: Mapping[str, str]) -> requests.Response:
    fields = {
        "to": message.to,
        "to_e164": message.to_e164,
        "text": message.text,
        "sender": message.sender,
        "notification_id": str(message.id),
    }
    body = fill(provider.body_template, fields, env, escape_for(provider.content_type))
    headers = {name: fill(value, fields, env, plain) for name, value in provider.headers.items()}
    if body:
        headers.setdefault("Content-Type", provider.content_type)
    return _session().request(
        provider.method,
        fill(provider.url, fields, env, in_url),
        data=body.encode() if body else None,
        headers=headers,
        timeout=provider.timeout_seconds,
        allow_redirects=False,
        stream=True,
    )


def _session() -> requests.Session:
    """Return this thread's session: it keeps connections open, and is not to be shared."""
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
    session: requests.Session = _local.session
    return session


def _read(response: requests.Response, deadline: float) -> str:
    """Return the beginning of the reply. Raises `requests.Timeout` for one that never ends, urllib3's `HTTPError`."""
    data = b""
    # read1 gives what is there; iter_content would wait for whole chunks, as long as every byte comes in time.
    while len(data) < _MOST_REPLY and (some := response.raw.read1(_MOST_REPLY, decode_content=True)):
        data += some
        if time.monotonic() > deadline:
            raise requests.Timeout
    return data[:_MOST_REPLY].decode("utf-8", "replace").replace("\0", "\ufffd")


def _judge(provider: Provider, status: int, reply: str) -> Accepted | Refused:
    if not 200 <= status < 300:
        final = status < 500 and status not in _AGAIN
        return Refused(f"the provider answered {status}", final, status, reply)
    if provider.success_pattern and not re.search(provider.success_pattern, reply):
        return Refused("the provider's answer does not match its success_pattern", False, status, reply)
    found = re.search(provider.message_id_pattern, reply) if provider.message_id_pattern else None
    return Accepted(status, reply, found[1] if found and found.re.groups else None)
