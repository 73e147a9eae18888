"""Every header that has been seen to carry somebody's identity, and how it is written on the wire.

A kind of carrier is a line of the table: what it is called, and how one is made of a party's words.
"""

from collections.abc import Callable
from random import Random
from typing import Final, TypeAlias

from tests.sip.message import Header
from tests.walk.words import Words

Carrier: TypeAlias = Callable[[Words], list[Header]]


def _one(name: str, make: Callable[[Words], str]) -> Carrier:
    return lambda words: [(name, make(words))]


def _person(words: Words) -> str:
    return f'"{words.name()}" <{words.uri()}>'


def _several(words: Words) -> str:
    return ", ".join(_person(words) for _ in range(words.dice.randrange(2, 4)))


def _repeated(name: str, make: Callable[[Words], str]) -> Carrier:
    return lambda words: [(name, make(words)) for _ in range(words.dice.randrange(2, 4))]


def _unknown(words: Words) -> list[Header]:
    name = words.dice.choice(["X-", "P-", "x-", "Z-", ""]) + words.word()
    return [(name, words.dice.choice([words.payload, words.uri, words.word, words.number])())]


def _long(words: Words) -> list[Header]:
    parts = [words.dice.choice([words.word, words.uri, words.number])() for _ in range(words.dice.randrange(10, 30))]
    return [("X-" + words.word(), "; ".join(parts))]


