"""What is read of a message, and what is remembered of a request until its replies have gone back."""

from collections.abc import Callable
from typing import Final

import msgspec

from kemi.domain import addresses, masking
from kemi.domain.addresses import Hop
from kemi.domain.events import Side
from kemi.domain.media import DIRECT
from kemi.domain.redaction import shown


class Taken:
    """A message's identity, taken out of it in one pass (`kemi.ksr.headers`); what is taken is removed."""

    __slots__ = (
        "asserted", "call_id", "contact", "content_length", "content_type", "cseq", "deep_vias", "from_", "lines",
        "once", "privacy", "proxy_require", "record_routes", "require", "routes", "rseq", "supported", "to",
        "via_lines", "via_list", "vias",
    )  # fmt: skip

    def __init__(self) -> None:
        self.from_ = ""
        self.to = ""
        self.call_id = ""
        self.contact = ""
        self.content_type = ""
        self.content_length = ""  # of a request, as is CSeq; both stay where they are
        self.cseq = ""
        self.proxy_require = ""
        self.supported = ""
        self.require = ""
        self.rseq = ""
        self.once = 0  # bits: which headers have been there that stay only once (kemi.ksr.headers)
        self.via_lines = 0  # that stay
        self.via_list = False  # a line that stays holds more of them than may
        self.vias: list[str] = []  # a value each, however many a line held
        self.deep_vias: list[str] = []  # those of them that are not ours, nor the next one's
        self.record_routes: list[str] = []
        self.routes: list[str] = []
        self.asserted: list[str] = []
        self.privacy: list[str] = []
        self.lines: list[str] = []  # cleaned headers to put back

    def unknown_extensions(self) -> list[str]:
        """Return what the sender requires and we do not know."""
        return masking.unknown(self.require, self.proxy_require) if self.require or self.proxy_require else []

    def negotiated(self, *, reliable: bool) -> list[str]:
        """Return the Supported, Require and RSeq lines that may go on; without 100rel if not `reliable`."""
        if not (self.supported or self.require or self.rseq):
            return []
        without = "" if reliable else "100rel"
        values = [("Supported", masking.clean("Supported", self.supported, without))]
        values.append(("Require", masking.clean("Require", self.require, without)))
        values.append(("RSeq", masking.clean("RSeq", self.rseq) if reliable else ""))
        return [f"{name}: {value}" for name, value in values if value]


class Exchange(msgspec.Struct, array_like=True, gc=False):
    """A request on its way, kept in the transaction: what its sender wrote, so that replies give it back to him.

    `side` sent it, from `ip`:`port`. `token` is the sealed token of an in-dialog request, "" in the initial
    INVITE, where `gateway` is 0: its legs have their own. `held`: the gateways hold the caller's side in their Route.
    `media`: through which rtpengine the voice goes (`kemi.domain.media`); `offered`: the request had SDP;
    `asked`: the SDP that an rtpengine has been offered, which may be refused yet; `record`: how many days
    is kept what is recorded of it from its answer on, 0: nothing is. `via`: the sender's own, the top one; `vias`:
    those below it.
    """

    call: bytes
    side: Side
    method: str
    from_: str
    to: str
    call_id: str
    vias: list[str]
    record_routes: list[str]
    ip: str
    port: int
    transport: str
    trunk: int
    gateway: int
    dialled: str
    reliable: bool
    token: str = ""
    held: bool = False
    media: int = DIRECT
    offered: bool = False
    record: int = 0
    via: str = ""
    asked: str = ""

    def __repr__(self) -> str:
        return shown(self, self.__struct_fields__)

    @property
    def source(self) -> Hop:
        """Where the request came from."""
        return Hop(self.ip, self.port, self.transport)

    def via_given_back(self) -> str:
        """Return the sender's own Via as a reply must have it (RFC 3261 §18.2.1, RFC 3581 §4)."""
        return addresses.via_seen(self.via, self.ip, self.port)

    def pack(self) -> str:
        """Return the exchange as text that a Kamailio AVP can hold."""
        return _encode(self).decode()


def exchange_of(
    call: bytes, side: Side, method: str, taken: Taken, source: Hop, trunk: int, gateway: int, dialled: str,
    token: str = "", media: int = DIRECT,
) -> Exchange:  # fmt: skip
    """Return the exchange of the request whose identity was `taken`."""
    return Exchange(
        call, side, method, taken.from_, taken.to, taken.call_id, taken.deep_vias, taken.record_routes,
        source.ip, source.port, source.transport, trunk, gateway, dialled, "100rel" in taken.require, token,
        media=media, via=taken.vias[0] if taken.vias else "",
    )  # fmt: skip


_encode: Final = msgspec.json.Encoder().encode
unpack: Final = msgspec.json.Decoder(Exchange).decode


def route_set(record_routes: list[str], *, reverse: bool = False) -> str:
    """Return the Route value that Record-Route values stand for (RFC 3261 §12.1). Raises `ValueError`."""
    if not record_routes:
        return ""
    parts = [part for value in record_routes for part in addresses.split_list(value)]
    uris = [f"<{addresses.addr_spec(part)}>" for part in parts]
    return ",".join(reversed(uris) if reverse else uris)


def own_route(token: str, host: str, transport: str = "udp") -> str:
    """Return the Record-Route that holds the rest of a token (`kemi.kinds`), for who speaks `transport`."""
    return f"<sip:{token}@{host};lr{addresses.SAID[transport]}>"


def is_own_route(value: str, host: str) -> bool:
    """Say whether a Record-Route or Route value is one that `own_route` made."""
    return f"@{host};lr" in value


def far_routes(record_routes: list[str], host: str) -> str:
    """Return the Route value to a leg, by the Record-Routes of its reply; the lowest may be ours."""
    parts = [part for value in record_routes for part in addresses.split_list(value)]
    if parts and is_own_route(parts[-1], host):
        del parts[-1]
    return route_set(parts, reverse=True)


def rest_in(routes: list[str], host: str) -> str:
    """Return the rest of a token that stands in Route values, "" where there is none. Raises `ValueError`."""
    parts = (part for value in routes for part in addresses.split_list(value))
    return next((addresses.user(addresses.addr_spec(part)) for part in parts if is_own_route(part, host)), "")


def next_hop(routes: str, target: str, source: Hop, is_known: Callable[[str], bool] = lambda _: False) -> Hop:
    """Return where a request with this route set goes first; see `addresses.hop`. Raises `ValueError`."""
    first = routes[1:].partition(">")[0] if routes else target  # a URI may hold commas
    return addresses.hop(first, source, is_known)
