"""SIP messages out of TCP segments: in the order of their bytes, each as long as its Content-Length says."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from kemi.audit.packet import Address, Packet

_LENGTH: Final = re.compile(rb"^(?:content-length|l)[ \t]*:[ \t]*(\d{1,7})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_START: Final = re.compile(rb"SIP/2\.0 \d{3} |[A-Z]+ \S+ SIP/2\.0\r\n")


class Segment(NamedTuple):
    """The bytes of one TCP segment and where in its stream they stand."""

    at: float
    src: Address
    dst: Address
    stream: int
    sequence: int
    data: bytes

    @property
    def packet(self) -> Packet:
        """The segment as a packet of its own."""
        return Packet(self.at, self.src, self.dst, self.data)


def messages(segments: Iterable[Segment]) -> Iterator[Packet]:
    """Yield the SIP messages of all streams, each at the time when it was whole. Streams without SIP give nothing."""
    streams: dict[tuple[int, Address], list[Segment]] = defaultdict(list)
    for segment in segments:
        streams[segment.stream, segment.src].append(segment)
    for parts in streams.values():
        yield from _of_stream(sorted(parts, key=lambda part: (part.sequence, part.at)))


def _of_stream(parts: list[Segment]) -> Iterator[Packet]:
    found = list(_messages(parts))
    return iter(found if any(_START.match(each.raw) for each in found) else ())


def _messages(parts: list[Segment]) -> Iterator[Packet]:
    text, end, last = b"", parts[0].sequence, parts[0]
    for part in parts:
        if part.sequence > end and text:  # bytes are missing: what there is of this message is searched, too
            yield last._replace(data=text).packet
            text = b""
        text += part.data[max(0, end - part.sequence) :]  # what is repeated was there before
        end, last = max(end, part.sequence + len(part.data)), part
        while (size := _first_message(text)) is not None:
            yield part._replace(data=text[:size]).packet
            text = text[size:].lstrip(b"\r\n")
    if text:
        yield last._replace(data=text).packet


def _first_message(text: bytes) -> int | None:
    """Return the length of the message that `text` begins with, None while it is not whole."""
    head, blank, _ = text.partition(b"\r\n\r\n")
    if not blank:
        return None
    found = _LENGTH.search(head.replace(b"\r\n", b"\n"))
    size = len(head) + len(blank) + (int(found[1]) if found else 0)
    return size if size <= len(text) else None
