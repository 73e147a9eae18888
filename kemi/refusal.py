"""An answer to a request that Kamailio cannot parse, written by hand out of its own lines (kemi/decisions/0044).

It goes to where the request came from and nowhere else, and holds nothing but what that sender wrote, a tag and the
status line: it is no amplifier, though longer than a request of five short lines. What is no request, or an ACK, gets
none (RFC 3261 §8.1.3, §17).
"""

import re
from hashlib import blake2b
from typing import Final, NamedTuple

from kemi.domain.addresses import Hop
from kemi.domain.phrases import phrase

_LONG: Final = {"v": "via", "f": "from", "t": "to", "i": "call-id"}
_COPIED: Final = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq"}
_START: Final = re.compile(r"(?!SIP/)(\S+) .*SIP/(\d+\.\d+) *", re.ASCII)
_FOLDED: Final = re.compile(r"\r\n[ \t]+")
_SENT_BY: Final = re.compile(r"SIP\s*/\s*\d\.\d\s*/\s*\w+\s+(?:\[[^\]]*\]|[^\s:;,]+)(?:\s*:\s*(\d{1,5}))?", re.ASCII)
_RPORT: Final = re.compile(r";\s*rport\s*(?:[;,=]|$)", re.ASCII)
_TAG: Final = re.compile(r";\s*tag\s*=", re.IGNORECASE)
_DEFAULT_PORT: Final = 5060


class Refusal(NamedTuple):
    """What to send where, and the code in it."""

    hop: Hop
    code: int
    text: str


def refusal(raw: bytes, source: Hop, code: int = 0) -> Refusal | None:
    """Return the answer to the request `raw` from `source`; None where none can or may be given.

    `code` 0: 505 for another version than 2.0, else 400.
    """
    head = raw.partition(b"\r\n\r\n")[0]
    if b"\0" in head:
        return None  # KEMI cannot send it back
    try:
        lines = _FOLDED.sub(" ", head.decode()).split("\r\n")
    except UnicodeDecodeError:
        return None
    start = _START.fullmatch(lines[0])
    if start is None or start[1] == "ACK":
        return None
    found = _copied(lines[1:])
    sent_by = _SENT_BY.match(found["via"][0]) if found["via"] else None
    if sent_by is None:
        return None
    if found["to"] and not _TAG.search(found["to"][0]):
        found["to"] = [f"{found['to'][0]};tag={blake2b(head, digest_size=6).hexdigest()}"]
    top = found["via"][0].partition(",")[0]
    # Down the connection that it came by, or RFC 3581 §4; else to the port that the sender names, at the address he
    # has (RFC 3261 §18.2.2).
    straight = source.transport != "udp" or _RPORT.search(top)
    port = source.port if straight else int(sent_by[1] or _DEFAULT_PORT)
    if not 0 < port < 1 << 16:
        return None
    code = code or (400 if start[2] == "2.0" else 505)
    kept = [f"{_COPIED[name]}: {value}" for name, values in found.items() for value in values]
    text = "\r\n".join([f"SIP/2.0 {code} {phrase(code)}", *kept, "Content-Length: 0", "", ""])
    return Refusal(Hop(source.ip, port, source.transport), code, text)


def _copied(lines: list[str]) -> dict[str, list[str]]:
    """Return the values an answer repeats, in its order: every Via, and the first of each other header."""
    found: dict[str, list[str]] = {name: [] for name in _COPIED}
    for line in lines:
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        key = _LONG.get(key, key)
        if colon and key in found and (key == "via" or not found[key]):
            found[key].append(value.strip())
    return found
