"""A JSON Web Token with HS256 (RFC 7519, RFC 7515): for providers that want one with every request.

credentials  jwt_issuer, jwt_key
options      jwt_header   what its header has beside typ and alg, as JSON: {"cty": "stringee-api;v=1"}
             jwt_claims   what its payload has beside iss, jti and exp, as JSON: {"rest_api": true}
             jwt_seconds  how long it is good for: 300
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from sms.templates import MissingSecretError

_SECONDS: Final = "300"


def signed(issuer: str, key: str, options: Mapping[str, str], now: float) -> str:
    """Return a token of `issuer`, made `now`. Raises `MissingSecretError` for options that cannot be used."""
    header = {"typ": "JWT", "alg": "HS256"} | _more(options, "jwt_header")
    seconds = options.get("jwt_seconds", _SECONDS)
    if not seconds.isdecimal():
        raise MissingSecretError("sms_provider.options: jwt_seconds must be a number")
    jti = f"{issuer}-{int(now * 1000)}"
    claims = {"jti": jti, "iss": issuer, "exp": int(now) + int(seconds)} | _more(options, "jwt_claims")
    return sign(_json(header), _json(claims), key.encode())


def sign(header: bytes, payload: bytes, key: bytes) -> str:
    """Return the compact form of a JWS with HS256 (RFC 7515 §3.1, §7.1)."""
    what = f"{_base64url(header)}.{_base64url(payload)}"
    return f"{what}.{_base64url(hmac.digest(key, what.encode(), hashlib.sha256))}"


def _more(options: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        found = json.loads(options.get(name, "{}"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise MissingSecretError(f"sms_provider.options: {name} must be a JSON object")
    return found


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
