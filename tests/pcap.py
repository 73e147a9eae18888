"""Capture files made by hand: given bytes between given addresses, whole, in fragments, over TCP, cut off."""

import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kemi.audit import Packet

_RAW_IP: Final = 101  # LINKTYPE_RAW: no link layer
_UDP, _TCP = 17, 6
_MORE: Final = 0x2000

Frame = tuple[float, bytes]


def write(file: Path, frames: Iterable[Frame], cut: int = 65535) -> Path:
    """Write frames as a pcap file; of each at most `cut` bytes."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, cut, _RAW_IP)
    for at, frame in frames:
        kept = frame[:cut]
        out += struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(kept), len(frame)) + kept
    file.write_bytes(out)
    return file


def udp(packets: Iterable[Packet]) -> list[Frame]:
    """Each packet as one datagram."""
    return [(each.at, _ip(each, _datagram(each), _UDP)) for each in packets]


def fragments(packet: Packet, number: int, size: int = 800) -> list[Frame]:
    """A datagram as IP fragments of `size` bytes (a multiple of 8)."""
    data = _datagram(packet)
    return [
        (packet.at, _ip(packet, data[at : at + size], _UDP, number, at // 8 | _MORE * (at + size < len(data))))
        for at in range(0, len(data), size)
    ]


def tcp(packet: Packet, sequence: int, size: int = 500) -> list[Frame]:
    """A message in TCP segments of `size` bytes, from this sequence number on."""
    ports = struct.pack(">HH", packet.src[1], packet.dst[1])
    return [
        (
            packet.at,
            _ip(packet, ports + struct.pack(">IIBBHHH", sequence + at, 0, 5 << 4, 0x18, 65535, 0, 0)
            + packet.raw[at : at + size], _TCP),
        )
        for at in range(0, len(packet.raw), size)
    ]  # fmt: skip


def _datagram(packet: Packet) -> bytes:
    return struct.pack(">HHHH", packet.src[1], packet.dst[1], 8 + len(packet.raw), 0) + packet.raw


def _ip(packet: Packet, data: bytes, protocol: int, number: int = 1, offset: int = 0) -> bytes:
    ends = socket.inet_aton(packet.src[0]) + socket.inet_aton(packet.dst[0])
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), number, offset, 64, protocol, 0) + ends
    total = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + head[12:] + data
