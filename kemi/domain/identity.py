"""Who calls: the asserted identity, the presented one, or nobody (RFC 3261 §20.20, RFC 3323, RFC 3325).

And who we say calls: the outbound number, in the header that the gateway reads it from.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from kemi.domain import addresses
from kemi.domain.e164 import e164
from kemi.domain.model import Identity
from kemi.domain.redaction import shown
from kemi.errors import NotANumber

_IDENTITY: Final[dict[Identity, str]] = {
    "p_asserted": "P-Asserted-Identity: <{}>",
    "p_preferred": "P-Preferred-Identity: <{}>",
    # draft-ietf-sip-privacy-04, which is what gateways that ask for it know
    "remote_party_id": "Remote-Party-ID: <{}>;party=calling;privacy=off;screen=yes",
}


def identity_line(style: Identity, uri: str) -> tuple[str, ...]:
    """Return the header that tells a gateway the outbound number's `uri` beside From; () for "none"."""
    line = _IDENTITY.get(style)
    return () if line is None else (line.format(uri),)


class Caller(NamedTuple):
    """The caller as the company may know him. `number` is None when withheld or not a telephone number."""

    number: str | None
    withheld: bool

    def __repr__(self) -> str:
        return shown(self, self._fields)


def caller(from_: str, asserted: list[str], privacy: list[str]) -> Caller:
    """Say who calls, from the values of From, P-Asserted-Identity and Privacy (every one of them).

    The trunk is trusted, so what it asserts goes before what the caller presents. A caller who asks for
    privacy is withheld, whatever number stands beside it.
    """
    presented = _uri(from_)
    if (privacy and _asks_for_privacy(privacy)) or _is_anonymous(presented):
        return Caller(None, withheld=True)
    for value in _listed(asserted):
        number = _number(_uri(value))
        if number is not None:
            return Caller(number, withheld=False)
    return Caller(_number(presented), withheld=False)


def _listed(values: list[str]) -> Iterator[str]:
    for value in values:
        try:
            yield from addresses.split_list(value)
        except ValueError:
            continue


def _asks_for_privacy(values: list[str]) -> bool:
    wanted = {token.strip().lower() for value in values for token in value.replace(",", ";").split(";")}
    return not wanted.isdisjoint({"id", "user", "header"})


def _uri(value: str) -> str:
    try:
        return addresses.addr_spec(value)
    except ValueError:
        return ""


def _is_anonymous(uri: str) -> bool:
    uri = uri.lower()
    return addresses.user(uri) in {"anonymous", "unknown", "restricted"} or "anonymous.invalid" in uri


def _number(uri: str) -> str | None:
    try:
        return e164(addresses.user(uri))
    except NotANumber:
        return None
