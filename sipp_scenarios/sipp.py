"""One SIPp, as a role of a scenario."""

import subprocess
from pathlib import Path
from typing import Final

from deploy.hosts import is_taken
from deploy.wait import until
from sipp_scenarios.scenario import Scenario
from tests.edge import BOB, CAROL, DAVE, OFFICE
from tests.sip.message import Address

_SECONDS: Final = 60  # a scenario that takes longer has failed
_MEDIA_HOSTS: Final = {"caller": "127.0.0.11", "gateway": "127.0.0.21", "second_gateway": "127.0.0.23"}
OTHER: Final = "0912345678"  # who is no member of the seed's group; `{{other}}` in the XML


class Sipp:
    """One SIPp process."""

    def __init__(self, scenario: Scenario, role: str, folder: Path, me: Address, edge: Address, calls: int) -> None:
        self._me, self._tcp = me, role in scenario.given.tcp
        self._errors = folder / f"{role}.errors"
        file = folder / f"{role}.xml"
        file.write_text(scenario.xml(role, first=BOB, second=CAROL, third=DAVE, fourth=OFFICE, other=OTHER))
        keys = {"dialled": scenario.given.dialled, "customer": scenario.given.number}
        command = ["sipp", f"{edge[0]}:{edge[1]}", "-sf", str(file), "-i", me[0], "-p", str(me[1])]
        command += ["-mi", _MEDIA_HOSTS[role], "-m", str(calls), "-nostdin"]
        # No -cp: its control socket is of all addresses, and SIPp itself finds a port from 8888 on that is free on all.
        command += ["-watchdog_interval", "0"]  # a machine that has much to do is no reason to give up
        command += ["-timeout", str(_SECONDS), "-timeout_error", "-trace_err", "-error_file", str(self._errors)]
        if self._tcp:
            command += ["-t", "t1"]  # one connection for all calls
        if role == "caller":
            command += ["-l", "1"]  # one call after the other
        for key, value in keys.items():
            command += ["-key", key, value]
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def waits_for_calls(self) -> None:
        """Return when its port is taken. Raises `TimeoutError`."""
        if not until(lambda: is_taken(*self._me, tcp=self._tcp), 5.0):
            raise TimeoutError(f"SIPp does not listen: {self.ends()}")

    @property
    def goes_on(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

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
        return f"SIPp exit {self._process.returncode}: {errors.strip()[:900]}"
