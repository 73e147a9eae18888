"""What a recording has to know beside the packets: which port is whose, and what payload types mean. Pure.

It goes through rtpengine as a note, from the worker that saw the answer to the process that makes the file.
"""

import re
from typing import Final, NamedTuple

from kemi.domain.events import Side

_AUDIO: Final = re.compile(r"^m=audio ([0-9]+)", re.MULTILINE)
_CODEC: Final = r"[A-Za-z0-9.-]+/[0-9]+(?:/[0-9])?"
_RTPMAP: Final = re.compile(rf"^a=rtpmap:([0-9]+) ({_CODEC})\r?$", re.MULTILINE)
_OWN: Final = re.compile(rf"^(caller|member)=([0-9,]*)((?: [0-9]+={_CODEC})*)$", re.MULTILINE)


class Note(NamedTuple):
    """What a note says; nothing where it is lost, and then it is not `whole`."""

    caller_ports: set[int]
    member_ports: set[int]
    codecs: dict[int, str]
    whole: bool


def note_of(shown: str, side: Side = "caller") -> str:
    """Return the note of a call whose `side` is shown the SDP `shown`: rtpengine's ports towards it stand in it."""
    ports = ",".join(port for port in _AUDIO.findall(shown) if port != "0")
    return " ".join([f"{side}={ports}", *(f"{kind}={codec}" for kind, codec in _RTPMAP.findall(shown))])


def read_note(text: str) -> Note:
    """Read a note among what else rtpengine wrote: the call's later offers and answers, in which anybody may write.

    So a port's side stands only in the note's own line; what a payload type means there may be in theirs, too.
    """
    ports: dict[str, set[int]] = {"caller": set(), "member": set()}
    codecs, own = dict(_RTPMAP.findall(text)), list(_OWN.finditer(text))
    for found in own:
        ports[found[1]] |= {int(port) for port in found[2].split(",") if port}
        codecs |= dict(word.split("=") for word in found[3].split())
    return Note(ports["caller"], ports["member"], {int(kind): codec for kind, codec in codecs.items()}, bool(own))
