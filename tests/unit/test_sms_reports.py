"""The small parts of the receipts endpoint: signatures, limits, forms of a report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.receipts import twilio
from sms.receipts.kinds import Report, UnreadableError
from sms.receipts.limits import Limits
from sms.receipts.reading import content_of


def test_twilio_s_own_example_of_a_signature() -> None:
    """https://www.twilio.com/docs/usage/security, with the auth token 12345."""
    form = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"), ("From", "+14158675309"),
            ("To", "+18005551212")]  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    report = Report("POST", url, "foo=1&bar=2", {}, b"", "192.0.2.1", None, dict(form), form[::-1])
    assert twilio.sign(url, report, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_a_bucket_empties_and_fills() -> None:
    """Five seconds' worth at once, then as many as time brings; each address has its own."""
    limits = Limits(2.0)
    assert [limits.allow("a", 0.0) for _ in range(11)] == [True] * 10 + [False]
    assert limits.allow("b", 0.0)
    assert [limits.allow("a", 0.5), limits.allow("a", 0.5)] == [True, False]
    assert [limits.allow("a", 100.0) for _ in range(11)] == [True] * 10 + [False]


def test_a_charge_takes_what_is_there() -> None:
    limits = Limits(2.0)
    limits.charge("a", 0.0, 1000.0)
    assert [limits.allow("a", 0.0), limits.allow("a", 0.5)] == [False, True]


def test_very_many_addresses_do_not_fill_the_memory() -> None:
    limits = Limits(0.2)
    for number in range(20_000):
        assert limits.allow(str(number), 0.0)
    assert limits.allow("0", 0.0)  # forgotten: as one that never came


@pytest.mark.parametrize(
    ("query", "body", "kind", "content"),
    [
        ("a=1&b=", b"", "", {"a": "1", "b": ""}),
        ("a=1", b"a=2&c=%2B84", "application/x-www-form-urlencoded; charset=utf-8", {"a": "2", "c": "+84"}),
        ("a=1", b'{"b": {"c": 1}}', "application/json", {"a": "1", "b": {"c": 1}}),
        ("", b' [{"a": 1}]', "text/plain", [{"a": 1}]),
        ("", b'{"a": 1}', "application/problem+json", {"a": 1}),
    ],
)
def test_the_forms_of_a_report(query: str, body: bytes, kind: str, content: object) -> None:
    assert content_of(query, body, kind)[0] == content


@given(
    st.text(max_size=60),
    st.binary(max_size=60),
    st.sampled_from(["", "application/json", "application/x-www-form-urlencoded"]),
)
def test_whatever_comes_is_understood_or_refused(query: str, body: bytes, kind: str) -> None:
    try:
        content_of(query, body, kind)
    except UnreadableError as refused:
        words = str(refused)
    else:
        words = "understood"
    assert words


def test_too_deep_is_refused() -> None:
    with pytest.raises(UnreadableError):
        content_of("", b"[" * 60_000, "application/json")
