"""Packets become streams, one for each source and codec of a side, and each packet gets its place in time. Pure.

A packet's place comes from its RTP timestamp, so that jitter is not heard; the time it arrived says where a source
begins, and where it begins anew (a hold, a jump of its clock). What was lost is silence.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from kemi.recording.pcap import Rtp

Side = Literal["caller", "member"]
RATE: Final = 16_000  # samples a second of a recording
_JUMP: Final = 0.5  # seconds that a timestamp may be off from the arrival
_WRAP: Final = 1 << 32
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


def streams(packets: Iterable[Rtp], caller_ports: set[int], codecs: dict[int, str]) -> list[Stream]:
    """Return the streams of a call; `codecs`: what the dynamic payload types mean, as in SDP (`opus/48000/2`).

    Without `caller_ports` the port that was given out first is the member's, as rtpengine gives them out.
    """
    listed = sorted(packets, key=lambda packet: packet.at)
    if not listed:
        return []
    ports = sorted({packet.port for packet in listed})
    callers = caller_ports & set(ports) or set(ports[1:])
    known = {**STATIC, **codecs}
    sources: dict[tuple[Side, int, str], list[Rtp]] = {}
    for packet in listed:
        codec = known.get(packet.kind, "").lower()
        side: Side = "caller" if packet.port in callers else "member"
        if codec.partition("/")[0] in _LENGTH:
            sources.setdefault((side, packet.ssrc, codec), []).append(packet)
    begin = listed[0].at
    return [Stream(side, codec, _pieces(found, codec, begin)) for (side, _, codec), found in sources.items()]


def _pieces(packets: list[Rtp], codec: str, begin: float) -> list[Piece]:
    name, _, rest = codec.partition("/")
    clock = int(rest.partition("/")[0] or 8000)
    base_at, base_stamp = packets[0].at, packets[0].timestamp
    seen: dict[tuple[int, int], Piece] = {}  # a packet that came twice is one
    for packet in packets:
        since = ((packet.timestamp - base_stamp + _WRAP // 2) % _WRAP - _WRAP // 2) / clock
        if abs(base_at + since - packet.at) > _JUMP:
            base_at, base_stamp, since = packet.at, packet.timestamp, 0.0
        start = round((base_at + since - begin) * RATE)
        length = round(_LENGTH[name](packet.payload) * RATE)
        if start >= 0 and length:
            seen[packet.sequence, packet.timestamp] = Piece(start, length, packet.payload)
    return sorted(seen.values(), key=lambda piece: piece.start)


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
    "g729": lambda payload: len(payload) // 10 * 0.01,
    "opus": _opus,
}
