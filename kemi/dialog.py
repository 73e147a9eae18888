"""Requests inside a call: ACK, BYE, re-INVITE, UPDATE, PRACK, INFO. The token says where they go, statelessly."""

from collections.abc import Callable
from typing import NamedTuple

from kemi import tokens
from kemi.domain import addresses, masking
from kemi.domain.addresses import SAID, Hop
from kemi.domain.events import Side
from kemi.domain.gateways import way
from kemi.errors import TokenRefused, TokenTooLong
from kemi.exchange import Exchange, Taken, exchange_of, next_hop, rest_in, route_set
from kemi.kinds import ToCaller, Token, ToMember, parted, ways
from kemi.ports import RoutingTable

_NOBODY = "sip:anonymous@anonymous.invalid"  # RFC 3323 §4.1.1.3; where the caller's URI did not fit the token


class Relay(NamedTuple):
    """A request as it goes on: its new R-URI, next hop and headers."""

    uri: str
    hop: Hop
    block: str
    exchange: Exchange
    leg: int


class Dialogs:
    """Serves requests that carry a token in their R-URI.

    The token says nearly everything, so most requests never look into the table.
    """

    def __init__(
        self, table: RoutingTable, keyring: tokens.Keyring, host: str, max_age: float, now: Callable[[], float]
    ) -> None:
        """`max_age`: seconds after a call's arrival that its tokens are honoured."""
        self._table = table
        self._keys = keyring
        self._host = host
        self._max_age = max_age
        self._now = now

    def relay(self, method: str, user: str, source: Hop, taken: Taken, *, ours: bool = False) -> Relay:
        """Turn a request for the token `user` into what goes to the other side.

        `ours`: kemi.watch sent it, in a side's place; then neither its address nor the token's age is asked.

        Raises `TokenRefused` where the token is not honoured: forged, too old, shown by another peer, in another
        dialog; `ValueError` where the message cannot be read; `TokenTooLong`.
        """
        token, key = self._keys.open_whole(user, lambda: rest_in(taken.routes, self._host))
        if not ours and not -60 <= tokens.age(token.call, self._now()) <= self._max_age:
            raise TokenRefused("a token that is too old")
        to_tag, from_tag = addresses.tag(taken.to), addresses.tag(taken.from_)
        if isinstance(token, ToCaller):
            if not ours:
                self._check_gateway(token, source)
            leg, hop = self._check_member(token, key, taken, to_tag), self._hop(token)
            block = self._to_caller(token, key, taken, from_tag, source, hop.transport)
        else:
            if not ours:
                self._check_trunk(token, source)
            leg, hop = self._check_caller(token, key, taken, from_tag, to_tag), self._hop(token)
            block = self._to_member(token, key, taken, from_tag, to_tag, source, hop.transport)
        side: Side = "member" if isinstance(token, ToCaller) else "caller"
        exchange = exchange_of(
            token.call, side, method, taken, source, token.trunk, token.gateway, token.dialled, user, token.media
        )
        return Relay(token.target, hop, _with_lines(block, token.routes, taken), exchange, leg)

    def _hop(self, token: Token) -> Hop:
        return next_hop(token.routes, token.target, tokens.unpack_hop(token.hop), self._is_trunk)

    def _is_trunk(self, ip: str) -> bool:
        self._table.look()
        return self._table.trunk_address(ip) is not None

    def _check_gateway(self, token: ToCaller, source: Hop) -> None:
        if tokens.pack_ip(source.ip) != token.peer_ip:
            self._table.look()
            gateway = self._table.gateway(token.gateway)
            if gateway is None or tokens.pack_ip(way(gateway).ip) != tokens.pack_ip(source.ip):
                raise TokenRefused("a token shown by another peer")

    def _check_member(self, token: ToCaller, key: int, taken: Taken, to_tag: str) -> int:
        letters = taken.call_id[-2:]
        if taken.call_id != self._keys.leg_call_id(token.call, letters, key):
            raise TokenRefused("a token in another dialog")
        if to_tag != self._keys.caller_tag(token.call, token.tag, key):
            raise TokenRefused("a token in another dialog")
        return tokens.leg_of(letters)[0]

    def _check_trunk(self, token: ToMember, source: Hop) -> None:
        if tokens.pack_ip(source.ip) != token.peer_ip:
            self._table.look()
            address = self._table.trunk_address(source.ip)
            if address is None or address.trunk_id != token.trunk:
                raise TokenRefused("a token shown by another peer")

    def _check_caller(self, token: ToMember, key: int, taken: Taken, from_tag: str, to_tag: str) -> int:
        if self._keys.dialog_mark(taken.call_id, from_tag, to_tag, key) != token.dialog:
            raise TokenRefused("a token in another dialog")
        return tokens.leg_of(token.leg)[0]

    def _to_caller(self, token: ToCaller, key: int, taken: Taken, from_tag: str, source: Hop, transport: str) -> str:
        lines = [
            f"From: {masking.neutral(token.dialled, self._host, from_tag)}",
            f"To: <{token.uri or _NOBODY}>;tag={token.tag}",
            f"Call-ID: {token.call_id}",
        ]
        if taken.contact:
            mark = self._keys.dialog_mark(token.call_id, token.tag, from_tag, key)
            fresh = ToMember(
                token.call, token.trunk, token.gateway, tokens.hop_ip(token.hop), tokens.pack_hop(source),
                taken.call_id[-2:], addresses.addr_spec(taken.contact), route_set(taken.record_routes),
                token.dialled, addresses.addr_spec(taken.to), "" if token.parted else token.routes, mark, token.parted,
                ways=ways(token.media),
            )  # fmt: skip
            lines.append(f"Contact: <sip:{self._seal(fresh, key, transport)}@{self._host}{SAID[transport]}>")
        return "\r\n".join(lines)

    def _to_member(
        self, token: ToMember, key: int, taken: Taken, from_tag: str, to_tag: str, source: Hop, transport: str
    ) -> str:
        lines = [
            f"From: <{token.uri}>;tag={self._keys.caller_tag(token.call, from_tag, key)}",
            f"To: {masking.neutral(token.dialled, self._host, to_tag)}",
            f"Call-ID: {self._keys.leg_call_id(token.call, token.leg, key)}",
        ]
        if taken.contact:
            routes = "" if token.held else route_set(taken.record_routes) or token.near_routes
            if routes is None:
                raise TokenTooLong("the caller moves, and his route set did not fit beside the member's")
            fresh = ToCaller(
                token.call, token.trunk, token.gateway, tokens.hop_ip(token.hop), tokens.pack_hop(source),
                addresses.addr_spec(taken.contact), routes, from_tag,
                taken.call_id, token.dialled, addresses.addr_spec(taken.from_), ways(token.media),
            )  # fmt: skip
            user = self._keys.seal(parted(fresh)[0] if token.held else fresh, key, transport)
            lines.append(f"Contact: <sip:{user}@{self._host}{SAID[transport]}>")
        return "\r\n".join(lines)

    def _seal(self, fresh: ToMember, key: int, transport: str) -> str:
        try:
            return self._keys.seal(fresh, key, transport)
        except TokenTooLong:  # as at the beginning, and so the caller has the rest in his Route
            return self._keys.seal(parted(fresh)[0], key, transport)


def _with_lines(block: str, routes: str, taken: Taken) -> str:
    lines = [block, *taken.lines]
    if routes:
        lines.append(f"Route: {routes}")
    lines += taken.negotiated(reliable=True)
    return "\r\n".join(lines) + "\r\n"
