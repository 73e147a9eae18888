"""Through which rtpengine a call's voice goes, and what it is asked to do with an SDP (kemi/decisions/0050). Pure.

A call's two sides are always `caller` and `member` to rtpengine, whichever leg speaks: so early media and the winner's
answer, of whatever telephone, bind to the one offer, and any edge can go on with a session by the call's id alone.
Gateways of another profile (SRTP, IPv6) have a member side of their own in the same session, with an offer of its own.
"""

import zlib
from collections.abc import Container, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from kemi.domain.events import Side
from kemi.domain.model import Gateway

Op = Literal["offer", "answer"]
DIRECT: Final = 0  # what `Exchange.media` and a token's `media` say of a call whose voice does not go through us
MOST_NODES: Final = 15
# The bits of a call's `media`: the node's number and one, the call's own, the profile of its member's gateway.
_NODE, _LATE, _SRTP, _IPV6 = 15, 1 << 4, 1 << 5, 1 << 6
MIXED: Final = 1 << 7  # only of an INVITE whose gateways have several profiles: each branch knows its own
RECORDS: Final = 1 << 8  # the group of that leg records
SRTP: Final = 1  # bit of a profile; 2: IPv6
_PROFILE: Final = 5  # bits to the right of it
_CARRIES: Final = frozenset({"INVITE", "UPDATE", "PRACK", "ACK"})  # whose SDP is an offer or an answer (RFC 6337 §2.2)


class Node(NamedTuple):
    """An rtpengine: where its ng protocol is spoken, and its share of the calls."""

    ip: str
    port: int
    weight: int = 1


class Change(NamedTuple):
    """One step of offer and answer (RFC 3264): `from_` is whoever made the offer.

    `profile`: of the member's gateway. `transport` and `family` are said when a side is offered something for the first
    time, and remembered by rtpengine: RTP/SAVP, IP6 … `asked`: it may be refused yet. `records`: the call is recorded,
    also where its session has just begun anew.
    """

    op: Op
    from_: Side
    to: Side
    profile: int = 0
    transport: str = ""
    family: str = ""
    asked: bool = False
    records: bool = False


def anchored(node: int, *, late: bool) -> int:
    """Return what exchange and tokens say of a call at `node`; `late`: its INVITE had no SDP."""
    return node + 1 | _LATE * late


def node_of(media: int) -> int:
    """Return the rtpengine of a call that is not `DIRECT`."""
    return (media & _NODE) - 1


def profile_of(gateway: Gateway) -> int:
    """Return in which way a gateway's legs are spoken to: 1 = SRTP, 2 = IPv6, 3 = both."""
    family = gateway.media_family or (6 if ":" in gateway.host else 4)
    return gateway.srtp | (family == 6) << 1


def profile_in(media: int) -> int:
    """Return the profile of the gateway that `media` has been given to; 0 where it is `MIXED`."""
    return media >> _PROFILE & 3


def with_profile(media: int, profile: int) -> int:
    """Return `media` as one leg has it."""
    return media & ~(MIXED | _SRTP | _IPV6) | profile << _PROFILE if media else DIRECT


def recorded(media: int, *, records: bool) -> int:
    """Return `media` as a leg has it whose group records, or does not."""
    return media & ~RECORDS | RECORDS * records if media else DIRECT


def first_offer(profile: int) -> Change:
    """Return the caller's offer to the legs of a profile."""
    transport, family = "RTP/SAVP" if profile & 1 else "RTP/AVP", "IP6" if profile & 2 else "IP4"
    return Change("offer", "caller", "member", profile, transport, family)


def tag_of(side: Side, profile: int) -> str:
    """Return what a session calls a side; the member's: that of his gateway's profile."""
    return f"member-{profile}" if side == "member" and profile else side


def late_offer(media: int, caller: str) -> Change:
    """Return the offer of a member whom the INVITE offered nothing; `caller`: the address it came from.

    Nobody has said how the caller would like it: without SRTP, and in the family of his address.
    """
    return Change("offer", "member", "caller", profile_in(media), "RTP/AVP", "IP6" if ":" in caller else "IP4")


def parse_nodes(text: str) -> tuple[Node, ...]:
    """Read RTPENGINE: `udp:<address>:<port>[=weight]`, several with blanks between. Raises `ValueError` in words."""
    nodes = tuple(_node(word) for word in text.split())
    if len(nodes) > MOST_NODES:
        raise ValueError(f"at most {MOST_NODES} rtpengines")
    return nodes


def _node(word: str) -> Node:
    where, equals, weight = word.partition("=")
    scheme, _, rest = where.partition(":")
    host, _, port = rest.rpartition(":")
    numbers = port.isdecimal() and port.isascii() and 0 < int(port) < 65536
    weighs = not equals or (weight.isdecimal() and weight.isascii() and 0 < int(weight) <= 1000)
    if scheme != "udp" or not host or not numbers or not weighs:
        raise ValueError(f"{word}: must be udp:<IP address>:<port>, or that with =<weight>, 1 to 1000")
    return Node(host.strip("[]"), int(port), int(weight or 1))


def candidates(call: bytes, nodes: Sequence[Node], down: Container[int]) -> Iterator[int]:
    """Return the numbers of the nodes that are up, in the order that `call` asks them: chance, by weight."""
    left = [(number, node.weight) for number, node in enumerate(nodes) if number not in down]
    draw = zlib.crc32(call)
    while left:
        place = draw % sum(weight for _, weight in left)
        for at, (number, weight) in enumerate(left):
            if place < weight:
                del left[at]
                yield number
                break
            place -= weight


def in_request(method: str, side: Side, media: int) -> Change | None:
    """Return what the SDP of a request of `side` is; None: nothing that belongs into this method."""
    if method not in _CARRIES:
        return None
    profile = profile_in(media)
    if method == "ACK" or (method == "PRACK" and media & _LATE):
        return Change("answer", other(side), side, profile)
    return Change("offer", side, other(side), profile, asked=True)


def in_reply(method: str, side: Side, code: int, media: int, *, offered: bool) -> Change | None:
    """Return what the SDP of a reply is to a request of `side`, which `offered` or did not; None: nothing."""
    if method not in _CARRIES or code >= 300:  # a 488 may tell capabilities, and addresses with them
        return None
    profile = profile_in(media)
    return Change("answer", side, other(side), profile) if offered else Change("offer", other(side), side, profile)


def resumed(change: Change, method: str, media: int) -> Change:
    """Return the change of a running call that `method` brings, saying whether it is recorded.

    Only where both have spoken: before an answer PRACK and UPDATE carry SDP, too, and nothing is recorded yet.
    """
    return change._replace(records=bool(media & RECORDS and change.op == "answer" and method in {"INVITE", "ACK"}))


def other(side: Side) -> Side:
    """Return the other side."""
    return "member" if side == "caller" else "caller"
