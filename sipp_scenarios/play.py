"""Playing a scenario against a running edge: SIPp as caller and as gateway, with the wire captured meanwhile."""

import socket
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.wait import until
from sipp_scenarios.given import SECOND_GATEWAY_HOST, configured
from sipp_scenarios.lossy import Lossy, Road
from sipp_scenarios.scenario import Scenario
from tests.capture import Capture, Tape
from tests.edge import BOB, CAROL, CUSTOMER_HOST, DAVE, GATEWAY_HOST, OFFICE, STRANGER_HOST, Edge, free_port
from tests.sip.message import Address
from tests.sip.wire import Packet

_SECONDS: Final = 30  # a scenario that takes longer has failed
_HIDDEN_HOSTS: Final = {"caller": "127.0.0.12", "gateway": "127.0.0.24", "second_gateway": "127.0.0.25"}
_MEDIA_HOSTS: Final = {"caller": "127.0.0.11", "gateway": "127.0.0.21", "second_gateway": "127.0.0.23"}
OTHER: Final = "0912345678"  # who is no member of the seed's group; `{{other}}` in the XML


@dataclass(frozen=True)
class Played:
    """What a scenario left behind: packets, how each SIPp ended (empty: well), where the log stood before."""

    packets: list[Packet]
    complaints: dict[str, str]
    log_offset: int


def caller_host(scenario: Scenario) -> str:
    """The address the caller calls from."""
    return CUSTOMER_HOST if scenario.given.caller == "trunk" else STRANGER_HOST


def play(scenario: Scenario, edge: Edge, tape: Tape | None = None) -> Played:
    """Play `scenario`; the caller speaks once the gateway listens. `tape`: a capture that runs already."""
    offset = edge.log_size()
    host = caller_host(scenario)
    ports = {"gateway": (GATEWAY_HOST, edge.gateway_port)}
    ports["second_gateway"] = (SECOND_GATEWAY_HOST, free_port(SECOND_GATEWAY_HOST))
    with (
        configured(scenario, edge, ports["second_gateway"][1]),
        tempfile.TemporaryDirectory(prefix="sipp-") as folder,
        tape.cut() if tape else Capture(edge.address[1]) as capture,
        ExitStack() as network,
    ):
        ports["caller"] = (host, free_port(host))
        roads = {role: network.enter_context(_road(scenario, role, me, edge.address)) for role, me in ports.items()}
        roles = {"gateway": scenario.play.legs, "second_gateway": scenario.play.second_legs}
        parties = {
            role: _Sipp(scenario, role, Path(folder), *roads[role].ends, legs) for role, legs in roles.items() if legs
        }
        for gateway in parties.values():
            gateway.waits_for_calls()
        parties["caller"] = _Sipp(scenario, "caller", Path(folder), *roads["caller"].ends, scenario.play.calls)
        complaints = {role: party.ends() for role, party in parties.items()}
        complaints |= {f"the network at the {role}": road.unlost() for role, road in roads.items()}
    return Played(capture.packets, complaints, offset)


def _road(scenario: Scenario, role: str, me: Address, edge: Address) -> Road:
    losses = [loss for loss in scenario.play.lost if loss.at == role]
    if losses:
        return Lossy(me, edge, _HIDDEN_HOSTS[role], losses)
    return Road(me, edge)


class _Sipp:
    """One SIPp process."""

    def __init__(self, scenario: Scenario, role: str, folder: Path, me: Address, edge: Address, calls: int) -> None:
        self._me = me
        self._errors = folder / f"{role}.errors"
        file = folder / f"{role}.xml"
        file.write_text(scenario.xml(role, first=BOB, second=CAROL, third=DAVE, fourth=OFFICE, other=OTHER))
        keys = {"dialled": scenario.given.dialled, "customer": scenario.given.number}
        command = ["sipp", f"{edge[0]}:{edge[1]}", "-sf", str(file), "-i", me[0], "-p", str(me[1])]
        command += ["-mi", _MEDIA_HOSTS[role], "-m", str(calls), "-nostdin", "-cp", str(free_port(me[0]))]
        command += ["-timeout", str(_SECONDS), "-timeout_error", "-trace_err", "-error_file", str(self._errors)]
        if role == "caller":
            command += ["-l", "1"]  # one call after the other
        for key, value in keys.items():
            command += ["-key", key, value]
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def waits_for_calls(self) -> None:
        """Return when its port is taken. Raises `TimeoutError`."""
        if not until(self._listens, 5.0):
            raise TimeoutError(f"SIPp does not listen: {self.ends()}")

    def _listens(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(self._me)
            except OSError:
                return True
        return False

    def ends(self) -> str:
        """Wait for its end; "" if every call went as written, else what it says."""
        try:
            _, said = self._process.communicate(timeout=_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, said = self._process.communicate()
        if self._process.returncode == 0:
            return ""
        errors = self._errors.read_text(errors="replace") if self._errors.exists() else said.decode(errors="replace")
        return f"SIPp exit {self._process.returncode}: {errors.strip()[:2000]}"
