"""What one message says of its sender, word by word: outside the few headers that may pass, all of it is a secret.

No list of headers that must be hidden is kept here. Whatever one side put on the wire is secret to the others.
"""

import email
import ipaddress
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from kemi.audit.message import Message, canonical, tag_of
from kemi.audit.pieces import values
from kemi.audit.vocabulary import LISTS, PASSED, SDP_ATTRIBUTES, SDP_PASSED
from kemi.domain.phrases import phrase

TAIL: Final = 8  # digits that every spelling of a number ends with: 0…, 84…, +84…, 0084…
SHORTEST: Final = 5  # letters of a word; shorter ones stand in every message
_SHORTEST_PHRASE: Final = 8
_WORDS: Final = re.compile(r"[^\s<>;,:=\"@/?&()\[\]{}]{5,}")
_QUOTED: Final = re.compile(r'"([^"]{5,})"')
DIGITS: Final = re.compile(r"(?<![A-Za-z0-9])\+?[0-9][0-9 .()/-]{6,}[0-9](?![A-Za-z0-9])")  # not within a hash
_ADDRESS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_ADDRESS6: Final = re.compile(r"(?<![0-9A-Fa-f:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Fa-f:])")


class Saying(NamedTuple):
    """One word and where it stood. `in_top_via`, `is_media`, `is_tag`: there the other side may see it.

    `is_echo`: it stood in the From of a request within a dialog, which repeats the INVITE's To, or in a route set.
    """

    what: str
    word: str
    in_top_via: bool = False
    is_media: bool = False
    is_tag: bool = False
    is_echo: bool = False


def sayings(message: Message) -> Iterator[Saying]:
    """Yield what the sender of `message` says of himself."""
    vias = 0
    for name, value in message.headers:
        header = canonical(name)
        # A reply's Vias, From, To name and Call-ID came from the edge; its To tag is the sender's.
        if header in PASSED or (message.status and header in {"via", "from"}):
            continue
        if header == "via":
            for each in values(value):
                yield from (one._replace(in_top_via=not vias) for one in words(f"via (via {vias})", each))
                vias += 1
        elif header == "to":
            said = value.partition(";tag=")[2] if message.status else value.partition("<")[0]
            yield from _beside_tag(tag_of(value), words("to", said))
        elif header == "from":
            told = (one._replace(is_echo=bool(message.to_tag)) for one in words(header, value))
            yield from _beside_tag(tag_of(value), told)
        elif header in {"record-route", "route"}:  # RFC 3261 §12: a reply and later requests repeat what was sent
            yield from (one._replace(is_echo=True) for one in words(header, value))
        else:
            yield from words(header, value, is_phrase=header not in LISTS)
    if message.status and message.start[12:].lower() != phrase(message.status).lower():
        yield from words("reason phrase", message.start[12:])
    yield from _of_body(message)
    yield from _own_tag(message)


def short_names(message: Message) -> dict[str, str]:
    """Return the sender's own Call-ID and tag where they are too short to be searched for: these are compared.

    One letter is left out: it tells nothing that chance does not.
    """
    named = {"to tag": message.to_tag} if message.status else {"from tag": message.from_tag}
    if not message.status and not message.to_tag:
        named["call-id"] = message.call_id
    return {what: name for what, name in named.items() if 1 < len(name) < SHORTEST}


def tail(number: str) -> str:
    """Return the digits that every spelling of `number` ends with; fewer if it has fewer."""
    return "".join(each for each in number if each.isdigit())[-TAIL:]


def _own_tag(message: Message) -> Iterator[Saying]:
    tag = tag_of(message.get("to" if message.status else "from"))
    if len(tag) >= SHORTEST:
        yield Saying(f"tag {tag!r}", tag, is_tag=True)


def _beside_tag(tag: str, said: Iterator[Saying]) -> Iterator[Saying]:
    """Mark the words that are the tag's own: one that ends with a dot makes a word without it."""
    return (one._replace(is_tag=one.what.startswith("word") and one.word in tag) for one in said)


def _of_body(message: Message) -> Iterator[Saying]:
    head = f"Content-Type: {message.get('content-type')}\r\n\r\n".encode("latin-1", "replace")
    for part in email.message_from_bytes(head + message.body).walk():
        payload = part.get_payload(decode=True)
        text = payload.decode("latin-1") if isinstance(payload, bytes) else ""
        if part.get_content_type() == "application/sdp":
            yield from _of_sdp(text)
        else:
            yield from words("body", text)


def _of_sdp(text: str) -> Iterator[Saying]:
    for line in text.splitlines():
        if line.startswith("o="):
            fields = line[2:].split()
            yield from words("o= of the SDP", " | ".join(fields[:2] + fields[3:]))  # the version may stay
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            if name not in SDP_ATTRIBUTES:
                yield from _media(name == "rtcp", words(f"a={name} of the SDP", value))
        elif not line.startswith(SDP_PASSED):
            yield from _media(line.startswith("c="), words(f"{line[:2]} of the SDP", line[2:]))


def _media(is_media: bool, said: Iterator[Saying]) -> Iterator[Saying]:
    return (one._replace(is_media=is_media and one.what.startswith("address")) for one in said)


def words(where: str, value: str, *, is_phrase: bool = False) -> Iterator[Saying]:
    """Yield what a value says, word by word; `where` it stood."""
    for address in (*_ADDRESS.findall(value), *_addresses6(value)):
        yield Saying(f"address {address} in {where}", address)
    for number in DIGITS.findall(_ADDRESS.sub("|", value)):
        if len(tail(number)) == TAIL:
            yield Saying(f"number {number!r} in {where}", tail(number))
    for quoted in _QUOTED.findall(value):
        yield Saying(f"text {quoted!r} in {where}", quoted)
    for word in (each.rstrip(".'!*") for each in _WORDS.findall(value)):
        if word.isdigit():  # shorter ones are ports and counters
            if len(word) >= TAIL:
                yield Saying(f"number {word!r} in {where}", tail(word))
        elif len(word) >= SHORTEST and not _ADDRESS.fullmatch(word):
            yield Saying(f"word {word!r} in {where}", word)
    if is_phrase and len(value) >= _SHORTEST_PHRASE:
        yield Saying(f"the whole of {where}", value)  # a Date has no word that is long enough


def _addresses6(value: str) -> Iterator[str]:
    for found in _ADDRESS6.findall(value):
        try:
            address = ipaddress.IPv6Address(found)
        except ValueError:
            continue  # "12:09:00" is a time
        if len(address.compressed) >= SHORTEST:
            yield address.compressed
