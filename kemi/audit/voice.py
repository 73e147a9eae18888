"""RTP and RTCP (RFC 3550): what they say of their sender, and whether any of another's reaches a party.

Searched are all of RTCP, and of RTP what stands before the voice, beyond its fixed header: SSRC, sequence number and
time stamp are chance, and the voice is what is to pass. Where media is anchored, a packet that comes to a party from
another's own media address is a finding, whatever it says.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from kemi.audit.book import Book
from kemi.audit.finding import Finding, redacted
from kemi.audit.judge import Judge
from kemi.audit.packet import Address, Packet, Sides
from kemi.audit.parties import Cast, Heard, Party
from kemi.audit.pieces import Piece
from kemi.audit.said import SHORTEST, Saying, words

RTP, RTCP = "RTP", "RTCP"
_FIXED: Final = 12  # bytes of an RTP header
_SDES: Final = 202
_ITEMS: Final = {1: "CNAME", 2: "NAME", 3: "EMAIL", 4: "PHONE", 5: "LOC", 6: "TOOL", 7: "NOTE", 8: "PRIV"}
_HOST: Final = re.compile(rb"^c=IN IP[46] ([0-9A-Fa-f.:]+)", re.MULTILINE)
_PORT: Final = re.compile(rb"^m=\w+ (\d{1,5})", re.MULTILINE)


class Voice(NamedTuple):
    """A packet to a party, or from it; and what it is."""

    heard: Heard
    kind: str


def is_voice(raw: bytes) -> bool:
    """Say whether a datagram begins as RTP and RTCP do (version 2); no SIP does."""
    return len(raw) >= 8 and raw[0] >> 6 == 2


def kind_of(raw: bytes) -> str:
    """Tell RTCP from RTP by its packet type (RFC 5761 §4)."""
    return RTCP if 192 <= raw[1] <= 223 else RTP


class Ends:
    """Whose media addresses are whose, by the SDP that each party sent."""

    def __init__(self, cast: Cast) -> None:
        self._by_end: dict[Address, list[tuple[float, Party]]] = defaultdict(list)
        self._by_host: dict[str, set[Party]] = defaultdict(set)
        for heard in cast.heard:
            for host, port in _ends(heard) if heard.inward else ():
                for one in (port, port + 1):  # RTCP beside it
                    self._by_end[host, one].append((heard.packet.at, heard.party))
                self._by_host[host].add(heard.party)

    def of(self, end: Address, at: float) -> Party | None:
        """Return whose address this was at that time."""
        said = [party for since, party in self._by_end.get(end, ()) if since <= at]
        return said[-1] if said else None

    def only(self, host: str) -> Party | None:
        """Return who has this host, where that is one alone: behind NAT a port is another than SDP says."""
        found = self._by_host.get(host, set())
        return next(iter(found)) if len(found) == 1 else None

    def sides(self, host: str) -> set[str]:
        """Return the sides that have media at this host."""
        return {party.side for party in self._by_host.get(host, ())}


def voices(packets: Iterable[Packet], ends: Ends, sides: Sides) -> Iterator[Voice]:
    """Yield the packets of voice that went to a party, or came from one to the edge."""
    for packet in packets:
        to = ends.of(packet.dst, packet.at)
        if to is not None and packet.dst[0] not in sides.edges:
            yield Voice(Heard(packet, None, to, inward=False), kind_of(packet.raw))
            continue
        from_ = ends.of(packet.src, packet.at) or ends.only(packet.src[0])
        if from_ is not None:
            yield Voice(Heard(packet, None, from_, inward=True), kind_of(packet.raw))


def write_down(book: Book, spoken: Iterable[Voice]) -> None:
    """Put into the book what parties say of themselves in RTCP."""
    for heard, kind in spoken:
        if heard.inward and kind == RTCP:
            for name, text in descriptions(heard.packet.raw):
                where = f"RTCP's {name}"
                if len(text) >= SHORTEST:
                    book.add(heard.party, Saying(f"the whole of {where}", text), heard.packet.at)
                for said in words(where, text):
                    book.add(heard.party, said, heard.packet.at)


def found_in(heard: Heard, kind: str, book: Book, judge: Judge, ends: Ends, sides: Sides) -> Iterator[Finding]:
    """Yield what a packet to a party says of another."""
    packet, side = heard.packet, heard.party.side
    about = f"{kind} from {packet.src[0]}"
    source = packet.src[0]
    if sides.anchored and source not in sides.edges and ends.sides(source) - {side}:
        yield Finding(redacted(heard.party.name), about, kind, 0, f"media address {source}", "as its sender", side)
    data = packet.raw if kind == RTCP else _beside_voice(packet.raw)
    told: set[bytes] = set()
    for word, form, at, how in book.places(Piece(0, kind, data)) if data else ():
        secret = None if word in told else judge.secret(word, heard, form)
        if secret:
            told.add(word)
            start = 0 if kind == RTCP else _FIXED
            yield Finding(redacted(heard.party.name), about, kind, start + at, redacted(secret.what), how, side)


def descriptions(raw: bytes) -> Iterator[tuple[str, str]]:
    """Yield name and text of each item of the source descriptions in a compound packet (RFC 3550 §6.5)."""
    at = 0
    while at + 4 <= len(raw):
        size = 4 * (int.from_bytes(raw[at + 2 : at + 4], "big") + 1)
        if raw[at + 1] == _SDES:
            yield from _items(raw[at + 4 : at + size], raw[at] & 0x1F)
        at += size


def _items(chunks: bytes, count: int) -> Iterator[tuple[str, str]]:
    at = 0
    for _ in range(count):
        at += 4  # whose it is
        while at + 1 < len(chunks) and chunks[at]:
            size = chunks[at + 1]
            yield _ITEMS.get(chunks[at], f"item {chunks[at]}"), chunks[at + 2 : at + 2 + size].decode("latin-1")
            at += 2 + size
        at += 4 - at % 4  # the end of a chunk, and its padding


def _beside_voice(raw: bytes) -> bytes:
    """Return the contributing sources and the extension of an RTP header."""
    end = _FIXED + 4 * (raw[0] & 0x0F)
    if raw[0] & 0x10 and len(raw) >= end + 4:
        end += 4 + 4 * int.from_bytes(raw[end + 2 : end + 4], "big")
    return raw[_FIXED:end]


def _ends(heard: Heard) -> Iterator[Address]:
    body = heard.message.body if heard.message else b""
    hosts = _HOST.findall(body)
    for port in _PORT.findall(body):
        for host in dict.fromkeys(hosts):
            yield host.decode(), int(port)
