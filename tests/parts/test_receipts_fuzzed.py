"""Whatever is sent to the endpoint: it is taken or refused in words, never a failure of its own, and nothing leaks."""

import json
from collections.abc import Iterator
from typing import Any, Final

import falcon
import pytest
from falcon import testing
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sms.receipts.connections import Connections
from sms.receipts.endpoint import Options, application
from tests.database import fresh_database
from tests.receipts_room import ReceiptsRoom
from tests.sms_apis import SECRETS
from tests.sms_reporters import CREDENTIALS, GENERIC_ROW

TYPES: Final = (
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data",
    "\xe9",
    "",
)
_NAMES: Final = st.sampled_from(
    ["SMSID", "SendStatus", "SendFailed", "RequestId", "type", "tranId", "status", "MessageSid", "MessageStatus",
     "ErrorCode", "events", "message", "id", "state", "why"]
)  # fmt: skip
_VALUES: Final = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["5", "4", "0", "64", "report", "delivered", "failed", "m-1", "DELIVRD", "1e400", "-1", "\0", "٣"]),
)
_JSON: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), _VALUES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_NAMES, inner, max_size=4)),
    max_leaves=8,
)
_BODIES: Final = st.one_of(
    st.binary(max_size=80),
    _JSON.map(lambda value: json.dumps(value).encode()),
)


@pytest.fixture(scope="module")
def room() -> Iterator[ReceiptsRoom]:
    with fresh_database() as url:
        room = ReceiptsRoom(url)
        room.sends()
        room.ask(GENERIC_ROW)
        room.ask("update sms_provider set receipt_signature_header = null, receipt_signature_key = null")
        yield room
        room.conn.close()


@pytest.fixture(scope="module")
def client(room: ReceiptsRoom) -> testing.TestClient:
    options = Options("127.0.0.1:0", "https://sms.example", per_second=1e6)
    return testing.TestClient(application(options, Connections(room.url), SECRETS))


@pytest.mark.parametrize("driver", sorted(CREDENTIALS))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(query={}, body=b'{"tranId": 1, "status": 1e400}', kind="application/json", tail="")
@example(query={"SMSID": "\0", "SendStatus": "5"}, body=b"", kind="", tail="/\0")
@given(
    query=st.dictionaries(_NAMES, _VALUES, max_size=5),
    body=_BODIES,
    kind=st.sampled_from(TYPES),
    tail=st.one_of(st.just(""), st.text(max_size=12).map(lambda text: "/" + text.replace("/", ""))),
)
def test_whatever_comes(
    room: ReceiptsRoom, client: testing.TestClient, caplog: pytest.LogCaptureFixture,
    driver: str, query: dict[str, Any], body: bytes, kind: str, tail: str,
) -> None:  # fmt: skip
    room.ask("update sms_provider set driver = %s, credentials = %s", driver, CREDENTIALS[driver])
    [(token,)] = room.ask("select receipt_token from sms_provider")
    caplog.clear()
    result = client.simulate_request(
        "POST" if body else "GET",
        f"/receipts/{token}" + tail[:1] + falcon.uri.encode_value(tail[1:]),  # a "?" is a letter of the path
        query_string=falcon.uri.encode("&".join(f"{name}={value}" for name, value in query.items())),
        body=body,
        headers={"Content-Type": kind} if kind else {},
    )
    assert result.status_code in {200, 400, 403, 404}, (result.text, caplog.text)
    assert result.text.strip()
    assert token not in caplog.text
    assert token not in result.text
