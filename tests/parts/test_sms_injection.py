"""Whatever names, brands and callers hold, a provider gets one request, and in it the text as it is: nothing more.

A real HTTP server reads what came; each value is put wherever a row may put it: URL, header, JSON, form, XML, plain.
"""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sms.messages import Told, is_number, one_line, text, words
from sms.providers import DRIVERS, Accepted, Message, Provider
from tests.sms_apis import SECRETS, Answer, ApiServer, Asked
from tests.sms_drivers import ESMS, SPEEDSMS, TWILIO, Driven

CALLED: Final = datetime(2019, 9, 19, 19, 9)
NASTY: Final = 'x\r\nX-Injected: 1\r\n\r\nPOST /evil HTTP/1.1\r\n"}<!--&]]>{to}${env:TOKEN}%0d%0a\x00\u2028\u202e'
BODIES: Final = {
    "application/json": '{"text": "{text}", "group": "{group}"}',
    "application/x-www-form-urlencoded": "text={text}&group={group}",
    "text/xml": '<sms text="{text}"><group>{group}</group></sms>',
    "text/plain": "{text}",
}
ANYTHING: Final = st.text(max_size=30) | st.sampled_from(["", "{text}", "a=1&b=2", "<x/>", '"', "ế 😀"])


def takes(_: Asked, __: object) -> Answer:
    return Answer(200, "{}")


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with ApiServer(takes) as server:
        yield server


def message(brand: str, group: str, member: str, caller: str, template: str) -> Message:
    told = Told("missed", brand, caller, CALLED, None, group, member)
    return Message(7, "0844441909", "+84844441909", text(told, template), one_line(brand), "r7-0", words(told))


def read(kind: str, body: bytes) -> str | None:
    """The text, as the provider's own parser finds it."""
    if kind == "application/json":
        found: str = json.loads(body)["text"]
        return found
    if kind == "text/xml":
        return ET.fromstring(body).get("text")  # noqa: S314 -- it is ours
    if kind == "application/x-www-form-urlencoded":
        fields = parse_qs(body.decode(), keep_blank_values=True, strict_parsing=True)
        assert fields.keys() == {"text", "group"}
        return fields["text"][0]
    return body.decode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, st.sampled_from(["{brand}: {caller} {group} {member}", "{group}"]))
@example(NASTY, NASTY, NASTY, NASTY, "{brand}: {caller} {group} {member}")
@example("v", "Nhóm", "Hằng", "+84909789846", "{group} {caller}")
def test_a_row_s_templates_carry_the_text_and_nothing_else(
    server: ApiServer, brand: str, group: str, member: str, caller: str, template: str
) -> None:
    sent = message(brand, group, member, caller, template)
    for kind, body in BODIES.items():
        server.asked.clear()
        headers = {"X-Text": "{text}", "X-Group": "{group}"}
        provider = Provider(1, "http", f"{server.url}/send?t={{text}}", "POST", headers, body, kind, None, None, 5)
        assert isinstance(DRIVERS["http"](provider, sent, SECRETS), Accepted)
        (asked,) = server.asked
        assert read(kind, asked.body) == sent.text
        assert parse_qs(urlsplit(asked.path).query, keep_blank_values=True) == {"t": [sent.text]}
        assert asked.headers["X-Text"].encode("latin-1").decode() == sent.text.strip()
        assert "X-Injected" not in asked.headers
        if not is_number(caller):
            assert sent.text == message(brand, group, member, "", template).text, "it came through"


@pytest.mark.parametrize("driven", [ESMS, SPEEDSMS, TWILIO], ids=lambda driven: driven.name)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=30))
@example(NASTY)
def test_the_drivers_carry_the_text_and_nothing_else(driven: Driven, group: str) -> None:
    """To servers that refuse every field that their documentation does not have."""
    with ApiServer(driven.api) as api:
        sent = message("v", group, "", "+84909789846", "{brand} {caller} {group}.")
        assert isinstance(driven.send(api, sent), Accepted)
        (taken,) = api.taken
        assert taken.text == sent.text
