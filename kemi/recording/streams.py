"""Packets become streams, one for each source and codec of a side, and each packet gets its place in time. Pure.

A packet's place comes from its RTP timestamp, so that jitter is not heard; the time it arrived says where a source
begins, and where it begins anew (a hold, a jump of its clock). What was lost is silence.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from kemi.domain.events import Side
from kemi.domain.recording import Note
from kemi.recording.pcap import Rtp

RATE: Final = 16_000  # samples a second of a recording
_JUMP: Final = 0.5  # seconds that a timestamp may be off from the arrival
_WRAP: Final = 1 << 32
_G729_FRAME: Final = 10  # bytes of 10 ms; 2 more tell of silence
_CLOCKS: Final = {"pcmu": 8000, "pcma": 8000, "g722": 8000, "g729": 8000, "opus": 48_000}  # ticks a second of RTP
_READ: Final = frozenset(f"{name}/{clock}" for name, clock in _CLOCKS.items())
STATIC: Final = {0: "PCMU/8000", 8: "PCMA/8000", 9: "G722/8000", 18: "G729/8000"}  # RFC 3551 §6


class Piece(NamedTuple):
    """One packet's sound: where it begins in the recording, and how long it is, in samples."""

    start: int
    length: int
    payload: bytes


class Stream(NamedTuple):
    """What one source of a side sent in one codec, in the order of time."""

    side: Side
    codec: str
    pieces: list[Piece]


class Heard(NamedTuple):
    """What came to one port in one codec, as it came."""

    side: Side
    codec: str
    packets: list[Rtp]


def heard(packets: Iterable[Rtp], note: Note) -> list[Heard]:
    """Return what of a capture's packets is sound; `note`: whose ports are whose, and what payload types mean.

    Where it does not say, the port that was given out first is the member's, as rtpengine gives them out.
    """
    kinds: dict[tuple[int, int], list[Rtp]] = {}
    for packet in packets:
        kinds.setdefault((packet.port, packet.kind), []).append(packet)
    ports = sorted({port for port, _ in kinds})
    callers = note.caller_ports & set(ports) or set(ports[1:])
    if members := note.member_ports & set(ports):
        callers = set(ports) - members
    known = {**note.codecs, **STATIC}
    found = []
    for (port, kind), came in kinds.items():
        codec = "/".join(known.get(kind, "").lower().split("/")[:2])
        if codec in _READ:
            found.append(Heard("caller" if port in callers else "member", codec.partition("/")[0], came))
    return found


def streams(found: Iterable[Heard]) -> list[Stream]:
    """Return the streams of a call, of all its captures."""
    sources: dict[tuple[Side, int, str], list[Rtp]] = {}
    for side, codec, packets in found:
        for packet in packets:
            sources.setdefault((side, packet.ssrc, codec), []).append(packet)
    for sent in sources.values():
        sent.sort(key=lambda packet: packet.at)
    begin = min((sent[0].at for sent in sources.values()), default=0.0)
    return [Stream(side, codec, _pieces(sent, codec, begin)) for (side, _, codec), sent in sources.items()]


def _pieces(packets: list[Rtp], codec: str, begin: float) -> list[Piece]:
    clock = _CLOCKS[codec]
    base_at, base_stamp = packets[0].at, packets[0].timestamp
    seen: dict[tuple[int, int], Piece] = {}  # a packet that came twice is one
    for packet in packets:
        since = ((packet.timestamp - base_stamp + _WRAP // 2) % _WRAP - _WRAP // 2) / clock
        if abs(base_at + since - packet.at) > _JUMP:
            base_at, base_stamp, since = packet.at, packet.timestamp, 0.0
        start = round((base_at + since - begin) * RATE)
        payload = _frames(packet.payload) if codec == "g729" else packet.payload
        length = round(_LENGTH[codec](payload) * RATE)
        if start >= 0 and length:
            seen[packet.sequence, packet.timestamp] = Piece(start, length, payload)
    return sorted(seen.values(), key=lambda piece: piece.start)


def _frames(payload: bytes) -> bytes:
    """Return the speech of a G.729 packet, without what Annex B says of silence (RFC 3551 §4.5.6): it stays silence."""
    return payload[: len(payload) // _G729_FRAME * _G729_FRAME]


def _opus(payload: bytes) -> float:
    """Return how long an Opus packet is, in seconds (RFC 6716 §3.1)."""
    config, count = payload[0] >> 3, payload[0] & 3
    if config < 12:
        each: float = (10, 20, 40, 60)[config & 3]
    else:
        each = (10, 20)[config & 1] if config < 16 else (2.5, 5, 10, 20)[config & 3]
    frames = 1 if count == 0 else 2 if count < 3 else payload[1] & 63 if len(payload) > 1 else 0
    return each * frames / 1000


_LENGTH: Final = {
    "pcmu": lambda payload: len(payload) / 8000,
    "pcma": lambda payload: len(payload) / 8000,
    "g722": lambda payload: len(payload) / 8000,
    "g729": lambda payload: len(payload) / 1000,
    "opus": _opus,
}
