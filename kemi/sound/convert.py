"""A sound in any common format becomes two WAV files, as rtpengine plays them cheapest (kemi/decisions/0053).

ffmpeg (Debian's) reads it; it is told to open nothing but the file itself, since a playlist names others.
"""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from kemi.errors import EdgeError

SHORTEST, LONGEST = 1.0, 300.0  # seconds
_MOST_BYTES: Final = 100_000_000
_MEAN, _PEAK = -20.0, -3.0  # dBFS: as loud as speech on the telephone, and never clipped
_SILENT: Final = -60.0
_WAIT: Final = 120  # seconds
_READ: Final = ("ffmpeg", "-nostdin", "-hide_banner", "-protocol_whitelist", "file")


class SoundRefused(EdgeError):
    """This file cannot be a waiting sound; the text says what to change."""


class Sound(NamedTuple):
    """A sound as the table `sound` has it."""

    seconds: float
    narrow: bytes
    wide: bytes


def convert(file: Path) -> Sound:
    """Return what the audio of `file` sounds like on a telephone. Raises `SoundRefused`."""
    if not file.is_file():
        raise SoundRefused(f"{file}: there is no such file")
    if file.stat().st_size > _MOST_BYTES:
        raise SoundRefused(f"{file}: larger than {_MOST_BYTES // 1_000_000} MB; cut it to {LONGEST:.0f} s")
    with tempfile.TemporaryDirectory() as folder:
        wide, narrow = Path(folder) / "wide.wav", Path(folder) / "narrow.wav"
        seconds, decibels = _measured(file)
        gain = f"volume={decibels:.2f}dB"
        _ffmpeg(file, "-af", gain, "-ar", "16000", "-c:a", "pcm_alaw", *_plain(wide))
        _ffmpeg(file, "-af", gain, "-ar", "8000", "-c:a", "pcm_alaw", *_plain(narrow))
        return Sound(seconds, narrow.read_bytes(), wide.read_bytes())


def _measured(file: Path) -> tuple[float, float]:
    """Return how long it is, and by how many dB it becomes as loud as it should be; say what is wrong with it."""
    measure = "aformat=sample_fmts=s16:sample_rates=16000:channel_layouts=mono,volumedetect"
    said = _ffmpeg(file, "-t", f"{LONGEST + 1:.0f}", "-af", measure, "-f", "null", "-")
    samples = _number(r"n_samples: (\d+)", said)
    if samples is None:
        raise SoundRefused(f"{file}: no audio in it that ffmpeg can read")
    seconds = samples / 16_000
    if seconds < SHORTEST:
        raise SoundRefused(f"{file}: lasts {seconds:.2f} s; at least {SHORTEST:.0f} s, it begins anew all the time")
    if seconds > LONGEST:
        raise SoundRefused(f"{file}: lasts longer than {LONGEST:.0f} s; nobody's telephone rings that long")
    mean, peak = _number(r"mean_volume: (-?[\d.]+|-inf) dB", said), _number(r"max_volume: (-?[\d.]+|-inf) dB", said)
    if mean is None or peak is None or peak < _SILENT:
        raise SoundRefused(f"{file}: silence; a caller would think that the line is dead")
    return round(seconds, 2), min(_MEAN - mean, _PEAK - peak)


def _number(pattern: str, said: str) -> float | None:
    found = re.search(pattern, said)
    return None if found is None else float(found[1])


def _plain(target: Path) -> tuple[str, ...]:
    """Return the arguments for one channel and a bare header, the same bytes for the same sound."""
    return (
        "-ac",
        "1",
        "-map_metadata",
        "-1",
        "-fflags",
        "+bitexact",
        "-flags:a",
        "+bitexact",
        "-f",
        "wav",
        str(target),
    )


def _ffmpeg(file: Path, *arguments: str) -> str:
    command = [*_READ, "-i", str(file.absolute()), "-vn", "-sn", "-dn", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_WAIT, check=False)
    except FileNotFoundError as wrong:
        raise SoundRefused("ffmpeg is not installed: apt-get install ffmpeg") from wrong
    except subprocess.TimeoutExpired as wrong:
        raise SoundRefused(f"{file}: not read after {_WAIT} s") from wrong
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["ffmpeg said nothing"])[-1]
        raise SoundRefused(f"{file}: no audio in it that ffmpeg can read ({last})")
    return done.stderr
