"""What passed on the wire, read for its delays."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from tests.edge import CUSTOMER_HOST, GATEWAY_HOST
from tests.sip.wire import Packet

_CALL_ID: Final = re.compile(rb"\r\nCall-ID: *([^\r\n]+)", re.IGNORECASE)
_METHOD: Final = re.compile(rb"\r\nCSeq: *\d+ +([A-Z]+)", re.IGNORECASE)
_MEDIA_PORT: Final = re.compile(rb"\r\nm=audio (\d+) ")


class Moment(NamedTuple):
    """When a call's first messages of each kind passed between customer and edge: s since the epoch, or none."""

    invite: float
    trying: float | None
    ringing: float | None
    cancel: float | None
    cancelled: float | None  # 200 to the CANCEL
    ended: float | None  # 487


def answers(packets: Iterable[Packet], number_of_port: Mapping[int, str]) -> dict[str, float]:
    """Return when a member's 200 to the INVITE reached the edge, by the caller's number.

    A leg has a Call-ID of its own; the caller's media port tells whose it is.
    """
    whose: dict[bytes, str] = {}
    found: dict[str, float] = {}
    for packet in packets:
        if packet.dst[0] == GATEWAY_HOST and packet.raw.startswith(b"INVITE "):
            port = _MEDIA_PORT.search(packet.raw)
            if port and int(port[1]) in number_of_port:
                whose[_of(_CALL_ID, packet)] = number_of_port[int(port[1])]
        elif packet.src[0] == GATEWAY_HOST and _is(packet, b"200", b"INVITE"):
            number = whose.get(_of(_CALL_ID, packet))
            if number is not None:
                found.setdefault(number, packet.at)
    return found


def moments(packets: Iterable[Packet]) -> dict[str, Moment]:
    """Return when what passed of each call between customer and edge, by the caller's Call-ID."""
    calls: dict[str, dict[str, float]] = {}
    for packet in packets:
        if CUSTOMER_HOST not in {packet.src[0], packet.dst[0]}:
            continue
        for name, code, method in _KINDS:
            if _is(packet, code, method):
                calls.setdefault(_of(_CALL_ID, packet).decode(), {}).setdefault(name, packet.at)
    names = Moment._fields
    return {one: Moment(*(seen.get(name) for name in names)) for one, seen in calls.items() if "invite" in seen}  # type: ignore[arg-type]


_KINDS: Final[Sequence[tuple[str, bytes, bytes]]] = (
    ("invite", b"INVITE", b"INVITE"), ("trying", b"100", b"INVITE"), ("ringing", b"180", b"INVITE"),
    ("cancel", b"CANCEL", b"CANCEL"), ("cancelled", b"200", b"CANCEL"), ("ended", b"487", b"INVITE"),
)  # fmt: skip


def _is(packet: Packet, start: bytes, method: bytes) -> bool:
    """Say whether it is a request (`start` is its method) or a reply (its code) of `method`."""
    head = b"SIP/2.0 " + start if start.isdigit() else start
    return packet.raw.startswith(head + b" ") and _of(_METHOD, packet) == method


def _of(what: re.Pattern[bytes], packet: Packet) -> bytes:
    found = what.search(packet.raw)
    return found[1].strip() if found else b""
