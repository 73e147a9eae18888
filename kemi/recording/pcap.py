"""The RTP packets of a capture as rtpengine writes it: what each side sent, as it arrived.

The file may end anywhere (a full disk, a killed rtpengine): what is whole is read.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_MAGIC: Final = {b"\xd4\xc3\xb2\xa1": ("<", 1e-6), b"\x4d\x3c\xb2\xa1": ("<", 1e-9), b"\xa1\xb2\xc3\xd4": (">", 1e-6)}
_ETHERNET: Final = 1
_UDP: Final = 17
_RTCP: Final = range(72, 77)  # payload types that SR … APP would be (RFC 5761 §4)
_LONGEST: Final = 65_536


class Rtp(NamedTuple):
    """A packet that came to `port` (one of rtpengine's) `at` seconds of the wall clock."""

    at: float
    port: int
    ssrc: int
    kind: int  # payload type
    sequence: int
    timestamp: int
    payload: bytes


class Capture:
    """A capture's packets, to be taken once; then `whole` says whether it ended as rtpengine ends one."""

    def __init__(self, file: Path) -> None:
        """`file`: as rtpengine writes it, with any link type of its."""
        self._file = file
        self.whole = False

    def __iter__(self) -> Iterator[Rtp]:
        """Yield the RTP packets. Raises `ValueError` where it is no capture; `OSError`."""
        with self._file.open("rb") as stream:
            head = stream.read(24)
            if len(head) < 24 or head[:4] not in _MAGIC:
                raise ValueError("not a capture, or one without its head")
            order, unit = _MAGIC[head[:4]]
            offset = 14 if struct.unpack(f"{order}I", head[20:])[0] == _ETHERNET else 0
            record = struct.Struct(f"{order}IIII")
            while len(raw := stream.read(record.size)) == record.size:
                seconds, part, length, _ = record.unpack(raw)
                packet = stream.read(length) if length <= _LONGEST else b""
                if len(packet) < length or not packet:
                    return
                found = _rtp(seconds + part * unit, packet[offset:])
                if found is not None:
                    yield found
            self.whole = not raw


def _rtp(at: float, packet: bytes) -> Rtp | None:
    version = packet[0] >> 4 if packet else 0
    head = (packet[0] & 15) * 4 if version == 4 else 40
    protocol = packet[9 if version == 4 else 6] if len(packet) > head + 8 + 12 else None
    if protocol != _UDP:
        return None
    port = int.from_bytes(packet[head + 2 : head + 4], "big")
    data = packet[head + 8 :]
    first, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", data)
    if first >> 6 != 2 or second & 0x7F in _RTCP:
        return None
    begin = 12 + 4 * (first & 15)
    if first & 0x10:  # RFC 3550 §5.3.1: a header extension, its length in words
        begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4], "big")
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if begin >= end:
        return None
    return Rtp(at, port, ssrc, second & 0x7F, sequence, timestamp, data[begin:end])
