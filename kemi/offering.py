"""The legs as they go on the wire: their headers, made of what is read of the caller's INVITE."""

from typing import Final, NamedTuple

import msgspec

from kemi import tokens
from kemi.domain import addresses, hunt
from kemi.domain.addresses import SAID
from kemi.domain.e164 import spell
from kemi.domain.events import Received
from kemi.domain.gateways import path, way
from kemi.domain.identity import identity_line
from kemi.domain.media import profile_of, with_profile
from kemi.domain.model import Gateway
from kemi.domain.redaction import Discreet, shown
from kemi.domain.routing import Fork
from kemi.errors import TokenTooLong
from kemi.exchange import Exchange, Taken, next_hop, own_route, route_set
from kemi.kinds import ToCaller, ways


class Offer(Discreet, frozen=True, array_like=True, gc=False):
    """What is read of the caller's INVITE for every leg: his side, for the token; and the header lines that pass."""

    hop: bytes
    target: str
    routes: str
    tag: str
    uri: str
    lines: str


class Rest(msgspec.Struct, array_like=True, gc=False):
    """What it takes to go on when nobody has answered: the INVITE, and how far the call has come.

    `passed`: the ids of the groups it has come through; `first`: the number of its next leg; `ear`: how the caller
    is to hear a sound.
    """

    offer: Offer
    hotline: str
    passed: list[int]
    first: int
    caller: str | None
    withheld: bool
    ear: str = ""

    def __repr__(self) -> str:
        return shown(self, self.__struct_fields__)

    def pack(self) -> str:
        """Return it as text that a Kamailio AVP can hold."""
        return _encode(self).decode()


class After(NamedTuple):
    """Who rings when nobody has answered: more waves, the headers through their gateways, and what is left then.

    `record`: as in `Exchange`, from then on. `is_same`: it is the group's own number; else the caller hears the rule of
    another group (kemi/decisions/0057): `announcement` for `hold_ms` before, then `music`, or whom it rings if
    `first_sounds`; `tone`: a ringing tone, where he has to hear something of ours.
    """

    waves: list[list[hunt.Attempt]]
    headers: dict[int, str]
    ways: dict[int, str]
    rest: str | None
    record: int
    announcement: str
    hold_ms: int
    music: str
    tone: str
    first_sounds: bool
    is_same: bool


_encode: Final = msgspec.json.Encoder().encode
unpack_rest: Final = msgspec.json.Decoder(Rest).decode


def rest(fork: Fork, offer: Offer, of: "Received | Rest", ear: str) -> Rest | None:
    """Return what it takes to go on when nobody answers in `fork`; None where nothing comes after it."""
    group = fork.group
    if (group.fallback_group, group.fallback_number, group.fallback_code) == (None, None, None):
        return None
    first = fork.waves[-1][-1].number + 1
    return Rest(offer, fork.hotline.number, list(fork.passed), first, of.caller, of.withheld, ear)


def read(exchange: Exchange, taken: Taken) -> Offer:
    """Read the caller's side of an INVITE. Raises `ValueError`: a caller who cannot be reached later is refused now."""
    routes, target, source = route_set(taken.record_routes), addresses.addr_spec(taken.contact), exchange.source
    tag = addresses.tag(taken.from_)
    if not tag:
        raise ValueError("a From without a tag")
    next_hop(routes, target, source)
    lines = "".join(f"{line}\r\n" for line in [*taken.lines, *taken.negotiated(reliable=exchange.reliable)])
    return Offer(tokens.pack_hop(source), target, routes, tag, addresses.addr_spec(taken.from_), lines)


class Legs:
    """Writes the headers of legs. Pure."""

    def __init__(self, keyring: tokens.Keyring, host: str) -> None:
        """`host`: what the edge calls itself in its messages."""
        self._keys = keyring
        self._host = host
        self._from_host = addresses.without_port(host)

    def headers(self, fork: Fork, exchange: Exchange, offer: Offer) -> dict[int, str]:
        """Return the headers of a leg but its Call-ID, by gateway id, for all that the call may go through.

        Where one Contact cannot hold the caller's side, every leg gets a Record-Route. Raises `TokenTooLong`.
        """
        gateways = {one.id: one for wave in fork.waves for leg in wave for one in (leg.gateway, *leg.others)}
        try:
            return {key: self._block(fork, one, exchange, offer) for key, one in gateways.items()}
        except TokenTooLong:
            exchange.held = True
            return {key: self._block(fork, one, exchange, offer) for key, one in gateways.items()}

    @staticmethod
    def ways(fork: Fork) -> dict[int, str]:
        """Return how the legs through a gateway go, by its id, where that is not as all do (`gateways.path`)."""
        gateways = (one for wave in fork.waves for leg in wave for one in (leg.gateway, *leg.others))
        return {one.id: how for one in gateways if (how := path(one))}

    def call_id(self, call: bytes, leg: int, attempt: int) -> str:
        """Return the Call-ID of an attempt at a member."""
        return self._keys.leg_call_id(call, tokens.leg_letters(leg, attempt))

    def _block(self, fork: Fork, gateway: Gateway, exchange: Exchange, offer: Offer) -> str:
        """Return the headers that every leg through `gateway` shares; one token a gateway."""
        token = ToCaller(
            exchange.call, exchange.trunk, gateway.id, tokens.pack_ip(way(gateway).ip),
            offer.hop, offer.target, offer.routes, offer.tag, exchange.call_id, exchange.dialled, offer.uri,
            ways(with_profile(exchange.media, profile_of(gateway))),
        )  # fmt: skip
        transport = gateway.transport
        contact, rest = (
            self._keys.seal_in_two(token, transport) if exchange.held else (self._keys.seal(token, None, transport), "")
        )
        number = spell(fork.group.outbound_number, gateway.number_format)
        uri = f"sip:{number}@{gateway.from_host or self._from_host}"
        tag = self._keys.caller_tag(exchange.call, offer.tag)
        block = f"From: <{uri}>;tag={tag}\r\nContact: <sip:{contact}@{self._host}{SAID[transport]}>\r\n{offer.lines}"
        if rest:
            block += f"Record-Route: {own_route(rest, self._host, transport)}\r\n"
        return block + "".join(f"{line}\r\n" for line in identity_line(gateway.identity, uri))
