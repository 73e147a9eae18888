"""What brings calls and what takes them away: trunks and gateways that no call can ever come through, and why.

What the tables say by themselves is judged by the views `trunk_check` and `gateway_check`; here it is compared with
where the edge listens (SIP_LISTEN, SIP_TCP) and whether it has an rtpengine (RTPENGINE), which no table knows.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

import msgspec

from kemi.check.verdict import State, state_of

_Network = IPv4Network | IPv6Network


class TrunkVerdict(msgspec.Struct, frozen=True):
    """Whether calls are taken from a trunk; `id` None: there is no trunk at all."""

    id: int | None
    name: str
    addresses: tuple[str, ...]
    state: State
    reason: str | None = None


class GatewayVerdict(msgspec.Struct, frozen=True):
    """Whether members ring through a gateway."""

    id: int
    name: str
    address: str
    state: State
    reason: str | None = None


class GatewayRow(NamedTuple):
    """A row of `gateway_check`."""

    id: int
    name: str
    host: str
    port: int
    transport: str
    outbound_proxy: str | None
    srtp: bool
    reason: str | None


class Own(NamedTuple):
    """The edge's own: where it listens, by transport; whether there is an rtpengine. Empty: it is not known."""

    listens: tuple[tuple[str, str, int], ...] = ()
    has_media: bool = True


def own(sip_listen: str, rtpengine: str, sip_tcp: str = "") -> Own:
    """Return what the settings of these names say; "" is not known."""
    listens = []
    for one in sip_listen.split():
        transport, _, address = one.partition(":")
        host, _, port = address.rpartition(":")
        spoken = (transport, "tcp") if sip_tcp == "yes" else (transport,)
        listens += [(each, host.strip("[]"), int(port)) for each in spoken]
    return Own(tuple(listens), rtpengine != "none")


def trunk_verdicts(rows: Iterable[tuple[int | None, str, list[str], str | None]], edge: Own) -> Iterator[TrunkVerdict]:
    """Judge the rows of `trunk_check`."""
    for ident, name, addresses, said in rows:
        reason = said
        if reason is None:
            found = ((one, _deaf(edge, ip_network(one), None)) for one in addresses)
            reason = "; ".join(f"{one}: {why}" for one, why in found if why) or None
        yield TrunkVerdict(ident, name, tuple(addresses), state_of(reason), reason)


def gateway_verdicts(rows: Iterable[GatewayRow], edge: Own) -> Iterator[GatewayVerdict]:
    """Judge the rows of `gateway_check`."""
    for row in rows:
        host = f"[{row.host}]" if ":" in row.host else row.host
        reason = row.reason or _unreachable(row, edge)
        yield GatewayVerdict(row.id, row.name, f"{host}:{row.port}", state_of(reason), reason)


def _unreachable(row: GatewayRow, edge: Own) -> str | None:
    proxy, host = row.outbound_proxy, row.host
    if proxy is not None:
        host = proxy[1 : proxy.index("]")] if proxy.startswith("[") else proxy.partition(":")[0]
    elif (row.host, row.port) in {(ip, port) for _, ip, port in edge.listens}:
        return "the gateway is this edge itself (SIP_LISTEN)"
    if row.srtp and not edge.has_media:
        return "the gateway wants SRTP, and there is no rtpengine to speak it (RTPENGINE=none)"
    return _deaf(edge, ip_network(host), row.transport)


def _deaf(edge: Own, peer: _Network, transport: str | None) -> str | None:
    """Return why the edge cannot speak with `peer`; None: it can, or it is not known where it listens."""
    if not edge.listens:
        return None
    fit = [ip_address(host) for kind, host, _ in edge.listens if transport in {None, kind}]
    if not fit:
        return f"cannot ring: SIP_{transport.upper()} is off" if transport else None
    fit = [one for one in fit if one.version == peer.version or (one.is_unspecified and one.version == 6)]
    if not fit:
        return f"the edge has no IPv{peer.version} address (SIP_LISTEN)"
    if all(one.is_loopback for one in fit) and not peer.is_loopback:
        return f"the edge listens on {fit[0]} only, which nobody outside this machine reaches (SIP_LISTEN)"
    return None