_TOKEN: Final = "eyJhbGciOiJFUzI1NiJ9"
REQUESTS: Final[dict[str, Carrier]] = {  # only what a request may have
    "Route": _one("Route", lambda w: f"<sip:{w.word()}@{w.host()};lr>"),
    "Proxy-Authorization": _one("Proxy-Authorization", lambda w: f'Digest username="{w.word()}", realm="{w.word()}"'),
    "Authorization": _one("Authorization", lambda w: f'Digest username="{w.own}", uri="sip:{w.word()}.example"'),
    "Identity": _one("Identity", lambda w: f"{_TOKEN}.{w.payload()}.sig;info=<https://{w.word()}.example/c.pem>"),
    "Path": _one("Path", lambda w: f"<sip:{w.word()}@{w.host()};lr>"),
    "Referred-By": _one("Referred-By", lambda w: f'{_person(w)};cid="{w.word()}@{w.word()}.example"'),
    "In-Reply-To": _one("In-Reply-To", lambda w: f"{w.word()}@{w.word()}.example"),
    "Replaces-like": _one("X-Replaces", lambda w: f"{w.word()};to-tag={w.word()};from-tag={w.word()}"),
}
REPLIES: Final[dict[str, Carrier]] = {  # only what a reply may have
    "Server": _one("Server", lambda w: f"{w.word()}/{w.dice.randrange(9)}.2 ({w.host()})"),
    "WWW-Authenticate": _one("WWW-Authenticate", lambda w: f'Digest realm="{w.word()}.example", nonce="{w.payload()}"'),
    "Authentication-Info": _one("Authentication-Info", lambda w: f'nextnonce="{w.word()}"'),
    "Error-Info": _one("Error-Info", lambda w: f"<sip:{w.word()}@{w.host()}>"),
    "Retry-After with words": _one("Retry-After", lambda w: f"18000 (call {w.word()});duration=60"),
}
ANYWHERE: Final[dict[str, Carrier]] = {
    "P-Asserted-Identity": _one("P-Asserted-Identity", _person),
    "P-Asserted-Identity, several": _one("P-Asserted-Identity", _several),
    "P-Asserted-Identity, tel": _one("P-Asserted-Identity", lambda w: f"<tel:+84{w.own[1:]}>"),
    "P-Preferred-Identity": _one("P-Preferred-Identity", _person),
    "Remote-Party-ID": _one("Remote-Party-ID", lambda w: f"{_person(w)};party=calling;screen=yes;id-type=subscriber"),
    "Diversion": _repeated("Diversion", lambda w: f"{_person(w)};reason=unconditional;counter=1"),
    "History-Info": _one("History-Info", lambda w: f"<{w.uri()}?Reason=SIP%3Bcause%3D302>;index=1,<{w.uri()}>;index=2"),
    "Reply-To": _one("Reply-To", _person),
    "Session-ID": _one("Session-ID", lambda w: f"{w.word().encode().hex():0>32}"),
    "Subject": _one("Subject", lambda w: f"call from {w.word()} at {w.number()}"),
    "Call-Info": _one("Call-Info", lambda w: f"<http://{w.word()}.example/{w.own}.jpg>;purpose=icon"),
    "Alert-Info": _one("Alert-Info", lambda w: f"<http://{w.host()}/{w.word()}.wav>"),
    "Organization": _one("Organization", lambda w: f"{w.word()} JSC"),
    "User-Agent": _one("User-Agent", lambda w: f"{w.word()}-phone/{w.dice.randrange(9)}.1 {w.payload()}"),
    "Geolocation": _one("Geolocation", lambda w: f"<cid:{w.word()}@{w.word()}.example>;inserted-by={w.word()}"),
    "P-Charging-Vector": _one("P-Charging-Vector", lambda w: f"icid-value={w.word()};orig-ioi={w.word()}.example"),
    "P-Charging-Function-Addresses": _one("P-Charging-Function-Addresses", lambda w: f"ccf={w.word()};ecf={w.host()}"),
    "P-Access-Network-Info": _one("P-Access-Network-Info", lambda w: f"3GPP-UTRAN-FDD;utran-cell-id-3gpp={w.word()}"),
    "P-Called-Party-ID": _one("P-Called-Party-ID", _person),
    "P-Associated-URI": _one("P-Associated-URI", lambda w: f"<{w.uri()}>"),
    "User-to-User": _one("User-to-User", lambda w: f"{w.word().encode().hex()};encoding=hex"),
    "Reason": _one("Reason", lambda w: f'Q.850;cause=16;text="{w.name()} hung up"'),
    "Warning": _one("Warning", lambda w: f'399 {w.host()} "number {w.number()} of {w.word()}"'),
    "Date": _one("Date", lambda w: f"Sat, 13 Nov 2010 23:29:00 GMT+{w.word()}"),
    "Timestamp": _one("Timestamp", lambda w: f"{w.word()}"),
    "Content-Disposition": _one("Content-Disposition", lambda w: f"session;handling=optional;x={w.word()}"),
    "Content-ID": _one("Content-ID", lambda w: f"<{w.word()}@{w.word()}.example>"),
    "MIME-Version": _one("MIME-Version", lambda w: f"1.0 ({w.word()})"),
    "Supported with words": _one("Supported", lambda w: f"timer, {w.word()}, replaces,{w.payload()}"),
    "Allow with words": _one("Allow", lambda w: f"INVITE, ACK,BYE , CANCEL, {w.word().upper()}"),
    "Accept with words": _one("Accept", lambda w: f"application/sdp;x={w.word()}, application/{w.word()}"),
    "Accept-Language": _one("Accept-Language", lambda w: f"vi, en;x={w.word()}"),
    "Expires with words": _one("Expires", lambda w: f"120;{w.word()}"),
    "Min-SE with words": _one("Min-SE", lambda w: f"90;{w.word()}={w.number()}"),
    "Privacy, unknown": _one("Privacy", lambda w: f"none;{w.word()}"),
    "unknown header": _unknown,
    "long header": _long,
    "repeated unknown header": lambda w: [("X-Twice", w.word()), ("x-twice", w.payload()), ("X-TWICE", w.number())],
}
KINDS: Final = frozenset({*REQUESTS, *REPLIES, *ANYWHERE})
_SHORT: Final = {"Subject": "s", "Referred-By": "b", "Supported": "k", "Identity": "y", "Content-Encoding": "e"}
_NO_FOLD: Final = '"'  # a quoted text is not folded: some spaces are its own


def plant(words: Words, *, in_request: bool, most: int = 6) -> tuple[tuple[Header, ...], tuple[str, ...]]:
    """Return some of the carriers as header lines, and which kinds they are."""
    table = {**ANYWHERE, **(REQUESTS if in_request else REPLIES)}
    kinds = tuple(words.dice.sample(sorted(table), words.dice.randrange(most + 1)))
    lines = [dress(words.dice, *line) for kind in kinds for line in table[kind](words)]
    words.dice.shuffle(lines)
    return tuple(lines), kinds


def dress(dice: Random, name: str, value: str) -> Header:
    """Return the header in one of the forms that RFC 3261 §7.3 lets it have: same meaning, other bytes."""
    kind = dice.randrange(8)
    if kind == 0:
        return _SHORT.get(name, name), value
    if kind == 1:
        return name.upper(), value
    if kind == 2:
        return "".join(dice.choice((ch.lower(), ch.upper())) for ch in name), value
    if kind == 3 and " " in value and _NO_FOLD not in value:
        return name, value.replace(" ", dice.choice(["\r\n ", "\r\n\t", " \r\n   "]), 1)
    if kind == 4:
        return name, f"  \t{value}  "
    return (f"{name} ", value) if kind == 5 else (name, value)
