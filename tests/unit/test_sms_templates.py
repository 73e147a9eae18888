"""What is filled into a request cannot become a part of it."""

import json
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.templates import MissingSecretError, escape_for, fill, in_url, plain

FIELDS = {"to": "0844441909", "to_e164": "+84844441909", "text": "", "sender": "vContact", "notification_id": "7"}
_TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]))


def filled(template: str, text: str, content_type: str = "text/plain") -> str:
    return fill(template, {**FIELDS, "text": text}, {}, escape_for(content_type))


@given(_TEXTS)
def test_any_text_survives_json(text: str) -> None:
    body = filled('{"to": "{to}", "text": "{text}"}', text, "application/json; charset=utf-8")
    assert json.loads(body) == {"to": "0844441909", "text": text}


@given(_TEXTS)
def test_any_text_survives_a_form(text: str) -> None:
    body = filled("to={to_e164}&text={text}", text, "application/x-www-form-urlencoded")
    assert parse_qs(body, keep_blank_values=True) == {"to": ["+84844441909"], "text": [text]}


@given(_TEXTS.filter(lambda text: not set(text) & {"\ufffe", "\uffff"}))
def test_any_text_survives_xml(text: str) -> None:
    body = filled('<sms to="{text}">{text}</sms>', text, "application/xml")
    element = ElementTree.fromstring(body)  # noqa: S314 -- our own
    assert ((element.text or ""), element.get("to")) == (text, text)


@given(_TEXTS)
def test_any_text_survives_a_url(text: str) -> None:
    url = fill("http://sms.example/send?text={text}", {**FIELDS, "text": text}, {}, in_url)
    assert unquote(url.partition("text=")[2]) == text


def test_what_was_filled_in_is_not_filled_again() -> None:
    assert filled("{text}", "{to} ${env:HOME}") == "{to} ${env:HOME}"


def test_braces_that_name_no_field_stay() -> None:
    assert filled('{"a": {"b": "{to}"}, "c": "{unknown}"}', "") == '{"a": {"b": "0844441909"}, "c": "{unknown}"}'


def test_a_secret_comes_from_the_environment() -> None:
    assert fill("Bearer ${env:TOKEN}", FIELDS, {"TOKEN": "s3"}, plain) == "Bearer s3"


@pytest.mark.parametrize("name", ["TOKEN", "DATABASE_URL", "EDGE_KEY"])
def test_a_secret_that_is_not_there_or_ours_is_refused(name: str) -> None:
    with pytest.raises(MissingSecretError, match=name):
        fill("${env:" + name + "}", FIELDS, {"DATABASE_URL": "x", "EDGE_KEY": "x"}, plain)
