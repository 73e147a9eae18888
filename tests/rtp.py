"""RTP of the tests' own: payloads of real codecs, packets, and captures as rtpengine writes them."""

import array
import ctypes
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from tests.listening import RATE, Samples, a_law_of

_PTIME: Final = 0.02  # seconds
_RAW: Final = {"pcmu": ("mulaw", 8000, 160), "g722": ("g722", 16_000, 160), "pcma": ("alaw", 8000, 160)}


class Packet(NamedTuple):
    """What came to `port` at `at` seconds."""

    at: float
    port: int
    data: bytes


def payloads(codec: str, samples: Samples) -> list[bytes]:
    """Samples (8000 a second) as packets of 20 ms, coded by ffmpeg."""
    if codec == "opus":
        return _ogg_packets(_coded(samples, "libopus", "ogg", 48_000))[2:]
    name, rate, size = _RAW[codec]
    coded = (
        a_law_of(samples)
        if codec == "pcma"
        else _coded(samples, *((name, name) if codec == "g722" else ("pcm_mulaw", name)), rate)
    )
    return [coded[n : n + size] for n in range(0, len(coded) - size + 1, size)]


def g729_frames(samples: Samples) -> list[bytes]:
    """Samples as frames of 10 ms in G.729 Annex B: 10 bytes of speech, 2 that tell of silence, or none."""
    library = ctypes.CDLL("libbcg729.so.0")
    library.initBcg729EncoderChannel.restype = ctypes.c_void_p
    channel, found = ctypes.c_void_p(library.initBcg729EncoderChannel(1)), list[bytes]()
    for at in range(0, len(samples) - 79, 80):
        frame, size = (ctypes.c_uint8 * 10)(), ctypes.c_uint8()
        library.bcg729Encoder(channel, (ctypes.c_int16 * 80)(*samples[at : at + 80]), frame, ctypes.byref(size))
        found.append(bytes(frame)[: size.value])
    library.closeBcg729EncoderChannel(channel)
    return found


def packets(
    port: int, kind: int, coded: Iterable[bytes], *, at: float, ssrc: int,
    ticks: int = 160, stamp: int = 0, sequence: int = 0,
) -> list[Packet]:  # fmt: skip
    """Payloads as packets, 20 ms apart from `at` on; `ticks` of the codec's clock each."""
    heads = (
        struct.pack(">BBHII", 0x80, kind, (sequence + n) % 65_536, (stamp + n * ticks) % (1 << 32), ssrc)
        for n in range(1 << 30)
    )
    return [Packet(at + n * _PTIME, port, head + one) for n, (head, one) in enumerate(zip(heads, coded, strict=False))]


def write_pcap(file: Path, found: Iterable[Packet], *, link: int = 1) -> Path:
    """A capture with these packets, by time; `link` 1: with Ethernet heads, 101: without."""
    records = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, link)]
    for one in sorted(found, key=lambda packet: packet.at):
        udp = struct.pack(">HHHH", 40_000, one.port, 8 + len(one.data), 0) + one.data
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1") + udp
        frame = (b"\0" * 12 + b"\x08\0" if link == 1 else b"") + ip
        records.append(struct.pack("<IIII", int(one.at), int(one.at % 1 * 1e6), len(frame), len(frame)) + frame)
    file.write_bytes(b"".join(records))
    return file


def _coded(samples: Samples, encoder: str, container: str, rate: int) -> bytes:
    plain = ("ffmpeg", "-loglevel", "error", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "-")
    command = [*plain, "-ar", str(rate), "-c:a", encoder, "-f", container, "-"]
    return subprocess.run(command, input=array.array("h", samples).tobytes(), capture_output=True, check=True).stdout


def _ogg_packets(stream: bytes) -> list[bytes]:
    found, held, at = list[bytes](), b"", 0
    while at < len(stream):
        lacing = stream[at + 27 : at + 27 + stream[at + 26]]
        at += 27 + len(lacing)
        for size in lacing:
            held += stream[at : at + size]
            at += size
            if size < 255:
                found.append(held)
                held = b""
    return found
