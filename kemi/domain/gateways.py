"""Through which gateway a leg goes, and through which it goes on when that one is silent."""

import math
from collections.abc import Callable, Container, Iterable

from kemi.domain.addresses import Hop
from kemi.domain.media import profile_of
from kemi.domain.model import Gateway

Gateways = tuple[Gateway, ...]


def ranked(gateways: Iterable[Gateway], down: Container[int], chance: Callable[[], float]) -> Gateways:
    """Return the gateways that can be used now, best first; equals of a priority take turns by weight and chance.

    `down`: ids of those known to be dead; `chance` returns a random number in [0, 1) each time.
    """
    usable = tuple(one for one in gateways if one.enabled and one.id not in down)
    if len(usable) < 2:
        return usable

    def place(one: Gateway) -> tuple[int, float]:
        # Efraimidis and Spirakis: the least of these is each one with the probability of its weight
        return one.priority, -math.log(1.0 - chance()) / one.weight

    return tuple(sorted(usable, key=place))


def binds(gateways: Gateways) -> bool:
    """Say whether it depends on the member which of them he is called through."""
    return any(one.prefixes for one in gateways)


def for_number(number: str, gateways: Gateways) -> Gateways:
    """Return those of the ranked `gateways` that take an E.164 `number`, the longest prefix first."""
    fitting = [(_fit(number, one), one) for one in gateways]
    taking = [pair for pair in fitting if pair[0] >= 0]
    taking.sort(key=lambda pair: -pair[0])  # stable: rank decides among equals
    return tuple(one for _, one in taking)


def _fit(number: str, gateway: Gateway) -> int:
    """Return the length of the gateway's longest prefix of `number`, 0 for one that takes all; -1: it does not."""
    if not gateway.prefixes:
        return 0
    return max((len(prefix) for prefix in gateway.prefixes if number.startswith(prefix)), default=-1)


def path(gateway: Gateway) -> str:
    """Return how the INVITEs through a gateway go, where that is not as all do; "" where it is. See `read_path`."""
    profile, hop = profile_of(gateway), way(gateway).uri() if gateway.proxy is not None else ""
    return f"{profile} {hop}" if profile or hop else ""


def read_path(text: str) -> tuple[int, str]:
    """Return the profile of a path's legs, and where their INVITEs are sent, "" for as their R-URIs say."""
    profile, _, hop = text.partition(" ")
    return int(profile or 0), hop


def way(gateway: Gateway) -> Hop:
    """Return where a gateway's requests are sent: to itself, or to its outbound proxy."""
    if gateway.proxy is None:
        return Hop(gateway.host, gateway.port, gateway.transport)
    if gateway.proxy.startswith("["):
        ip, _, port = gateway.proxy[1:].partition("]")
        return Hop(ip, int(port.removeprefix(":") or 5060), gateway.transport)
    ip, _, port = gateway.proxy.partition(":")
    return Hop(ip, int(port or 5060), gateway.transport)
