"""Ears in code: sounds of the tests' own, and how well what was heard agrees with what was played.

Samples are 16-bit numbers, 8000 a second where nothing else is said.
"""

import array
import math
import subprocess
import wave
from collections.abc import Sequence
from itertools import accumulate
from operator import mul
from pathlib import Path
from typing import Final

RATE: Final = 8000
_A_LAW_EVEN_BITS: Final = 0x55  # ITU-T G.711 §3: every other bit is inverted
Samples = Sequence[int]


def sweep(seconds: float, rate: int = RATE, low: float = 300.0, high: float = 2400.0) -> list[int]:
    """A tone that rises: no part of it is like another."""
    rise = (high - low) / (2 * seconds)
    times = (n / rate for n in range(int(seconds * rate)))
    return [int(9000 * math.sin(2 * math.pi * (low + rise * t) * t)) for t in times]


def tone(hz: float, seconds: float, rate: int = RATE) -> list[int]:
    """A plain tone."""
    return [int(9000 * math.sin(2 * math.pi * hz * n / rate)) for n in range(int(seconds * rate))]


def silence(seconds: float, rate: int = RATE) -> list[int]:
    """Nothing."""
    return [0] * int(seconds * rate)


def write_wav(path: Path, *channels: Samples, rate: int = RATE) -> Path:
    """A WAV file of these channels."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array.array("h", [one for frame in zip(*channels, strict=True) for one in frame]).tobytes())
    return path


def read(path: Path, rate: int = RATE, channels: int = 1) -> list[list[int]]:
    """What a sound file of any kind holds, channel by channel."""
    said = ("ffmpeg", "-nostdin", "-loglevel", "error", "-i", str(path), "-f", "s16le", "-ar", str(rate))
    raw = subprocess.run([*said, "-ac", str(channels), "-"], capture_output=True, check=True).stdout
    samples = array.array("h", raw)
    return [list(samples[one::channels]) for one in range(channels)]


def a_law(payload: bytes) -> list[int]:
    """What a G.711 A-law payload sounds like."""
    return [_A_LAW[byte] for byte in payload]


def a_law_of(samples: Samples) -> bytes:
    """Samples as a G.711 A-law payload."""
    return bytes(_encode(one) for one in samples)


def likeness(heard: Samples, source: Samples) -> float:
    """How much `heard` is like the part of `source` that it is most like: 1 the same wave, 0 nothing in common.

    The source begins anew at its end, as waiting sounds do; how loud either is does not matter.
    """
    around, length = [*source, *source[: len(heard)]], len(heard)
    energies = list(accumulate(map(mul, around, around), initial=0))
    energy, best = sum(map(mul, heard, heard)) or 1, 0.0
    for lag in range(len(source)):
        power = energies[lag + length] - energies[lag]
        if power:
            best = max(best, sum(map(mul, heard, around[lag : lag + length])) / math.sqrt(energy * power))
    return best


def share(heard: Samples, hz: float, rate: int = RATE) -> float:
    """Which part of the energy of `heard` is a tone of `hz` (Goertzel): 1 all, 0 none."""
    turn = 2 * math.cos(2 * math.pi * hz / rate)
    before = last = 0.0
    for sample in heard:
        before, last = last, sample + turn * last - before
    power = before * before + last * last - turn * before * last
    energy = sum(map(mul, heard, heard))
    return 2 * power / (len(heard) * energy) if energy else 0.0


def _decode(byte: int) -> int:
    byte ^= _A_LAW_EVEN_BITS
    exponent, mantissa = byte >> 4 & 7, byte & 15
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return size if byte & 0x80 else -size


_A_LAW: Final = [_decode(byte) for byte in range(256)]


def _encode(sample: int) -> int:
    sign, size = (0x80, sample) if sample >= 0 else (0, -sample - 1)
    size = min(size, 32767) >> 3
    exponent = max(0, size.bit_length() - 5)
    mantissa = (size >> 1 if exponent == 0 else size >> exponent) & 15
    return (sign | exponent << 4 | mantissa) ^ _A_LAW_EVEN_BITS
