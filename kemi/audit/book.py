"""The book of secrets: every word that somebody must not learn, by whose it is, and where its bytes stand in a piece.

Looking a piece up costs a set of its four-byte grams per reading, met with the grams that the words end with; it
does not grow with the number of words. Each distinct piece is read once: a leg repeats most of its headers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from kemi.audit.forms import Form, forms, places
from kemi.audit.message import Message
from kemi.audit.packet import Sides
from kemi.audit.parties import CALLER, MEMBER, Cast, Heard, Party
from kemi.audit.pieces import Piece
from kemi.audit.readings import AS_IT_IS, GRAM, Reading, readings
from kemi.audit.said import DIGITS, TAIL, Saying, sayings, tail
from kemi.audit.vocabulary import VOCABULARY

_ALWAYS: Final = float("-inf")
_SHORTEST_NAME: Final = 4


@dataclass
class Secret:
    """A word of one party: where it said it first, and when (a capture's seconds); where else it may stand."""

    what: str
    since: float
    in_top_via: bool = False
    is_media: bool = False
    is_tag: bool = False
    is_echo: bool = False  # never said but in an echo

    def also(self, said: Saying) -> None:
        """Take note that it was said again."""
        self.in_top_via |= said.in_top_via
        self.is_media |= said.is_media
        self.is_tag |= said.is_tag
        self.is_echo &= said.is_echo


class Place(NamedTuple):
    """Where a word stands in a piece, in which form, and how it was read."""

    word: bytes
    form: bytes
    at: int
    how: str


class Book:
    """All secrets of a capture, by word."""

    def __init__(self, known: Iterable[str]) -> None:
        """Take what everybody may know."""
        known = {each.lower() for each in known if each}
        self._known = known | {tail(each) for each in known if DIGITS.fullmatch(each)}
        self.secrets: dict[bytes, dict[Party, Secret]] = defaultdict(dict)
        self._by_gram: dict[bytes, list[Form]] = defaultdict(list)
        self._seen: dict[Piece, tuple[Place, ...]] = {}

    @property
    def numbers(self) -> list[bytes]:
        """The tails of all numbers that are secret to somebody."""
        return [word for word in self.secrets if len(word) == TAIL and word.isdigit()]

    def add(self, party: Party, said: Saying, since: float) -> None:
        """Write down a word. Public ones and those of the protocol are nobody's."""
        low = said.word.lower()
        if low in self._known or low in VOCABULARY:
            return
        word = low.encode("latin-1", "replace")
        if word not in self.secrets:
            for form in forms(low):
                self._by_gram[form.data[-GRAM:]].append(form)
        self.secrets[word].setdefault(party, Secret(said.what, since, is_echo=True)).also(said)

    def places(self, piece: Piece) -> tuple[Place, ...]:
        """Return where any secret word stands in a piece, the plainest reading first."""
        key = Piece(0, "", piece.data, piece.is_whole)
        found = self._seen.get(key)
        if found is None:
            found = self._seen[key] = tuple(self._places(piece))
        return found

    def _places(self, piece: Piece) -> Iterator[Place]:
        plain: Counter[Form] = Counter()
        for reading in _read(piece):
            low = reading.data.lower()
            grams = {low[at : at + GRAM] for at in range(len(low) - GRAM + 1)}
            for form in chain.from_iterable(self._by_gram[gram] for gram in self._by_gram.keys() & grams):
                found = list(places(form, reading, low))
                if reading.how == AS_IT_IS:
                    plain[form] = len(found)
                elif reading.is_text and len(found) <= plain[form]:
                    continue  # the same text once more
                how = f"{reading.how}, {form.note}" if form.note else reading.how
                for at in found if reading.how != AS_IT_IS or not piece.is_whole else ():
                    yield Place(form.word, form.data, reading.offset + (at if reading.is_text else 0), how)


def _read(piece: Piece) -> Iterator[Reading]:
    if piece.is_whole:  # as it is, the lines of a body have been searched; this is to compare with
        yield Reading(AS_IT_IS, 0, piece.data, is_text=True)
    yield from readings(piece.data, is_whole_body=piece.is_whole)


def book(cast: Cast, sides: Sides) -> Book:
    """Write down what is known beforehand and what every party said on the wire."""
    secret = {tail(number) for number in sides.caller_numbers | sides.members}
    dialled = {each for each in cast.dialled if DIGITS.fullmatch(each) and tail(each) not in secret}
    made = Book({*sides.public, *sides.edges, *dialled})
    _known_beforehand(made, sides)
    for heard in cast.heard:
        if heard.inward and heard.message:
            _of_sender(made, heard, heard.message, anchored=sides.anchored)
        elif heard.party.side == MEMBER and heard.party.name.isdigit() and len(heard.party.name) == TAIL:
            _number(made, heard.party, heard.party.name)
    return made


def _known_beforehand(made: Book, sides: Sides) -> None:
    for number in sides.caller_numbers:
        _number(made, Party(CALLER, ""), number)
    for number in sides.members:
        _number(made, Party(MEMBER, tail(number)), number)
    for name in sides.caller_names:
        _name(made, Party(CALLER, ""), name)
    for name in sides.member_names:
        _name(made, Party(MEMBER, ""), name)


def _number(made: Book, party: Party, number: str) -> None:
    made.add(party, Saying(f"number ending in {tail(number)[-3:]}", tail(number)), _ALWAYS)


def _name(made: Book, party: Party, name: str) -> None:
    for word in {name, *name.split()}:
        if len(word) >= _SHORTEST_NAME:
            made.add(party, Saying(f"the name {word!r}", word.encode().decode("latin-1")), _ALWAYS)


def _of_sender(made: Book, heard: Heard, message: Message, *, anchored: bool) -> None:
    at = heard.packet.at
    made.add(heard.party, Saying("address of the sender", heard.packet.src[0], in_top_via=True), at)
    for said in sayings(message):
        made.add(heard.party, said._replace(is_media=said.is_media and not anchored), at)
