"""Playing a scenario against a running edge: SIPp as caller and as gateway, with the wire captured meanwhile."""

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.wait import until
from kemi.table.store import TableReader
from sipp_scenarios import hunting, limits
from sipp_scenarios.scenario import Scenario
from tests.capture import Capture
from tests.edge import BOB, CALLER, CAROL, CUSTOMER_HOST, DAVE, GATEWAY_HOST, OFFICE, STRANGER_HOST, Edge, free_port
from tests.sip.message import Address
from tests.sip.wire import Packet

_SECONDS: Final = 30  # a scenario that takes longer has failed
_COLUMNS: Final = ("ring_seconds", "min_talk_seconds")  # of the group, that a scenario may want otherwise
_MEDIA_HOSTS: Final = {"caller": "127.0.0.11", "gateway": "127.0.0.21"}


@dataclass(frozen=True)
class Played:
    """What a scenario left behind: packets, how each SIPp ended (empty: well), where the log stood before."""

    packets: list[Packet]
    complaints: dict[str, str]
    log_offset: int


def caller_host(scenario: Scenario) -> str:
    """The address the caller calls from."""
    return CUSTOMER_HOST if scenario.given.caller == "trunk" else STRANGER_HOST


def play(scenario: Scenario, edge: Edge) -> Played:
    """Play `scenario`; the caller speaks once the gateway listens."""
    offset = edge.log_size()
    host = caller_host(scenario)
    with (
        _group(scenario, edge),
        limits.in_force(scenario.given.limits, edge),
        hunting.in_force(scenario.given, edge),
        tempfile.TemporaryDirectory(prefix="sipp-") as folder,
        Capture(edge.address[1]) as capture,
    ):
        gateway = None
        if scenario.play.legs:
            gateway = _Sipp(scenario, "gateway", Path(folder), (GATEWAY_HOST, edge.gateway_port), edge.address)
            gateway.waits_for_calls()
        caller = _Sipp(scenario, "caller", Path(folder), (host, free_port(host)), edge.address)
        complaints = {"caller": caller.ends(), "gateway": gateway.ends() if gateway else ""}
    return Played(capture.packets, complaints, offset)


class _Sipp:
    """One SIPp process."""

    def __init__(self, scenario: Scenario, role: str, folder: Path, me: Address, edge: Address) -> None:
        self._me = me
        self._errors = folder / f"{role}.errors"
        file = folder / f"{role}.xml"
        file.write_text(scenario.xml(role, first=BOB, second=CAROL, third=DAVE, fourth=OFFICE))
        calls = scenario.play.legs if role == "gateway" else 1
        keys = {"dialled": scenario.given.dialled, "customer": CALLER}
        command = ["sipp", f"{edge[0]}:{edge[1]}", "-sf", str(file), "-i", me[0], "-p", str(me[1])]
        command += ["-mi", _MEDIA_HOSTS[role], "-m", str(calls), "-nostdin", "-cp", str(free_port(me[0]))]
        command += ["-timeout", str(_SECONDS), "-timeout_error", "-trace_err", "-error_file", str(self._errors)]
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
        return f"exit {self._process.returncode}: {errors.strip()[:2000]}"


@contextmanager
def _group(scenario: Scenario, edge: Edge) -> Iterator[None]:
    """Give the group what the scenario wants of it, and then what it had."""
    wanted = {name: value for name in _COLUMNS if (value := getattr(scenario.given, name)) is not None}
    if not wanted:
        yield
        return
    [before] = edge.ledger.rows("select ring_seconds, min_talk_seconds from external_group where name = 'Kinh doanh'")
    try:
        _change_group(edge, {**before, **wanted})
        yield
    finally:
        _change_group(edge, before)


def _change_group(edge: Edge, columns: dict[str, int]) -> None:
    edge.sql(
        "update external_group set ring_seconds = %(ring_seconds)s, min_talk_seconds = %(min_talk_seconds)s"
        " where name = 'Kinh doanh'",
        **columns,
    )

    def has_it(table: TableReader) -> bool:
        group = table.group_of("+842727777787")
        return group is not None and all(getattr(group, name) == value for name, value in columns.items())

    if not edge.table_says(has_it):
        raise TimeoutError("the routing table does not follow")
