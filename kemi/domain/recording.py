"""What a recording has to know beside the packets: which port the caller sends to, and what payload types mean. Pure.

It goes through rtpengine as a note, from the worker that saw the answer to the process that makes the file.
"""

import re
from typing import Final, NamedTuple

_AUDIO: Final = re.compile(r"^m=audio ([0-9]+)", re.MULTILINE)
_RTPMAP: Final = re.compile(r"a=rtpmap:([0-9]+) ([A-Za-z0-9.-]+/[0-9]+(?:/[0-9])?)")
_CALLER: Final = re.compile(r"\bcaller=([0-9,]+)")
_NOTED: Final = re.compile(r"\b([0-9]+)=([A-Za-z0-9.-]+/[0-9]+(?:/[0-9])?)")


class Note(NamedTuple):
    """What a note says; nothing where it is lost."""

    caller_ports: set[int]
    codecs: dict[int, str]


def note_of(answer: str) -> str:
    """Return the note of a call whose caller is shown the SDP `answer`: rtpengine's ports towards him stand in it."""
    ports = ",".join(port for port in _AUDIO.findall(answer) if port != "0")
    return " ".join([f"caller={ports}", *(f"{kind}={codec}" for kind, codec in _RTPMAP.findall(answer))])


def read_note(text: str) -> Note:
    """Read a note among whatever else rtpengine wrote: later offers and answers of the call, as SDP."""
    ports = {int(port) for found in _CALLER.findall(text) for port in found.split(",") if port}
    return Note(ports, {int(kind): codec for kind, codec in [*_RTPMAP.findall(text), *_NOTED.findall(text)]})
