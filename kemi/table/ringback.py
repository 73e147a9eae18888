"""A ringing tone as a sound file: for callers who have had an announcement, so that their network makes none."""

import math
import struct
from typing import Final

from kemi.domain.sounds import NARROW

_HERTZ, _ON, _OFF = 425, 1, 4  # Vietnam's (ITU-T E.180, list of national tones)
_LEVEL: Final = 3000  # about -20 dBFS
_RATES: Final = {NARROW: 8000}
_A_LAW_WAV: Final = 6  # WAVE_FORMAT_ALAW


def ringback(kind: str) -> bytes:
    """Return the WAV file, as `sound` has them."""
    rate = _RATES.get(kind, 16_000)
    turn = 2 * math.pi * _HERTZ / rate
    tone = bytes(_a_law(round(_LEVEL * math.sin(turn * n))) for n in range(_ON * rate))
    samples = tone + bytes([_a_law(0)]) * (_OFF * rate)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, _A_LAW_WAV, 1, rate, rate, 1, 8)
    data = b"WAVE" + form + struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI", b"RIFF", len(data)) + data


def _a_law(sample: int) -> int:
    """Return a sample by ITU-T G.711 §3."""
    sign, size = (0x80, sample) if sample >= 0 else (0, -sample - 1)
    size >>= 3
    exponent = max(0, size.bit_length() - 5)
    return (sign | exponent << 4 | size >> max(exponent, 1) & 15) ^ 0x55
