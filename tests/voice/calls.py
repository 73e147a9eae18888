"""What anchoring costs a call in Kamailio: CPU of the same calls, voice anchored and not."""

import tempfile
from pathlib import Path
from typing import Final

from deploy.ports import free_rtp
from sipp_scenarios.bench import cpu
from tests.edge import BOB, CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST, HOTLINE, Edge, running_edge
from tests.sip import Carrier, Customer

_WARM: Final = 20  # calls before it counts


def kamailio_ms(calls: int, *, anchored: bool) -> float:
    """Return the CPU ms of Kamailio a call: four ring, one answers, the caller hangs up. Raises `RuntimeError`."""
    how, ports = ("own", free_rtp(EDGE_HOST)) if anchored else ("none", "20000-29999")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_edge(Path(folder), say=lambda _: None, rtpengine=how, rtp_ports=ports) as edge,
        Carrier(GATEWAY_HOST, edge.gateway_port) as carrier,
        Customer(edge.address, host=CUSTOMER_HOST) as customer,
    ):
        _play(carrier, customer, _WARM)
        before = cpu.seconds(_pid(edge))
        _play(carrier, customer, calls)
        return (cpu.seconds(_pid(edge)) - before) / calls * 1000


def _play(carrier: Carrier, customer: Customer, calls: int) -> None:
    bob = carrier.member(BOB)
    for _ in range(calls):
        bob.legs.clear()
        call = customer.calls(HOTLINE)
        bob.rings().answers()
        if not call.is_answered or call.hangs_up() != 200:
            raise RuntimeError(f"a call was not answered: {call.saw}")


def _pid(edge: Edge) -> int:
    pid = edge.stack.pid("kamailio")
    if pid is None:
        raise RuntimeError("Kamailio does not run")
    return pid
