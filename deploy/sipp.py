"""SIPp as customer and as carrier: one process per party and call."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

SCENARIOS: Final = Path(__file__).parent / "demo" / "sipp"
CALLER: Final = "0909789846"


class Party:
    """A SIPp process that plays one scenario; ends with the block it is used in."""

    def __init__(
        self,
        scenario: str,
        local: tuple[str, int],
        log: Path,
        *,
        calls: int = 1,
        remote: tuple[str, int] | None = None,
        hotline: str = "",
        seconds: int = 20,
        keys: Mapping[str, str] | None = None,
        call_id: str | None = None,
    ) -> None:
        """Prepare `calls` calls (legs, for a gateway) of a scenario; without `remote` it waits to be called."""
        self._name, self._log = scenario, log / f"sipp_{scenario}.log"
        self._errors = log / f"sipp_{scenario}_errors.log"
        self._command = ["setpriv", "--pdeathsig", "TERM", "--", "sipp", "-sf", str(SCENARIOS / f"{scenario}.xml")]
        self._command += ["-i", local[0], "-p", str(local[1]), "-m", str(calls), "-timeout", f"{seconds}s"]
        self._command += ["-timeout_error", "-nostdin", "-trace_err", "-error_file", str(self._errors)]
        if call_id is not None:
            self._command += ["-cid_str", call_id]
        for name, value in (keys or {}).items():
            self._command += ["-key", name, value]
        if remote is not None:
            self._command += ["-s", hotline, f"{remote[0]}:{remote[1]}"]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def finish(self) -> str:
        """Wait until the scenario is played; return what the party missed, in SIPp's words, or ""."""
        if self._process is None or self._process.wait() == 0:
            return ""
        words = self._errors.read_text(errors="replace")[:600].strip() if self._errors.exists() else f"see {self._log}"
        return f"SIPp as {self._name} did not see what it expected: {words}"
