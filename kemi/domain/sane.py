"""What a request must be to be served at all; what is not is answered, and goes nowhere (kemi/decisions/0044)."""

import re
from typing import Final

# RFC 3261 §27.4 and successors: what a method is called that we know of. Any other is 501, not 405 (§21.5.2).
METHODS: Final = frozenset(
    {"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "SUBSCRIBE", "PUBLISH", "NOTIFY", "REFER", "INFO"}
    | {"UPDATE", "PRACK", "MESSAGE"}
)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
_OURS: Final = frozenset({"sip", "sips", "tel"})
_HIGHEST: Final = 2**31  # RFC 3261 §8.1.1.5


def refusal_of(uri: str) -> int | None:
    """Return the code for a R-URI of a scheme we do not serve, or of none; None where its scheme is one we do."""
    scheme = _SCHEME.match(uri)
    if scheme is None:
        return 400
    return None if scheme[1].lower() in _OURS else 416


def check_cseq(value: str, method: str) -> None:
    """Raise `ValueError` unless a CSeq is a number below 2^31 and the request's method."""
    number, _, name = value.partition(" ")
    if name != method:
        number, _, name = " ".join(value.split()).partition(" ")
    if name != method or not number.isascii() or not number.isdigit() or len(number) > 10 or int(number) >= _HIGHEST:
        raise ValueError("CSeq")


def check_via(value: str) -> None:
    """Raise `ValueError` for a top Via that cannot be told from those below it: one that quotes something."""
    if '"' in value:
        raise ValueError("Via")


def body_of(text: str, length: str) -> str:
    """Return the body that `length`, the Content-Length, says of what a datagram holds: the rest of it is noise.

    Raises `ValueError` where the datagram holds less than it says (RFC 3261 §18.3).
    """
    if not length:
        return text
    if not length.isascii() or not length.isdigit():
        raise ValueError("Content-Length")
    octets = text.encode()
    wanted = int(length[:10])
    if len(octets) < wanted:
        raise ValueError("Content-Length")
    return text if len(octets) == wanted else octets[:wanted].decode()
