"""Playing a scenario against a running edge: SIPp as caller and as gateway, with the wire captured meanwhile."""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.wait import until
from sipp_scenarios.deeds import Deeds
from sipp_scenarios.given import SECOND_GATEWAY_HOST, configured
from sipp_scenarios.lossy import Lossy, Road
from sipp_scenarios.scenario import Scenario
from sipp_scenarios.sipp import Sipp
from sipp_scenarios.strict import Strict
from tests.capture import Capture, Tape
from tests.edge import CUSTOMER_HOST, GATEWAY_HOST, STRANGER_HOST, Edge, free_port
from tests.logs import Logs
from tests.sip.message import Address
from tests.sip.wire import Packet

_HIDDEN_HOSTS: Final = {"caller": "127.0.0.12", "gateway": "127.0.0.24", "second_gateway": "127.0.0.25"}


_PATIENCE: Final = 60.0  # seconds for what the watch is to say


@dataclass(frozen=True)
class Played:
    """What a scenario left behind: packets, how each SIPp ended (empty: well), the logs from its beginning on."""

    packets: list[Packet]
    complaints: dict[str, str]
    logs: Logs


def caller_host(scenario: Scenario) -> str:
    """The address the caller calls from."""
    return CUSTOMER_HOST if scenario.given.caller == "trunk" else STRANGER_HOST


def play(scenario: Scenario, edge: Edge, tape: Tape | None = None) -> Played:
    """Play `scenario`; the caller speaks once the gateway listens. `tape`: a capture that runs already."""
    logs = Logs(edge)
    host = caller_host(scenario)
    ports = {"gateway": (GATEWAY_HOST, edge.gateway_port)}
    ports["second_gateway"] = (SECOND_GATEWAY_HOST, edge.gateway_port)
    with (
        configured(scenario, edge, ports["second_gateway"][1]),
        tempfile.TemporaryDirectory(prefix="sipp-") as folder,
        tape.cut() if tape else Capture(edge.address[1], tcp=(edge.address[1], edge.gateway_port)) as capture,
        ExitStack() as network,
    ):
        ports["caller"] = (host, free_port(host))
        deeds = Deeds(edge)
        network.callback(deeds.undoes)
        roads = {
            role: network.enter_context(_road(scenario, role, me, edge.address, deeds)) for role, me in ports.items()
        }
        roles = {"gateway": scenario.play.legs, "second_gateway": scenario.play.second_legs}
        parties = {
            role: Sipp(scenario, role, Path(folder), *roads[role].ends, legs) for role, legs in roles.items() if legs
        }
        for gateway in parties.values():
            gateway.waits_for_calls()
        _watched(scenario, logs)
        parties["caller"] = Sipp(scenario, "caller", Path(folder), *roads["caller"].ends, scenario.play.calls)
        while any(party.goes_on for party in parties.values()):
            deeds.does()
        complaints = {role: party.ends() for role, party in parties.items()}
        complaints |= {f"the network at the {role}": road.complaints() for role, road in roads.items()}
    return Played(capture.packets, complaints, logs)


def _watched(scenario: Scenario, logs: Logs) -> None:
    """Return when the watch has said what is given. Raises `TimeoutError`."""

    def said() -> bool:
        log, at = logs.said()["watch"], 0
        for words in scenario.given.watched:
            at = log.find(words, at) + 1
            if not at:
                return False
        return True

    if not until(said, _PATIENCE):
        raise TimeoutError(f"the watch has not said {scenario.given.watched}")


def _road(scenario: Scenario, role: str, me: Address, edge: Address, deeds: Deeds) -> Road:
    losses = [loss for loss in scenario.play.lost if loss.at == role]
    steps = [step for step in scenario.play.meanwhile if step.at == role]
    if role in scenario.given.tcp or (role == "gateway" and not scenario.play.legs):
        return Road(me, edge)  # the relays are of datagrams; or nobody is there
    if role != "caller":
        return Strict(me, edge, _HIDDEN_HOSTS[role], losses, steps, deeds.wait_for)
    if losses or steps:
        return Lossy(me, edge, _HIDDEN_HOSTS[role], losses, steps, deeds.wait_for)
    return Road(me, edge)
