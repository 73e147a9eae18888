"""Replies on their way back: the sender of the request gets his own headers again, and a token for the far side."""

from typing import Final, NamedTuple

import msgspec

from kemi import tokens
from kemi.domain import addresses
from kemi.domain.addresses import SAID, Hop
from kemi.domain.media import RECORDS
from kemi.errors import TokenTooLong
from kemi.exchange import Exchange, Taken, far_routes, own_route, route_set
from kemi.kinds import ToMember, ways

_WIDEST: Final = ways(RECORDS)  # the longest that it is in a token
_SURELY_FITS: Final = 40  # characters of Contact and route set, whatever else is in the token


class Far(NamedTuple):
    """The far side as its reply shows it: `target` "" where it has no Contact."""

    target: str
    routes: str
    outbound: str


NOBODY: Final = Far("", "", "")  # of a reply whose Contact is nothing to the request's sender


class Replies:
    """Writes the headers of replies. Pure."""

    def __init__(self, keyring: tokens.Keyring, host: str) -> None:
        """`host`: what the edge calls itself in its messages."""
        self._keys = keyring
        self._host = host

    def block(self, exchange: Exchange, taken: Taken, far: Far, source: Hop, *, reliable: bool) -> str:
        """Return the headers of a reply that came from `source`, for the sender of `exchange`.

        `reliable`: whether 100rel may be spoken of; not where the reply is not sent on as a reliable one.

        Raises `TokenTooLong`, `TokenRefused` where its key is gone.
        """
        tag = addresses.tag(taken.to)
        to = exchange.to if not tag or addresses.tag(exchange.to) else f"{exchange.to};tag={tag}"
        lines = [f"From: {exchange.from_}", f"To: {to}", f"Call-ID: {exchange.call_id}"]
        if far.target:
            user, rest = self._contact(exchange, taken, far, source, tag)
            lines.append(f"Contact: <sip:{user}@{self._host}{SAID[exchange.transport]}>")
            if rest:  # above the sender's own: we are the farthest that he knows of
                lines.append(f"Record-Route: {own_route(rest, self._host, exchange.transport)}")
        lines += [f"Record-Route: {value}" for value in exchange.record_routes]
        lines += taken.lines
        lines += taken.negotiated(reliable=reliable)
        lines.append("")
        return "\r\n".join(lines)

    def read(self, taken: Taken) -> Far:
        """Return the far side. Raises `ValueError` where the reply cannot be read."""
        outbound = addresses.addr_spec(taken.from_)
        if not taken.contact:
            return Far("", "", outbound)
        return Far(addresses.addr_spec(taken.contact), far_routes(taken.record_routes, self._host), outbound)

    def check(self, taken: Taken, far: Far, source: Hop) -> None:
        """Raise `TokenTooLong` where `block` would: a 2xx must be dropped before tm has it.

        What it cannot know here (ids, the caller's address) is taken to be of the usual size.
        """
        target, routes, outbound = far
        if len(target) + len(routes) > _SURELY_FITS:
            hop, dialled = tokens.pack_hop(source), addresses.user(addresses.addr_spec(taken.to))
            # Chance, as ids and marks are: nothing in it repeats, or it would deflate to less than they do.
            chance = bytes(0x90 | byte for byte in taken.call_id.encode()[:20].ljust(20, b"."))
            call, mark, peer_ip = chance[:10], chance[10:16], chance[16:]
            like = ToMember(
                call, 1000, 1000, peer_ip, hop, "AA", target, routes, dialled, outbound, None, mark, ways=_WIDEST
            )
            # Whom it goes to is not known here, but his own Via is the second.
            by_tcp = len(taken.vias) > 1 and "TCP" in taken.vias[1].partition(";")[0].upper()
            self._seal(like, "tcp" if by_tcp else "udp")

    def _contact(self, exchange: Exchange, taken: Taken, far: Far, source: Hop, tag: str) -> tuple[str, str]:
        if exchange.token:  # RFC 3261 §12.2.1.2: the far side of a running call moves to a new target
            held, key = self._keys.open(exchange.token)
            return self._keys.seal(msgspec.structs.replace(held, target=far.target), key, exchange.transport), ""
        mark = self._keys.dialog_mark(exchange.call_id, addresses.tag(exchange.from_), tag)
        token = ToMember(
            exchange.call, exchange.trunk, exchange.gateway, tokens.pack_ip(exchange.ip), tokens.pack_hop(source),
            taken.call_id[-2:], far.target, far.routes, exchange.dialled, far.outbound,
            "" if exchange.held else route_set(exchange.record_routes), mark, exchange.held, ways(exchange.media),
        )  # fmt: skip
        return self._seal(token, exchange.transport)

    def _seal(self, token: ToMember, transport: str) -> tuple[str, str]:
        """Return what goes into Contact and, if that is not enough, into a Record-Route. Raises `TokenTooLong`."""
        try:
            return self._keys.seal(token, None, transport), ""
        except TokenTooLong:
            return self._keys.seal_in_two(token, transport)
