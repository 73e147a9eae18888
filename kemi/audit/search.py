"""The audit: every message to every party, every byte of it, against every secret of the others."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from kemi.audit import voice
from kemi.audit.book import Book, book
from kemi.audit.finding import Finding, Side, redacted
from kemi.audit.judge import Judge, is_excused
from kemi.audit.packet import Packet, Sides
from kemi.audit.parties import MEMBER, Cast, Heard, Party, cast
from kemi.audit.pieces import BODY, Piece, counted, pieces
from kemi.audit.said import short_names
from kemi.audit.xor import Numbers, Windows

XORED: Final = "XOR of two byte strings of this leg"


@dataclass
class Audit:
    """What was read, and what was found in it. `read`: messages by the side that they went to; `voice`: RTP, RTCP."""

    findings: list[Finding] = field(default_factory=list)
    read: dict[Side, int] = field(default_factory=lambda: {"caller": 0, "member": 0})
    unknown: int = 0
    voice: Counter[str] = field(default_factory=Counter)


def find_leaks(packets: Iterable[Packet], sides: Sides) -> list[Finding]:
    """Return every secret of one party in what another received, in the order of the packets."""
    return audit(packets, sides).findings


def audit(packets: Iterable[Packet], sides: Sides) -> Audit:
    """Audit a capture, or the recorded messages of a test."""
    packets = list(packets)
    found = cast((one for one in packets if not voice.is_voice(one.raw)), sides)
    made, ends = book(found, sides), voice.Ends(found)
    spoken = list(voice.voices((one for one in packets if voice.is_voice(one.raw)), ends, sides))
    voice.write_down(made, spoken)
    judge, short, numbers = Judge(found, made), _short_names(found), Numbers(made.numbers)
    results: list[tuple[float, list[Finding]]] = []
    for messages in _legs(found).values():
        results += _Leg(made, judge, short, Windows(numbers), messages).search()
    for heard, kind in spoken:
        if not heard.inward:
            results.append((heard.packet.at, list(voice.found_in(heard, kind, made, judge, ends, sides))))
    done = Audit([one for _, some in sorted(results, key=itemgetter(0)) for one in some], unknown=found.unknown)
    for heard in found.heard:
        done.read[heard.party.side] += not heard.inward
    done.voice = Counter(kind for heard, kind in spoken if not heard.inward)
    return done


def _legs(cast: Cast) -> dict[tuple[Party, str], list[Heard]]:
    legs: dict[tuple[Party, str], list[Heard]] = defaultdict(list)
    for heard in cast.heard:
        legs[heard.party, heard.leg].append(heard)
    return legs


class _Leg:
    """The messages of one party with one Call-ID; what is visible there is kept no longer than it is searched."""

    def __init__(
        self, book: Book, judge: Judge, short: dict[str, set[Party]], seen: Windows, messages: list[Heard]
    ) -> None:
        self._book, self._judge, self._short, self._windows, self._messages = book, judge, short, seen, messages
        for heard in messages:  # what the party said itself, it sees, too
            for piece in counted(pieces(heard.packet.raw)) if heard.inward else ():
                self._windows.see(piece.data, heard.packet.at, is_whole_body=piece.is_whole)

    def search(self) -> Iterator[tuple[float, list[Finding]]]:
        """Yield what stands in each message that went to the party, with its time."""
        for heard in self._messages:
            if not heard.inward:
                yield heard.packet.at, list(self._findings(heard))

    def _findings(self, heard: Heard) -> Iterator[Finding]:
        first = heard.packet.raw.split(b"\r\n", 1)[0].decode("latin-1")
        leg, message = redacted(heard.leg), redacted(first)
        for header, offset, what, how in self._found(heard):
            yield Finding(leg, message, header, offset, redacted(what), how, heard.party.side)

    def _found(self, heard: Heard) -> Iterator[tuple[str, int, str, str]]:
        told: set[bytes] = set()
        for piece in counted(pieces(heard.packet.raw)):
            for word, at, what, how in self._in_piece(piece, heard):
                if not piece.is_whole or word not in told:  # the whole of a body repeats what its lines have told
                    yield piece.header, at, what, how
                if piece.header.startswith(BODY):
                    told.add(word)
            yield from self._xored(piece, heard)
        yield from self._same_names(heard)

    def _in_piece(self, piece: Piece, heard: Heard) -> Iterator[tuple[bytes, int, str, str]]:
        told: set[bytes] = set()
        for word, form, at, how in self._book.places(piece):
            secret = None if word in told else self._judge.secret(word, heard, form)
            if secret and not is_excused(piece.header, how, piece.data, secret, heard):
                if self._judge.has_said(heard.party, piece.data, heard.packet.at):
                    return  # his own line, to the letter: what a code makes of it is chance
                told.add(word)
                yield word, piece.offset + at, secret.what, how

    def _xored(self, piece: Piece, heard: Heard) -> Iterator[tuple[str, int, str, str]]:
        for number in self._windows.found(piece.data, heard.packet.at, is_whole_body=piece.is_whole):
            secret = self._judge.secret(number, heard)
            if secret:
                yield piece.header, piece.offset, secret.what, XORED

    def _same_names(self, heard: Heard) -> Iterator[tuple[str, int, str, str]]:
        """Call-IDs and tags too short to be searched for must not be one of the other side's."""
        message = heard.message
        if message is None:
            return
        named = {"call-id": message.call_id}
        if heard.party.side == MEMBER:  # the caller is shown the dialog's tags
            named |= {"from": message.from_tag, "to": message.to_tag}
        for header, name in named.items():
            owners = self._short.get(name, set())
            if owners and heard.party not in owners:
                at = heard.packet.raw.find(name.encode("latin-1"))
                yield header, at, f"the Call-ID or tag {name!r} of another party", "compared"


def _short_names(cast: Cast) -> dict[str, set[Party]]:
    owners: dict[str, set[Party]] = defaultdict(set)
    for heard in cast.heard:
        if heard.inward and heard.message:
            for name in short_names(heard.message).values():
                owners[name].add(heard.party)
    return owners
