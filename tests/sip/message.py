"""SIP messages as the tests see them: RFC 3261 text in and out, lossless, forgiving to read and exact to write."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

Header: TypeAlias = tuple[str, str]
Address: TypeAlias = tuple[str, int]

# RFC 3261 §7.3.3, RFC 3323 …: the short names a strict reader must know.
_COMPACT: Final = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
    "c": "content-type", "k": "supported", "s": "subject", "x": "session-expires", "r": "refer-to", "b": "referred-by",
}  # fmt: skip
_TAG: Final = re.compile(r";\s*tag=([^;>\s]+)", re.IGNORECASE)
_BRANCH: Final = re.compile(r";\s*branch=([^;,\s]+)", re.IGNORECASE)
_START: Final = re.compile(r"SIP/2\.0 \d{3} .*|\S+ \S+ SIP/2\.0")
_URI: Final = re.compile(r"<([^>]*)>")
_HOSTPORT: Final = re.compile(r"sips?:(?:[^@;>]*@)?(\[[^\]]+\]|[^:;>?\s]+)(?::(\d+))?", re.IGNORECASE)

REASONS: Final = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 302: "Moved Temporarily",
    404: "Not Found", 408: "Request Timeout", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 500: "Server Internal Error", 503: "Service Unavailable",
    600: "Busy Everywhere", 603: "Decline",
}  # fmt: skip


@dataclass(frozen=True)
class Message:
    """One SIP message, request or reply. Text is Latin-1, so that every byte survives."""

    raw: bytes
    start: str
    headers: tuple[Header, ...]
    body: bytes

    @property
    def status(self) -> int:
        """The status code of a reply; 0 for a request."""
        return int(self.start[8:11]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """The method of a request; of a reply, the method it answers (CSeq)."""
        return self.cseq.partition(" ")[2].strip() if self.status else self.start.partition(" ")[0]

    @property
    def uri(self) -> str:
        return self.start.split()[1]

    def all(self, name: str) -> list[str]:
        """Every value of the header `name`, in order; one per line as it stood."""
        return [value for key, value in self.headers if canonical(key) == name.lower()]

    def get(self, name: str) -> str:
        """The first value of the header `name`, or ""."""
        return next(iter(self.all(name)), "")

    @property
    def call_id(self) -> str:
        return self.get("call-id")

    @property
    def cseq(self) -> str:
        return " ".join(self.get("cseq").split())

    @property
    def branch(self) -> str:
        found = _BRANCH.search(self.get("via"))
        return found.group(1) if found else ""

    @property
    def from_tag(self) -> str:
        return tag_of(self.get("from"))

    @property
    def to_tag(self) -> str:
        return tag_of(self.get("to"))

    @property
    def target(self) -> str:
        """The URI in Contact, or ""."""
        return uri_of(self.get("contact"))

    @property
    def names(self) -> set[str]:
        """The names of all headers, long and lower case."""
        return {canonical(name) for name, _ in self.headers}


def canonical(name: str) -> str:
    """The long lower-case name of a header."""
    name = name.strip().lower()
    return _COMPACT.get(name, name)


def tag_of(value: str) -> str:
    """The tag parameter of a From or To, or ""."""
    found = _TAG.search(value)
    return found.group(1) if found else ""


def uri_of(value: str) -> str:
    """The URI of a name-addr or addr-spec, without header parameters."""
    found = _URI.search(value)
    return found.group(1) if found else value.partition(";")[0].strip()


def user_of(uri: str) -> str:
    """The user part of a SIP URI, or ""."""
    return uri.partition(":")[2].partition("@")[0] if "@" in uri else ""


def address_of(uri: str) -> Address:
    """Host and port a request to `uri` goes to over UDP; 5060 where none is said."""
    found = _HOSTPORT.match(uri)
    if not found:
        raise ValueError(f"no host in {uri!r}")
    return found.group(1), int(found.group(2) or 5060)


def parse(raw: bytes) -> Message:
    """Read one datagram. Raises `ValueError` for what is not SIP at all (keep-alives, noise)."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = re.sub(r"\r\n[ \t]+", " ", head.decode("latin-1")).split("\r\n")
    if not _START.fullmatch(lines[0]):
        raise ValueError("not SIP")
    headers = tuple((name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:]))
    return Message(raw, lines[0], headers, body)


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
