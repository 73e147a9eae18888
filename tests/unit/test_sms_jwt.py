"""A token is what RFC 7515 says that it is, and a row that cannot make one says so."""

import base64
import json
from typing import Any

import pytest

from sms.providers.jwt import sign, signed
from sms.templates import MissingSecretError

# RFC 7515, Appendix A.1: the header, the payload, the key and what comes out.
HEADER = b'{"typ":"JWT",\r\n "alg":"HS256"}'
PAYLOAD = b'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
KEY = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
TOKEN = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)


def part(token: str, place: int) -> Any:
    text = token.split(".")[place]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_the_token_of_the_rfc_comes_out() -> None:
    assert sign(HEADER, PAYLOAD, base64.urlsafe_b64decode(KEY + "==")) == TOKEN


def test_a_token_names_its_issuer_and_its_end() -> None:
    options = {"jwt_header": '{"cty": "x;v=1"}', "jwt_claims": '{"rest_api": true}', "jwt_seconds": "60"}
    token = signed("SK.1", "key", options, 1_700_000_000.5)
    assert part(token, 0) == {"typ": "JWT", "alg": "HS256", "cty": "x;v=1"}
    claims = {"jti": "SK.1-1700000000500", "iss": "SK.1", "exp": 1_700_000_060, "rest_api": True}
    assert part(token, 1) == claims


@pytest.mark.parametrize(
    "options", [{"jwt_header": "{"}, {"jwt_header": "[]"}, {"jwt_claims": "rest_api"}, {"jwt_seconds": "a minute"}]
)
def test_options_that_make_no_token_are_refused_in_words(options: dict[str, str]) -> None:
    with pytest.raises(MissingSecretError, match=f"options: {next(iter(options))} must be"):
        signed("SK.1", "key", options, 0)
