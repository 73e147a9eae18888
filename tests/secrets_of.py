"""What one side of a call must not learn of the other: read from what the other side itself put on the wire."""

import contextlib
import email
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.sip.message import REASONS, Message, canonical, parse, user_of
from tests.sip.wire import Packet

# Headers whose numbers pass to the other side (design.md §3.2); To carries the dialled number and is looked at apart.
PASSED: Final = frozenset({"max-forwards", "cseq", "content-length", "rseq", "rack"})
_SDP_PASSED: Final = ("v=", "m=", "b=", "t=")
_SDP_ATTRIBUTES: Final = frozenset(
    {"rtpmap", "fmtp", "ptime", "maxptime", "rtcp-mux", "rtcp-fb", "sendrecv", "sendonly", "recvonly", "inactive"}
    | {"mid", "group", "crypto", "fingerprint", "setup", "connection", "silenceSupp"}
)
# Words of the protocol itself, which stand in messages without having been copied: methods, option tags, types.
VOCABULARY: Final = frozenset({
    "invite", "cancel", "options", "update", "prack", "refer", "notify", "subscribe", "message", "publish", "register",
    "100rel", "timer", "replaces", "precondition", "early", "norefersub", "histinfo", "tdialog", "from", "gruu",
    "outbound", "eventlist", "answermode", "privacy", "multiple", "nosub", "session", "application", "transport",
    "event", "refresher", "reason", "received", "branch", "rport", "z9hg4bk", "terminated", "completed", "elsewhere",
    "answered", "anonymous", "invalid", "critical", "request", "private", "attachment", "handling", "optional",
    "required", "signal", "duration",
})  # fmt: skip
_WORDS: Final = re.compile(r"[^\s<>;,:=\"@/?&()\[\]{}]{5,}")
_QUOTED: Final = re.compile(r'"([^"]{5,})"')
_DIGITS: Final = re.compile(r"(?<![A-Za-z0-9])\+?[0-9][0-9 .()/-]{6,}[0-9](?![A-Za-z0-9])")  # not within a hash
_ADDRESS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_TAIL: Final = 8  # digits that every spelling of a number ends with: 0…, 84…, +84…, 0084…


@dataclass(frozen=True)
class Secret:
    """A word that must not reach the other side: where its owner said it, and when first (a capture's seconds)."""

    what: str
    since: float


def secrets_of(
    packets: Iterable[Packet],
    owners: frozenset[str],
    public: frozenset[str],
    numbers: Iterable[str] = (),
    *,
    tags_pass: bool = False,
) -> dict[bytes, Secret]:
    """Return what `owners` (IP addresses) said of themselves, lower-case bytes by what they are.

    `public` is what both sides know anyway; `numbers` are secret whether they were said or not. `tags_pass`: the
    dialog's tag is the other side's to know (design.md §3.2: "exactly the caller's own, plus tag").
    """
    known = {each.lower() for each in public}
    known |= {_tail(each) for each in public if _DIGITS.fullmatch(each)}
    packets = list(packets)
    if tags_pass:
        known |= {tag.lower() for tag in _tags(packets, owners)}
    found: dict[bytes, Secret] = {}
    for number in numbers:
        found[_tail(number).encode()] = Secret(f"number ending in {_tail(number)[-3:]}", 0.0)
    for packet in sorted(packets, key=lambda p: p.at):
        for what, word in _said(packet, owners):
            low = word.lower()
            if low not in known and low not in VOCABULARY and low.split("-")[0] not in VOCABULARY:
                found.setdefault(low.encode("latin-1"), Secret(what, packet.at))
    return found


def _said(packet: Packet, owners: frozenset[str]) -> Iterator[tuple[str, str]]:
    with contextlib.suppress(ValueError):  # noise is nobody's word
        message = parse(packet.raw)
        if packet.src[0] in owners:
            yield "address of the sender", packet.src[0]
            yield from _of_message(message)
        elif packet.dst[0] in owners and message.start.startswith("INVITE") and _DIGITS.fullmatch(user_of(message.uri)):
            yield "number that was rung", _tail(user_of(message.uri))


def _tags(packets: list[Packet], owners: frozenset[str]) -> Iterator[str]:
    for packet in packets:
        if packet.src[0] in owners:
            with contextlib.suppress(ValueError):
                message = parse(packet.raw)
                yield message.to_tag if message.status else message.from_tag


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
    phrase = message.start[12:] if message.status else ""
    if phrase not in {REASONS.get(message.status), ""}:
        yield from _words("reason phrase", phrase)
    yield from _of_body(message)


def _of_body(message: Message) -> Iterator[tuple[str, str]]:
    head = f"Content-Type: {message.get('content-type')}\r\n\r\n".encode("latin-1", "replace")
    for part in email.message_from_bytes(head + message.body).walk():
        payload = part.get_payload(decode=True)
        text = payload.decode("latin-1") if isinstance(payload, bytes) else ""
        if part.get_content_type() == "application/sdp":
            yield from _of_sdp(text)
        else:
            yield from _words("body", text)


def _of_sdp(text: str) -> Iterator[tuple[str, str]]:
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
        yield f"address {address} in {where}", address
    for number in _DIGITS.findall(_ADDRESS.sub("|", value)):
        if len(_tail(number)) == _TAIL:
            yield f"number {number!r} in {where}", _tail(number)
    for quoted in _QUOTED.findall(value):
        yield f"text {quoted!r} in {where}", quoted
    for word in _WORDS.findall(value):
        if not _ADDRESS.fullmatch(word) and not (word.isdigit() and len(word) < _TAIL):  # ports, counters
            yield f"word {word!r} in {where}", word


def _tail(number: str) -> str:
    return "".join(each for each in number if each.isdigit())[-_TAIL:]
