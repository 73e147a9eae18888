"""A provider's row and its rules refuse nonsense in words, and never hold a secret."""

import re
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import connection

from tests.database import fresh_database


@pytest.fixture(scope="module")
def conn() -> Iterator[connection]:
    with fresh_database() as url:
        conn = psycopg2.connect(url)
        with conn, conn.cursor() as cur:
            cur.execute("insert into sms_provider (id, name, url) values (1, 'p', 'http://127.0.0.1/')")
        yield conn
        conn.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ('update sms_provider set credentials = \'{"token": "s3cr3t"}\'', "sms_provider_credentials_are_references"),
        ('update sms_provider set credentials = \'{"t": "x ${env:T}"}\'', "sms_provider_credentials_are_references"),
        ("update sms_provider set url = 'sms.example/send'", "sms_provider_url_is_http_or_smpp"),
        ("update sms_provider set headers = '{\"X\": 1}'", "sms_provider_headers_are_texts_by_name"),
        ("update sms_provider set on_unknown = 'hope'", "sms_provider_on_unknown_is_known"),
        ("update sms_provider set on_unknown = 'query'", "sms_provider_on_unknown_query_has_a_driver_that_can"),
        ("update sms_provider set ask_after_seconds = 60", "sms_provider_ask_after_seconds_has_a_driver_that_can"),
        ("update sms_provider set driver = 'pigeon'", "sms_provider_driver_is_known"),
        ("update sms_provider set sender = E'a\\nb'", "sms_provider_sender_is_1_to_34_printable_characters"),
        (
            'update sms_provider set credentials = \'{"t": "${file:../key}"}\'',
            "sms_provider_credentials_are_references",
        ),
        ("update sms_provider set credentials = '{\"token\": 1}'", "sms_provider_credentials_are_references"),
        ("update sms_provider set credentials = '[]'", "sms_provider_credentials_are_references"),
        ("update sms_provider set options = '{\"type\": 3}'", "sms_provider_options_are_texts_by_name"),
        (
            "insert into sms_reply_rule values (1, 1, 100, null, 'failed', 'x')",
            "sms_reply_rule_http_status_is_200_to_599",
        ),
        ("insert into sms_reply_rule values (1, 1, null, null, 'failed', 'x')", "sms_reply_rule_looks_at_something"),
        ("insert into sms_reply_rule values (1, 1, 200, null, 'fine', 'x')", "sms_reply_rule_means_something_known"),
        ("insert into sms_reply_rule values (1, 1, 200, null, 'failed', ' ')", "sms_reply_rule_reason_is_not_blank"),
    ],
)
def test_nonsense_is_refused_in_words(conn: connection, statement: str, words: str) -> None:
    with pytest.raises(psycopg2.Error, match=re.escape(words)), conn, conn.cursor() as cur:
        cur.execute(statement)


@pytest.mark.parametrize("reference", ["${env:TOKEN}", "${env:_a1}", "${file:token}", "${file:esms.secret-2}"])
def test_a_reference_is_taken(conn: connection, reference: str) -> None:
    with conn, conn.cursor() as cur:
        cur.execute("update sms_provider set credentials = jsonb_build_object('token', %s)", [reference])
