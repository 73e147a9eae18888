"""A member's 2xx that cannot go to the caller: his phone is acknowledged and hung up, so that nobody talks to silence.

It comes after a restart while it rang, after its transaction's end, or with headers that cannot be read. The edge is
then the only one who can send the ACK and the BYE that end it (RFC 3261 §13.2.2.4, §15). Both go to the address the
2xx came from and nowhere else, and only for a Call-ID that one of our keys has made: nobody is made to talk to others.
"""

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple

from kemi.domain import addresses
from kemi.domain.addresses import Hop
from kemi.exchange import far_routes, next_hop

_LONG: Final = {"f": "from", "t": "to", "i": "call-id", "m": "contact"}
_FOLDED: Final = re.compile(r"\r\n[ \t]+")
_CSEQ: Final = re.compile(r"(\d{1,10})\s+INVITE", re.ASCII)


class Farewell(NamedTuple):
    """What ends a call that nobody has: an ACK as it goes out, a BYE's R-URI and headers, and where both go to."""

    hop: Hop
    ack: str
    target: str
    headers: str


def farewell(raw: bytes, source: Hop, host: str, is_ours: Callable[[str], bool]) -> Farewell | None:
    """Return what to send for the 2xx `raw` that came from `source`; None where it is not a leg's, or says too little.

    `host`: what the edge calls itself in its Via; `is_ours`: whether a Call-ID was made by us.
    """
    said = _headers(raw)
    from_, to, call_id = (said.get(name, [""])[0] for name in ("from", "to", "call-id"))
    cseq = _CSEQ.fullmatch(said.get("cseq", [""])[0])
    if cseq is None or not is_ours(call_id) or not (from_ + to).isascii():
        return None
    if not addresses.tag(from_) or not addresses.tag(to):
        return None
    target, routes, hop = _way(said, source, host)
    number = int(cseq[1])
    same = f"From: {from_}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n"
    same += f"Route: {routes}\r\n" if routes else ""
    # The same branch for the same answer: a phone that repeats its 2xx gets the same ACK again.
    branch = blake2b(f"{call_id}{to}".encode(), digest_size=9).hexdigest()
    via = f"Via: SIP/2.0/{hop.transport.upper()} {host};branch=z9hG4bK{branch}"
    ack = f"ACK {target} SIP/2.0\r\n{via}\r\nCSeq: {number} ACK\r\n{same}Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    return Farewell(hop, ack, target, f"{same}CSeq: {number + 1} BYE\r\n")


def _way(said: dict[str, list[str]], source: Hop, host: str) -> tuple[str, str, Hop]:
    """Return R-URI, Route and next hop; straight to where it came from if Contact or routes cannot be read."""
    try:
        target = addresses.addr_spec(said["contact"][0])
        routes = far_routes(said.get("record-route", []), host)
        if (target + routes).isascii():
            return target, routes, next_hop(routes, target, source)
    except (KeyError, ValueError):
        pass
    return source.uri(), "", source


def _headers(raw: bytes) -> dict[str, list[str]]:
    """Return the header values of a message by name, byte for byte; nothing of it is checked."""
    head = _FOLDED.sub(" ", raw.partition(b"\r\n\r\n")[0].decode("latin-1"))
    found: dict[str, list[str]] = {}
    for line in head.split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if colon and not any(ord(ch) < ord(" ") for ch in value):
            found.setdefault(_LONG.get(name, name), []).append(value.strip())
    return found
