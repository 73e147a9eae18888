"""Streams become a file: the caller on the left, the member on the right.

Each stream is decoded in one go by ffmpeg, without its gaps, and its pieces are then laid where they belong; what
nobody laid is silence. Samples lie in files, packets in memory: some 160 MB an hour of a call.
"""

import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kemi.errors import EdgeError
from kemi.recording.streams import RATE, Piece, Stream

_SAMPLE: Final = 2  # bytes
_WAIT: Final = 3600  # seconds; a call of a day is decoded in minutes
_OPUS_RATE: Final = 48_000
_LARGEST_PAGE: Final = 60_000
_RAW: Final = ("-f", "s16le", "-ar", str(RATE), "-ac", "1")
_AS: Final = {  # how ffmpeg is told what a payload is
    "pcmu": ("-f", "mulaw", "-ar", "8000", "-ac", "1"),
    "pcma": ("-f", "alaw", "-ar", "8000", "-ac", "1"),
    "g722": ("-f", "g722"),
    "g729": ("-f", "g729"),
    "opus": ("-f", "ogg"),
}
_CRC: Final[list[int]] = []


class NotMade(EdgeError):
    """There is nothing to make a recording of; the text says why."""


class DecoderFailed(OSError):
    """ffmpeg did not do its work: it was killed, the disk was full, it is not there; another time it may."""


def make(streams: list[Stream], target: Path, folder: Path) -> float:
    """Write what was said into `target` (Ogg Opus); `folder` is for what is in between. Return its seconds.

    Raises `NotMade`; `OSError`, `DecoderFailed` where it may be tried again.
    """
    end = max((stream.pieces[-1].start + stream.pieces[-1].length for stream in streams if stream.pieces), default=0)
    if not end:
        raise NotMade("nobody sent any sound that can be read")
    sides = []
    for side in ("caller", "member"):
        sides.append(path := folder / f"{side}.raw")
        with path.open("wb") as laid:
            for stream in streams:
                if stream.side == side:
                    _lay(stream, laid.fileno(), folder)
            laid.truncate(end * _SAMPLE)
    inputs = [word for path in sides for word in (*_RAW, "-i", str(path))]
    join = ("-filter_complex", "[0:a][1:a]join=inputs=2:channel_layout=stereo", "-map_metadata", "-1")
    _ffmpeg(*inputs, *join, "-c:a", "libopus", "-b:a", "32k", "-application", "voip", "-f", "ogg", str(target))
    return end / RATE


def _lay(stream: Stream, laid: int, folder: Path) -> None:
    coded, plain = folder / "coded", folder / "plain"
    with coded.open("wb") as file:
        if stream.codec == "opus":
            file.writelines(_ogg(stream.pieces))
        else:
            file.writelines(piece.payload for piece in stream.pieces)
    _ffmpeg(*_AS[stream.codec], "-i", str(coded), *_RAW, str(plain))
    with plain.open("rb") as file:
        for piece in stream.pieces:
            os.pwrite(laid, file.read(piece.length * _SAMPLE), piece.start * _SAMPLE)


def _ffmpeg(*arguments: str) -> None:
    command = ["ffmpeg", "-nostdin", "-y", "-loglevel", "error", "-protocol_whitelist", "file", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_WAIT, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired) as wrong:
        raise DecoderFailed(f"ffmpeg: {wrong}") from wrong
    if done.returncode != 0:
        raise DecoderFailed(f"ffmpeg: {(done.stderr.strip().splitlines() or ['said nothing'])[-1]}")


def _ogg(pieces: list[Piece]) -> Iterator[bytes]:
    """Yield an Ogg stream of Opus packets (RFC 7845), which ffmpeg needs to know where each ends."""
    yield _page([b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, _OPUS_RATE, 0, 0)], 0, 0, 2)
    yield _page([b"OpusTags" + struct.pack("<I4sI", 4, b"edge", 0)], 0, 1, 0)
    granule, number, held, size = 0, 2, list[bytes](), 0
    for piece in pieces:
        if held and (size + len(piece.payload) > _LARGEST_PAGE or len(held) == 50):
            yield _page(held, granule, number, 0)
            number, held, size = number + 1, [], 0
        held.append(piece.payload)
        size += len(piece.payload)
        granule += piece.length * _OPUS_RATE // RATE
    yield _page(held, granule, number, 4)


def _page(packets: list[bytes], granule: int, number: int, flags: int) -> bytes:
    lacing = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in packets)
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, 1, number, 0) + bytes([len(lacing)]) + lacing
    page = bytearray(head + b"".join(packets))
    page[22:26] = struct.pack("<I", _checksum(page))
    return bytes(page)


def _checksum(page: bytes | bytearray) -> int:
    """Return Ogg's CRC-32 (RFC 3533 §6): polynomial 0x04c11db7, nothing reflected."""
    if not _CRC:
        for byte in range(256):
            value = byte << 24
            for _ in range(8):
                value = (value << 1) ^ (0x104C11DB7 if value & 0x80000000 else 0)
            _CRC.append(value & 0xFFFFFFFF)
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _CRC[value >> 24 ^ byte]
    return value
