"""What one side of a call must not learn of the other: read from what the other side itself put on the wire."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.sip.message import Message, canonical, parse, user_of
from tests.sip.wire import Packet

# Headers whose values may pass to the other side (design.md §3.2: the allow-list); To carries the dialled number.
PASSED: Final = frozenset(
    {"max-forwards", "cseq", "content-type", "content-length", "supported", "require", "proxy-require", "unsupported"}
    | {"allow", "accept", "expires", "session-expires", "min-se", "rseq", "rack", "retry-after", "mime-version"}
)
_SDP_PASSED: Final = ("v=", "m=", "b=", "t=")
_SDP_ATTRIBUTES: Final = frozenset(
    {"rtpmap", "fmtp", "ptime", "maxptime", "rtcp-mux", "rtcp-fb", "sendrecv", "sendonly", "recvonly", "inactive"}
    | {"mid", "group", "crypto", "fingerprint", "setup", "connection", "silenceSupp"}
)
# Words of the protocol itself, which stand in messages without having been copied.
VOCABULARY: Final = frozenset(
    {"invite", "cancel", "options", "update", "prack", "refer", "notify", "subscribe", "message", "publish"}
    | {"register", "session", "application", "transport", "telephone", "event", "refresher", "received", "branch"}
    | {"terminated", "completed", "elsewhere", "answered", "anonymous", "invalid", "privacy", "critical", "request"}
    | {"ringing", "trying", "decline", "forbidden", "private", "z9hg4bk", "attachment", "handling", "optional"}
    | {"required", "signal", "duration", "temporarily", "unavailable", "everywhere", "moved", "service", "not found"}
)
_WORDS: Final = re.compile(r"[^\s<>;,:=\"@/?&()\[\]{}]{5,}")
_QUOTED: Final = re.compile(r'"([^"]{5,})"')
_DIGITS: Final = re.compile(r"\+?[0-9][0-9 .()/-]{6,}[0-9]")
_ADDRESS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_TAIL: Final = 8  # digits that every spelling of a number ends with: 0…, 84…, +84…, 0084…


@dataclass(frozen=True)
class Secret:
    """A word that must not reach the other side, and where its owner said it."""

    what: str


def secrets_of(
    packets: Iterable[Packet], owners: frozenset[str], public: frozenset[str], numbers: Iterable[str] = ()
) -> dict[bytes, Secret]:
    """Return what `owners` (IP addresses) said of themselves, lower-case bytes by what they are.

    `public` is what both sides know anyway; `numbers` are secret whether they were said or not.
    """
    known = {each.lower() for each in public}
    known |= {_tail(each) for each in public if _DIGITS.fullmatch(each)}
    found: dict[bytes, Secret] = {}
    for what, word in _said(packets, owners, numbers):
        low = word.lower()
        if low not in known and low not in VOCABULARY and low.split("-")[0] not in VOCABULARY:
            found.setdefault(low.encode("latin-1"), Secret(what))
    return found


def _said(packets: Iterable[Packet], owners: frozenset[str], numbers: Iterable[str]) -> Iterator[tuple[str, str]]:
    for number in numbers:
        yield f"number ending in {_tail(number)[-3:]}", _tail(number)
    for packet in packets:
        try:
            message = parse(packet.raw)
        except ValueError:
            continue
        if packet.src[0] in owners:
            yield "address of the sender", packet.src[0]
            yield from _of_message(message)
        elif packet.dst[0] in owners and message.start.startswith("INVITE") and _DIGITS.fullmatch(user_of(message.uri)):
            yield "number that was rung", _tail(user_of(message.uri))


def _of_message(message: Message) -> Iterator[tuple[str, str]]:
    vias = 0
    for name, value in message.headers:
        header = canonical(name)
        # A reply's Vias, From, To name and Call-ID came from the edge; its To tag is the sender's.
        if header in PASSED or (message.status and header in {"via", "from"}):
            continue
        if header == "via":
            yield from _words(f"via (via {vias})", value)
            vias += 1
        elif header == "to":
            yield from _words("to", value.partition(";tag=")[2] if message.status else value.partition("<")[0])
        else:
            yield from _words(header, value)
    if message.status:
        yield from _words("reason phrase", message.start.partition(" ")[2].partition(" ")[2])
    yield from _of_body(message)


def _of_body(message: Message) -> Iterator[tuple[str, str]]:
    text = message.body.decode("latin-1")
    if "sdp" not in message.get("content-type").lower():
        yield from _words("body", text)
        return
    for line in text.splitlines():
        if line.startswith("o="):
            fields = line[2:].split()
            yield from _words("o= of the SDP", " | ".join(fields[:2] + fields[3:]))  # the version may stay
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            if name not in _SDP_ATTRIBUTES:
                yield from _words(f"a={name} of the SDP", value)
        elif not line.startswith(_SDP_PASSED):
            yield from _words(f"{line[:2]} of the SDP", line[2:])


def _words(where: str, value: str) -> Iterator[tuple[str, str]]:
    for address in _ADDRESS.findall(value):
        yield f"address in {where}", address
    for number in _DIGITS.findall(_ADDRESS.sub("|", value)):
        if len(_tail(number)) == _TAIL:
            yield f"number in {where}", _tail(number)
    for quoted in _QUOTED.findall(value):
        yield f"text in {where}", quoted
    for word in _WORDS.findall(value):
        if not _ADDRESS.fullmatch(word) and not (word.isdigit() and len(word) < _TAIL):  # ports, counters
            yield f"word in {where}", word


def _tail(number: str) -> str:
    return "".join(each for each in number if each.isdigit())[-_TAIL:]
