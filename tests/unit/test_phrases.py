"""Status lines speak the RFC's words: gateways put names and numbers into theirs."""

import pytest

from kemi.domain.phrases import phrase, relayed


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (100, "Trying"),
        (180, "Ringing"),
        (200, "OK"),
        (404, "Not Found"),
        (420, "Bad Extension"),
        (480, "Temporarily Unavailable"),
        (481, "Call/Transaction Does Not Exist"),
        (486, "Busy Here"),
        (487, "Request Terminated"),
        (503, "Service Unavailable"),
        (603, "Decline"),
    ],
)
def test_a_code_has_its_standard_phrase(code: int, words: str) -> None:
    """RFC 3261 §21."""
    assert phrase(code) == words


@pytest.mark.parametrize(
    ("code", "like"), [(199 - 1, 183), (299, 200), (399, 300), (499, 400), (599, 500), (699, 603), (987, 603)]
)
def test_a_code_that_nobody_registered_has_the_phrase_of_its_class(code: int, like: int) -> None:
    """RFC 3261 §8.1.3.2."""
    assert phrase(code) == phrase(like)


@pytest.mark.parametrize("code", range(100, 700))
def test_a_phrase_is_words_and_nothing_else(code: int) -> None:
    """No digits, no line ends, never empty."""
    assert phrase(code).replace(" ", "").replace("-", "").replace("/", "").isalpha()


@pytest.mark.parametrize("code", range(200, 700))
def test_no_redirect_and_no_challenge_passes_inside_a_dialog(code: int) -> None:
    """Every other code does, and none of ours ends the dialog (RFC 5057)."""
    expected = 488 if 300 <= code < 400 else 403 if code in {401, 407} else code
    assert relayed(code) == expected
