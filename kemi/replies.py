"""Replies on their way back: the sender of the request gets his own headers again, and a token for the far side."""

import msgspec

from kemi import tokens
from kemi.domain import addresses
from kemi.domain.addresses import Hop
from kemi.exchange import Exchange, Taken, route_set
from kemi.tokens import ToMember


class Replies:
    """Writes the headers of replies. Pure."""

    def __init__(self, keyring: tokens.Keyring, host: str) -> None:
        """`host`: what the edge calls itself in its messages."""
        self._keys = keyring
        self._host = host

    def block(self, exchange: Exchange, taken: Taken, source: Hop, *, reliable: bool) -> str:
        """Return the headers of a reply that came from `source`, for the sender of `exchange`.

        `reliable`: whether 100rel may be spoken of; not in an 18x that we send on as a plain one.

        Raises `ValueError` where the reply cannot be read, `TokenTooLong`, `TokenRefused` where its key is gone.
        """
        tag = addresses.tag(taken.to)
        to = exchange.to if not tag or addresses.tag(exchange.to) else f"{exchange.to};tag={tag}"
        lines = [f"From: {exchange.from_}", f"To: {to}", f"Call-ID: {exchange.call_id}"]
        lines += [f"Record-Route: {value}" for value in exchange.record_routes]
        if taken.contact:
            user = self._contact(exchange, taken, source, tag)
            lines.append(f"Contact: <sip:{user}@{self._host}>")
        lines += taken.lines + taken.negotiated(reliable=reliable)
        return "\r\n".join(lines) + "\r\n"

    @staticmethod
    def check(taken: Taken) -> None:
        """Raise `ValueError` where `block` could not read the reply: some replies must be dropped before that."""
        if taken.contact:
            addresses.addr_spec(taken.contact)
            route_set(taken.record_routes)
        addresses.addr_spec(taken.from_)

    def _contact(self, exchange: Exchange, taken: Taken, source: Hop, tag: str) -> str:
        target = addresses.addr_spec(taken.contact)
        if exchange.token:  # RFC 3261 §12.2.1.2: the far side of a running call moves to a new target
            held, key = self._keys.open(exchange.token)
            return self._keys.seal(msgspec.structs.replace(held, target=target), key)
        mark = self._keys.dialog_mark(exchange.call_id, addresses.tag(exchange.from_), tag)
        token = ToMember(
            exchange.call, exchange.trunk, exchange.gateway, tokens.pack_ip(exchange.ip), tokens.pack_hop(source),
            taken.call_id[-2:], target, route_set(taken.record_routes, reverse=True), exchange.dialled,
            addresses.addr_spec(taken.from_), route_set(exchange.record_routes), mark,
        )  # fmt: skip
        return self._keys.seal(token)
