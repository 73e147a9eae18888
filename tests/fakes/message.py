"""A SIP message as Kamailio holds it: one buffer that never changes, and lumps that say what to change when it is sent.

The lumps are Kamailio's own (core/data_lump.c): byte offsets into the buffer, kept in order, those of one offset in
the order they came. So a header removed twice, or a line put behind a header that goes, comes out as there.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

COMPACT: Final = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type",
    "k": "supported", "s": "subject", "e": "content-encoding", "x": "session-expires", "r": "refer-to", "o": "event",
    "y": "identity", "b": "referred-by",
}  # fmt: skip


class UnparsableError(Exception):
    """Kamailio's parser gives this message up: it is dropped before any script."""


class MisplacedError(Exception):
    """A change that Kamailio would make into a broken message; the fake refuses it."""


def canonical(name: str) -> str:
    """Return a header name as Kamailio compares it: lower case, compact forms spelled out."""
    lower = name.lower()
    return COMPACT.get(lower, lower)


@dataclass(frozen=True)
class Header:
    """One header of the buffer: `at` its first byte, `end` the byte behind its CRLF."""

    raw_name: bytes
    raw_body: bytes
    at: int
    end: int
    body_at: int

    @cached_property
    def key(self) -> str:
        """The name as compared."""
        return canonical(self.raw_name.decode("latin-1"))

    @property
    def body(self) -> str:
        """The value as Python gets it; raises UnicodeDecodeError as the real one does."""
        return self.raw_body.decode("utf-8")


@dataclass
class Lump:
    """A change at `at`: `cut` bytes go, `add` comes."""

    at: int
    cut: int
    add: bytes = b""


@dataclass
class Lumps:
    """The changes of one message; copied for every branch, as tm does."""

    head: list[Lump] = field(default_factory=list)
    body: list[Lump] = field(default_factory=list)

    def copy(self) -> "Lumps":
        """Return an independent copy."""
        return Lumps([Lump(x.at, x.cut, x.add) for x in self.head], [Lump(x.at, x.cut, x.add) for x in self.body])


def _place(lumps: list[Lump], lump: Lump) -> None:
    index = next((i for i, other in enumerate(lumps) if other.at > lump.at), len(lumps))
    lumps.insert(index, lump)


