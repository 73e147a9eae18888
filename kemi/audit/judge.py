"""Whether a word that stands in a message is a leak: whose it is, who may know it, and where it may stand.

The listed exceptions are design.md §3.2's, no wider: Via1 of a request (its sender's own top Via), and a media address
in `c=` and `a=rtcp` until media is anchored.
"""

import re
from collections import defaultdict
from dataclasses import replace
from typing import Final

from kemi.audit.book import Book, Secret
from kemi.audit.message import user_of
from kemi.audit.parties import MEMBER, Cast, Heard, Party
from kemi.audit.readings import AS_IT_IS, DENSE
from kemi.audit.said import tail

_PLAIN: Final = frozenset({AS_IT_IS, DENSE, f"percent-decoded, {DENSE}", "percent-decoded"})
_MEDIA_LINES: Final = re.compile(rb"(?:c=|a=rtcp:\d+ )IN IP[46] [0-9A-Fa-f.:]+(?:/\d+)*")


class Judge:
    """Knows who said and heard what, and when."""

    def __init__(self, cast: Cast, book: Book) -> None:
        self._book = book
        self._said: dict[Party, list[tuple[float, bytes]]] = defaultdict(list)
        self._told: dict[Party, list[tuple[float, bytes]]] = defaultdict(list)
        self._hosts: dict[Party, set[bytes]] = defaultdict(set)
        for heard in cast.heard:
            record = self._said if heard.inward else self._told
            record[heard.party].append((heard.packet.at, heard.packet.raw.lower()))
            peer = heard.packet.src if heard.inward else heard.packet.dst
            self._hosts[heard.party].add(peer[0].encode())

    def secret(self, word: bytes, heard: Heard, form: bytes = b"") -> Secret | None:
        """Return the secret that the receiver of a message must not learn by this word, if there is one.

        `form`: how it is spelled there; what the receiver has spelled so himself is no news to him.
        """
        owners = self._book.secrets.get(word, {})
        if not owners or word in self._hosts[heard.party] or _is_own_number(heard, form):
            return None
        kept = [(whose, one) for whose, one in owners.items() if self._is_kept_from(heard, whose, one)]
        if not kept or any(self.has_said(heard.party, each, heard.packet.at) for each in {word, form or word}):
            return None
        own = [(whose, one) for whose, one in kept if not (one.is_echo and self._had_heard(whose, word, one.since))]
        return _merged(own, heard.party)

    def _is_kept_from(self, heard: Heard, whose: Party, secret: Secret) -> bool:
        # What was not said yet cannot be a leak of it: the same word came from elsewhere.
        if whose == heard.party or secret.since > heard.packet.at:
            return False
        if whose.side == heard.party.side:
            return bool(whose.name)  # what is known of a side may be this party's own
        # design.md §3.2: the caller is shown the dialog's tag: "exactly the caller's own, plus tag".
        return not (secret.is_tag and whose.side == MEMBER)

    def has_said(self, party: Party, words: bytes, at: float) -> bool:
        """Say whether the receiver himself said these words before: a reply gives him back what he sent."""
        low = words.lower()
        return any(when < at and low in raw for when, raw in self._said[party])

    def _had_heard(self, whose: Party, word: bytes, since: float) -> bool:
        """Whether the edge had told it the owner before he ever said it."""
        return any(when < since and word in raw for when, raw in self._told[whose])


def _is_own_number(heard: Heard, form: bytes) -> bool:
    """Whether these digits are the number that is rung: backwards, 0987654321 is another's 0123456789."""
    user = user_of(heard.message.uri) if heard.party.side == MEMBER and heard.message else ""
    return form.isdigit() and heard.party.name == tail(user) and form.decode() in user


def _merged(owned: list[tuple[Party, Secret]], receiver: Party) -> Secret | None:
    """Return the secret of the first of several owners; the exceptions are between the sides, for any of them."""
    if not owned:
        return None
    across = [one for whose, one in owned if whose.side != receiver.side]
    in_top_via, is_media = any(one.in_top_via for one in across), any(one.is_media for one in across)
    return replace(owned[0][1], in_top_via=in_top_via, is_media=is_media)


def is_excused(header: str, how: str, line: bytes, secret: Secret, heard: Heard) -> bool:
    """Say whether a listed exception covers this secret in this place."""
    if how not in _PLAIN:
        return False
    if header in {"body c=", "body a=rtcp"}:
        return secret.is_media and _MEDIA_LINES.fullmatch(line) is not None
    # Via1 is the trunk's own address and transaction; the edge's own Via stands before it.
    is_request = heard.message is not None and not heard.message.status
    return header == "via 1" and secret.in_top_via and is_request
