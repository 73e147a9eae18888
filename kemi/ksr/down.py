"""Which gateways do not answer, as kemi.watch says: a cell of shared memory each, there while it is down."""

import KSR

_get = KSR.htable.sht_get


class DownGateways:
    """The ids of the gateways that are down, for `kemi.domain.routing.Present`; a look takes 0.3 µs."""

    def __contains__(self, gateway_id: object) -> bool:
        return _get("down", f"g{gateway_id}") is not None
