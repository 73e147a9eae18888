"""SIP messages as the auditor reads them: RFC 3261 text, lossless, forgiving to read."""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

Header: TypeAlias = tuple[str, str]

# RFC 3261 §7.3.3 and the IANA registry of header fields: every compact form there is.
_COMPACT: Final = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
    "e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
    "l": "content-length", "m": "contact", "n": "identity-info", "o": "event", "r": "refer-to", "s": "subject",
    "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}  # fmt: skip
_TAG: Final = re.compile(r";\s*tag\s*=\s*([^;>\s]+)", re.IGNORECASE)
_BRANCH: Final = re.compile(r";\s*branch\s*=\s*([^;,\s]+)", re.IGNORECASE)
_START: Final = re.compile(r"SIP/2\.0 \d{3} .*|\S+ \S+ SIP/2\.0")
_FOLD: Final = re.compile(r"\r\n[ \t]+")
_URI: Final = re.compile(r"<([^>]*)>")


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
        """The Request-URI; of a reply, its code."""
        return self.start.split()[1]

    def all(self, name: str) -> list[str]:
        """Every value of the header `name`, in order; one per line as it stood."""
        return [value for key, value in self.headers if canonical(key) == name.lower()]

    def get(self, name: str) -> str:
        """The first value of the header `name`, or ""."""
        return next(iter(self.all(name)), "")

    @property
    def call_id(self) -> str:
        """The Call-ID, or ""."""
        return self.get("call-id")

    @property
    def cseq(self) -> str:
        """The CSeq with single spaces, or ""."""
        return " ".join(self.get("cseq").split())

    @property
    def branch(self) -> str:
        """The branch of the top Via, or ""."""
        found = _BRANCH.search(self.get("via"))
        return found.group(1) if found else ""

    @property
    def from_tag(self) -> str:
        """The tag in From, or ""."""
        return tag_of(self.get("from"))

    @property
    def to_tag(self) -> str:
        """The tag in To, or ""."""
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
    """Return the long lower-case name of a header."""
    name = name.strip().lower()
    return _COMPACT.get(name, name)


def tag_of(value: str) -> str:
    """Return the tag parameter of a From or To, or ""."""
    found = _TAG.search(value)
    return found.group(1) if found else ""


def uri_of(value: str) -> str:
    """Return the URI of a name-addr or addr-spec, without header parameters."""
    found = _URI.search(value)
    return found.group(1) if found else value.partition(";")[0].strip()


def user_of(uri: str) -> str:
    """Return the user part of a SIP URI, or ""."""
    return uri.partition(":")[2].partition("@")[0] if "@" in uri else ""


def parse(raw: bytes) -> Message:
    """Read one datagram. Raises `ValueError` for what is not SIP at all (keep-alives, noise)."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = _FOLD.sub(" ", head.decode("latin-1")).split("\r\n")
    if not _START.fullmatch(lines[0]):
        raise ValueError("not SIP")
    headers = tuple((name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:]))
    return Message(raw, lines[0], headers, body)
