"""SIP messages as the tests write them: RFC 3261 text, exact; they are read by the auditor's parser."""

import re
from collections.abc import Iterable
from typing import Final

from kemi.audit.message import Header, Message, canonical, parse, tag_of, uri_of, user_of
from kemi.audit.packet import Address

__all__ = [
    "REASONS", "Address", "Header", "Message", "address_of", "build", "canonical", "parse", "reply_to", "tag_of",
    "transport_of", "uri_of", "user_of",
]  # fmt: skip

_TRANSPORT: Final = re.compile(r";transport=(\w+)", re.IGNORECASE)
_HOSTPORT: Final = re.compile(r"sips?:(?:[^@;>]*@)?(\[[^\]]+\]|[^:;>?\s]+)(?::(\d+))?", re.IGNORECASE)

REASONS: Final = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 302: "Moved Temporarily",
    404: "Not Found", 408: "Request Timeout", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 500: "Server Internal Error", 503: "Service Unavailable",
    600: "Busy Everywhere", 603: "Decline",
}  # fmt: skip


def address_of(uri: str) -> Address:
    """Host and port a request to `uri` goes to; 5060 where none is said."""
    found = _HOSTPORT.match(uri)
    if not found:
        raise ValueError(f"no host in {uri!r}")
    return found.group(1), int(found.group(2) or 5060)


def transport_of(uri: str) -> str:
    """What a request to `uri` goes by: of a numeric address, what it says, else UDP (RFC 3263 §4.1)."""
    found = _TRANSPORT.search(uri)
    return found[1].lower() if found else "udp"


def build(start: str, headers: Iterable[Header], body: bytes = b"") -> Message:
    """Write a message; Content-Length is added, everything else is the caller's."""
    lines = [start, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}"]
    return parse("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


def reply_to(
    request: Message, code: int, reason: str | None, to_tag: str, *, extra: Iterable[Header] = (), body: bytes = b""
) -> Message:
    """A reply as RFC 3261 §8.2.6 builds it: Via, From, To, Call-ID, CSeq copied, a tag added to To."""
    to = request.get("to")
    if code > 100 and not tag_of(to):
        to += f";tag={to_tag}"
    headers: list[Header] = [("Via", value) for value in request.all("via")]
    headers += [("From", request.get("from")), ("To", to), ("Call-ID", request.call_id), ("CSeq", request.get("cseq"))]
    headers += extra
    if body:
        headers.append(("Content-Type", "application/sdp"))
    return build(f"SIP/2.0 {code} {reason or REASONS.get(code, 'Answer')}", headers, body)