class Message:
    """A parsed SIP message. Raises `UnparsableError` for what Kamailio's core drops before the script."""

    def __init__(self, buf: bytes) -> None:
        self.buf = buf
        self.lumps = Lumps()
        head, found, _ = buf.partition(b"\r\n\r\n")
        if not found:
            raise UnparsableError("no end of headers")
        self.headers_end = len(head) + 2
        self.body_at = len(head) + 4
        first, _, _ = buf.partition(b"\r\n")
        self.start = len(first) + 2
        parts = first.split(b" ", 2)
        if len(parts) < 3:
            raise UnparsableError("first line")
        self.is_reply = parts[0] == b"SIP/2.0"
        if not self.is_reply and parts[2] != b"SIP/2.0":
            raise UnparsableError("first line")
        self.parts = parts
        self.new_status: tuple[int, bytes] | None = None  # set by change_reply_status
        self.headers = self._split_headers()
        for needed in ("via", "from", "to", "call-id", "cseq"):
            if self.first(needed) is None:
                raise UnparsableError(f"no {needed}")

    def _split_headers(self) -> list[Header]:
        headers: list[Header] = []
        at = self.start
        while at < self.headers_end:
            end = self.buf.index(b"\r\n", at) + 2
            while end < self.headers_end and self.buf[end : end + 1] in (b" ", b"\t"):  # a folded line goes on
                end = self.buf.index(b"\r\n", end) + 2
            name, colon, body = self.buf[at:end].partition(b":")
            if not colon or not name.strip():
                raise UnparsableError("a header without a colon")
            shift = len(body) - len(body.lstrip())
            headers.append(Header(name.rstrip(), body.strip(), at, end, at + len(name) + 1 + shift))
            at = end
        return headers

    # -- reading ------------------------------------------------------------------------------------------------

    def all(self, name: str) -> list[Header]:
        """Return the headers of this name, compact forms too, top to bottom."""
        key = canonical(name)
        return [header for header in self.headers if header.key == key]

    def first(self, name: str) -> Header | None:
        """Return the topmost header of this name."""
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        """Return the value of the topmost header of this name, "" without one."""
        header = self.first(name)
        return header.body if header else ""

    @cached_property
    def method(self) -> str:
        """The method; of a reply, the one in CSeq."""
        return self.text("cseq").split()[-1] if self.is_reply else self.parts[0].decode()

    @property
    def status(self) -> int:
        """The status code of a reply, 0 for a request."""
        if self.new_status:
            return self.new_status[0]
        return int(self.parts[1]) if self.is_reply else 0

    @property
    def body(self) -> bytes:
        """Everything behind the empty line."""
        return self.buf[self.body_at :]

    def vias(self) -> list[str]:
        """Return every Via value, top to bottom, comma lists taken apart."""
        return [part.strip() for header in self.all("via") for part in header.body.split(",")]

    # -- changing -----------------------------------------------------------------------------------------------

    def cut(self, at: int, end: int) -> None:
        """Take the bytes from `at` to `end` out when the message is sent."""
        _place(self.lumps.body if at > self.headers_end else self.lumps.head, Lump(at, end - at))

    def add(self, at: int, text: bytes) -> None:
        """Put `text` before the byte `at` when the message is sent."""
        _place(self.lumps.body if at > self.headers_end else self.lumps.head, Lump(at, 0, text))

    def patch(self, at: int, text: bytes) -> None:
        """Overwrite bytes of the buffer itself, as the few functions do that change a message in place."""
        self.buf = self.buf[:at] + text + self.buf[at + len(text) :]
        self.headers = self._split_headers()

    def set_body(self, body: bytes, content_type: bytes) -> None:
        """Change the body as textops does: its lines go behind the last header, Content-Length first set when built."""
        self.lumps.body = []
        if self.first("content-length") is not None and self.body:
            self.cut(self.body_at, len(self.buf))
        added = b""
        kind = self.first("content-type")
        if kind is None or kind.raw_body != content_type:
            if kind is not None:
                self.cut(kind.at, kind.end)
            added += b"Content-Type: " + content_type + b"\r\n"
        if self.first("content-length") is None:
            added += b"Content-Length: %d\r\n" % len(body)
        if added:
            self.add(self.headers_end, added)
        self.add(self.body_at, body)

    def built(self, first_line: bytes | None = None, extra: list[Lump] | None = None) -> bytes:
        """Return the message with every change applied, and those of `extra`, which are not kept."""
        head = Lumps(list(self.lumps.head)).copy().head
        for lump in extra or []:
            _place(head, lump)
        delta = sum(len(lump.add) - lump.cut for lump in self.lumps.body)
        length = self.first("content-length")
        if delta and length is not None:
            if any(lump.cut and lump.at <= length.at < lump.at + lump.cut for lump in head):
                raise MisplacedError("Content-Length was removed and the body was changed: leaves a stray number")
            new = len(self.body) + delta
            _place(head, Lump(length.body_at, length.end - 2 - length.body_at, str(new).encode()))
        if self.new_status and first_line is None:
            first_line = b"SIP/2.0 %d %b" % self.new_status
        changed = _apply(self.buf, head + self.lumps.body)
        return changed if first_line is None else first_line + b"\r\n" + changed[self.start :]


def _apply(buf: bytes, lumps: list[Lump]) -> bytes:
    """Apply lumps, which are in order; raises `MisplacedError` for an addition inside what another lump removes."""
    out: list[bytes] = []
    start = done = 0  # of the last removal
    for lump in lumps:
        if start < lump.at < done and lump.add:
            raise MisplacedError(f"{lump.add[:40]!r} was to go inside a header that is removed")
        if lump.at > done:
            out.append(buf[done : lump.at])
        out.append(lump.add)
        if lump.cut:
            start = lump.at
        done = max(done, lump.at + lump.cut)
    out.append(buf[done:])
    return b"".join(out)
