"""Which gateways and rtpengines do not answer: a cell of shared memory each, there while it is down."""

from typing import Final

import KSR

from kemi.ksr import log

_TABLE: Final = "down"
_get = KSR.htable.sht_get


class DownGateways:
    """The ids of the gateways that are down, for `kemi.domain.routing.Present`; a look takes 0.3 µs."""

    def __contains__(self, gateway_id: object) -> bool:
        return _get(_TABLE, f"g{gateway_id}") is not None


class DownNodes:
    """The numbers of the rtpengines that are down: a worker says so, kemi.watch takes it back when it hears of one."""

    def __contains__(self, node: object) -> bool:
        return _get(_TABLE, f"r{node}") is not None

    def add(self, node: int) -> None:
        """It did not answer: no worker asks it again for now."""
        KSR.htable.sht_seti(_TABLE, f"r{node}", 1)
        log.rtpengine_down(node)
