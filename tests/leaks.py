"""The leak check: nothing that the caller sent stands in what a gateway receives, and the other way round.

It knows no list of headers that must be hidden. Whatever one side put on the wire, outside the few headers that may
pass (design.md §3.2), is a secret to the other: numbers in every spelling, names, hosts, tags, Call-IDs, whatever
was planted. Each byte sent to the other side is searched as it is, percent-decoded, with the separators of numbers
taken out, and base64- and hex-decoded at every alignment.

Listed exceptions (design.md §3.2): Via1, and the media address in c= and a=rtcp until media is anchored.
"""

import base64
import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from tests.secrets_of import Secret, secrets_of
from tests.sip.message import canonical, parse
from tests.sip.wire import Packet

_BASE64_RUN: Final = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_HEX_RUN: Final = re.compile(rb"[0-9A-Fa-f]{12,}")
_BETWEEN_DIGITS: Final = re.compile(rb"(?<=[0-9])[ .()/-]+(?=[0-9])")
_WORD: Final = rb"[a-z0-9_+/-]"
AS_IT_IS: Final = "as it is"
DENSE: Final = "separators of numbers removed"
_SHORT: Final = 8  # characters; shorter words are looked for as whole words, or base64 noise would hold them


@dataclass(frozen=True)
class Finding:
    """One secret in one message. `how` says in which reading of the bytes it stood."""

    leg: str
    message: str
    header: str
    offset: int
    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.what} in {self.header} of {self.message!r} at byte {self.offset} ({self.how}); leg {self.leg}"


@dataclass(frozen=True)
class Sides:
    """Who is who on the wire: addresses of callers and gateways, and what both sides may know.

    `public` are the edge's hosts, the dialled and the outbound number; `members` the numbers of the group.
    """

    callers: frozenset[str] = frozenset({"127.0.0.10"})
    gateways: frozenset[str] = frozenset({"127.0.0.20"})
    public: frozenset[str] = frozenset()
    members: frozenset[str] = field(default=frozenset())


def find_leaks(packets: Iterable[Packet], sides: Sides) -> list[Finding]:
    """Return every secret of one side in what the other side received, in the order of the packets."""
    packets = list({(p.src, p.dst, p.raw): p for p in sorted(packets, key=lambda p: p.at)}.values())
    of_callers = secrets_of(packets, sides.callers, sides.public)
    of_members = secrets_of(packets, sides.gateways, sides.public, sides.members, tags_pass=True)
    found: list[Finding] = []
    for packet in packets:
        if packet.dst[0] in sides.gateways and packet.src[0] not in sides.callers:
            found += _search(packet, of_callers, packets)
        elif packet.dst[0] in sides.callers and packet.src[0] not in sides.gateways:
            found += _search(packet, of_members, packets)
    return found


def _search(packet: Packet, secrets: dict[bytes, Secret], packets: list[Packet]) -> Iterator[Finding]:
    # What was not said yet cannot be a leak of it: the same word came from elsewhere.
    secrets = {word: secret for word, secret in secrets.items() if secret.since <= packet.at}
    if not secrets:
        return
    whole = re.compile(b"|".join(_pattern(each) for each in sorted(secrets, key=len, reverse=True)))
    leg, first = "?", packet.raw.split(b"\r\n", 1)[0].decode("latin-1")
    with contextlib.suppress(ValueError):
        leg = parse(packet.raw).call_id
    for offset, header, line in _lines(packet.raw):
        for how, reading in _readings(line):
            for match in whole.finditer(reading.lower()):
                at = offset + (match.start() if how == AS_IT_IS else 0)
                finding = Finding(leg, first, header, at, secrets[match.group()].what, how)
                if not _is_excused(finding, packet) and not _has_said(packet, match.group(), packets):
                    yield finding


def _has_said(packet: Packet, word: bytes, packets: list[Packet]) -> bool:
    """Whether the receiver himself said it before: a reply gives him back what he sent."""
    return any(p.src[0] == packet.dst[0] and p.at < packet.at and word in p.raw.lower() for p in packets)


def _lines(raw: bytes) -> Iterator[tuple[int, str, bytes]]:
    """The lines of a message: where each begins, what it is called ("via 1" is the second Via), its bytes."""
    offset, vias, in_body = 0, 0, False
    for line in raw.split(b"\r\n"):
        name = canonical(line.partition(b":")[0].decode("latin-1"))
        if offset == 0:
            name = "start line"
        elif in_body:
            name = f"body {name if line.startswith(b'a=') else name[:2]}"
        elif name == "via":
            name, vias = f"via {vias}", vias + 1
        yield offset, name, line
        in_body = in_body or not line
        offset += len(line) + 2


def _pattern(secret: bytes) -> bytes:
    word = re.escape(secret)
    if re.fullmatch(rb"[0-9.]+\.[0-9.]+", secret):  # an address: 127.0.0.1 is not in 127.0.0.10
        return rb"(?<![0-9.])" + word + rb"(?![0-9])"
    if len(secret) < _SHORT:
        return rb"(?<!" + _WORD + rb")" + word + rb"(?!" + _WORD + rb")"
    return word


def _readings(line: bytes) -> Iterator[tuple[str, bytes]]:
    plain = unquote_to_bytes(line)
    yield AS_IT_IS, line
    if plain != line:
        yield "percent-decoded", plain
    dense = _BETWEEN_DIGITS.sub(b"", plain)
    if dense != plain:
        yield DENSE, b" ".join(re.findall(rb"[0-9]{8,}", dense))
    for text in {line, plain}:
        for run in _BASE64_RUN.findall(text):
            for skip in range(4):
                yield "base64-decoded", _unbase64(run[skip:])
        for run in _HEX_RUN.findall(text):
            for skip in range(2):
                yield "hex-decoded", bytes.fromhex(run[skip : skip + (len(run) - skip) // 2 * 2].decode())


def _unbase64(text: bytes) -> bytes:
    text = text.replace(b"-", b"+").replace(b"_", b"/")
    text = text[: len(text) - 1] if len(text) % 4 == 1 else text
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def _is_excused(finding: Finding, packet: Packet) -> bool:
    if finding.how not in {AS_IT_IS, DENSE}:
        return False
    if finding.header in {"body c=", "body a=rtcp"}:
        return finding.what.startswith("address")
    # Via1 is the trunk's own address and transaction; the edge's own Via stands before it.
    of_via1 = finding.what.endswith("(via 0)") or finding.what == "address of the sender"
    return finding.header == "via 1" and of_via1 and not packet.raw.startswith(b"SIP/2.0")
