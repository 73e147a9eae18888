"""A group's waiting sound as an edge has it: what its files are named, and which of them a caller hears. Pure."""

import re
from typing import Final

NARROW, WIDE = "narrow", "wide"
KINDS: Final = (NARROW, WIDE)  # as the columns of `sound` are named
RINGBACK: Final = "ringback-0"  # a sound of our own (`kemi.table.ringback`)
_AUDIO: Final = re.compile(r"^m=audio [0-9]+(?:/[0-9]+)? \S+ ([0-9]+)", re.MULTILINE)
_G722: Final = "9"  # RFC 3551 §6
_WIDEBAND: Final = r"^a=rtpmap:{} (?:opus|g722)/"


def file_name(sound: str, kind: str) -> str:
    """Return what a sound's file is named in the folder of sounds; `kind` is one of KINDS."""
    return f"{sound}.{kind}.wav"


def kind_for(sdp: str) -> str:
    """Return which of its files goes with the first codec of a caller's SDP."""
    first = _AUDIO.search(sdp)
    if first is None:
        return NARROW
    wide = first[1] == _G722 or re.search(_WIDEBAND.format(first[1]), sdp, re.MULTILINE | re.IGNORECASE)
    return WIDE if wide else NARROW


def ear(sdp: str) -> str:
    """Return how whoever offered `sdp` is to hear any sound: the kind of file, and the answer that stands for all."""
    return f"{kind_for(sdp)}\n{stand_in(sdp)}"


def heard(sound: str | None, ear: str) -> str:
    """Return what it takes to play a sound (its file, the answer); "" for no sound, or to nobody who can hear it."""
    if sound is None or not ear:
        return ""
    kind, _, answer = ear.partition("\n")
    return f"{file_name(sound, kind)}\n{answer}"


def stand_in(sdp: str) -> str:
    """Return the answer that stands for everybody who rings: all codecs of the caller's `sdp`, and nowhere to send.

    With fewer codecs the member's own answer would be bound to those (kemi/decisions/0053). Media but audio is refused.
    """
    lines, session, audio = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"], True, False
    for line in sdp.splitlines():
        if line.startswith("m="):
            kind, _, rest = line[2:].partition(" ")
            session, audio = False, kind == "audio"
            lines.append(f"m={kind} {9 if audio else 0} {rest.partition(' ')[2]}")
        elif not session and audio and line.startswith(("a=rtpmap:", "a=fmtp:", "a=ptime:")):
            lines.append(line)
    return "\r\n".join([*lines, ""])
