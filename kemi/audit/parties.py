"""Whose message is it: the callers' side by the dialog, the members' side by the member who was rung.

Party("caller", Call-ID)       a caller's dialog with the edge
Party("member", number)        a member: every leg that rang his number; the Call-ID where no INVITE was seen
Party(side, "")                what is known of a side beforehand, and of nobody in particular
"""

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kemi.audit.finding import Side
from kemi.audit.message import Message, parse, user_of
from kemi.audit.packet import Packet, Sides
from kemi.audit.said import DIGITS, TAIL, tail

CALLER: Final = "caller"
MEMBER: Final = "member"
_CALL_ID: Final = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*[^\s])", re.IGNORECASE | re.MULTILINE)


class Party(NamedTuple):
    """Somebody who must not learn of the others."""

    side: Side
    name: str


@dataclass(frozen=True)
class Heard:
    """A packet with what it is: read, and to or from which party. `inward`: it goes to the edge."""

    packet: Packet
    message: Message | None
    party: Party
    inward: bool

    @property
    def leg(self) -> str:
        """The Call-ID, or "?" where there is none."""
        return _call_id(self.packet, self.message)


@dataclass
class Cast:
    """The parties of a capture."""

    heard: list[Heard]
    dialled: set[str] = field(default_factory=set)
    unknown: int = 0  # messages between the edge and an address that is both a caller's and a gateway's


def cast(packets: Iterable[Packet], sides: Sides) -> Cast:
    """Say of each packet whose it is. Copies and packets of strangers are left out."""
    unique = {(each.src, each.dst, each.raw): each for each in sorted(packets, key=lambda each: each.at)}.values()
    read = [(each, _read(each.raw)) for each in sorted(unique, key=lambda each: each.at)]
    began = _beginnings(read, sides)
    found, both = Cast([]), sides.callers & sides.gateways
    for packet, message in read:
        way = _way(packet, message, sides, began)
        if way is None:
            found.unknown += message is not None and not {packet.src[0], packet.dst[0]}.isdisjoint(both)
            continue
        side, inward = way
        call_id = _call_id(packet, message)
        name = began.rung.get(call_id, call_id) if side == MEMBER else call_id
        found.heard.append(Heard(packet, message, Party(side, name), inward))
        if side == CALLER and inward and message and _begins(message):
            found.dialled.add(user_of(message.uri))
    return found


@dataclass
class _Began:
    """By Call-ID: from which side its first INVITE came, and which number it rang."""

    side: dict[str, Side] = field(default_factory=dict)
    rung: dict[str, str] = field(default_factory=dict)


def _beginnings(read: list[tuple[Packet, Message | None]], sides: Sides) -> _Began:
    began = _Began()
    for packet, message in read:
        if message is None or message.status:
            continue
        from_edge = packet.src[0] in sides.edges if sides.edges else packet.src[0] not in sides.callers
        if from_edge and packet.dst[0] in sides.gateways:
            if _begins(message):
                began.side.setdefault(message.call_id, MEMBER)
            number = user_of(message.uri)  # a CANCEL repeats it; in a capture that began late it is all there is
            if DIGITS.fullmatch(number) and len(tail(number)) == TAIL:
                began.rung.setdefault(message.call_id, tail(number))
        elif packet.src[0] in sides.callers and _begins(message):
            began.side.setdefault(message.call_id, CALLER)
    return began


def _way(packet: Packet, message: Message | None, sides: Sides, began: _Began) -> tuple[Side, bool] | None:
    """Return (side, inward) of a packet between the edge and a party, None for any other."""
    src, dst = packet.src[0], packet.dst[0]
    is_ours = not sides.edges or src in sides.edges or dst in sides.edges
    if not is_ours or (_side_of(src, None, sides, began) and _side_of(dst, None, sides, began)):
        return None
    for host, inward in ((src, True), (dst, False)):
        side = _side_of(host, message, sides, began)
        if side in {CALLER, MEMBER}:
            return side, inward
    return None


def _side_of(host: str, message: Message | None, sides: Sides, began: _Began) -> Side | None:
    is_caller, is_gateway = host in sides.callers, host in sides.gateways
    if is_caller and is_gateway:  # one carrier, both ways: the dialog tells
        return began.side.get(message.call_id) if message else None
    return CALLER if is_caller else MEMBER if is_gateway else None


def _call_id(packet: Packet, message: Message | None) -> str:
    if message:
        return message.call_id or "?"
    found = _CALL_ID.search(packet.raw)  # a broken start line breaks no leg
    return found[1].decode("latin-1") if found else "?"


def _begins(message: Message) -> bool:
    return message.start.startswith("INVITE ") and not message.to_tag


def _read(raw: bytes) -> Message | None:
    with contextlib.suppress(ValueError):  # noise is nobody's word, but it is searched all the same
        return parse(raw)
    return None
