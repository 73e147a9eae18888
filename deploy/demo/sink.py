"""The SMS provider of the demo: `deploy.demo.sms_sink` in a process of its own, and what it received."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.wait import until
from kemi.errors import EdgeError


class SinkError(EdgeError):
    """The SMS sink does not start."""


class Sink:
    """A running sink; `port` is where it takes POSTs."""

    def __init__(self, directory: Path, port: int) -> None:
        self.port = port
        self._received = directory / "sms_received.jsonl"
        self._log = directory / "sms_sink.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL that `sms_provider` posts to."""
        return f"http://127.0.0.1:{self.port}/send"

    def __enter__(self) -> Self:
        command = ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "deploy.demo.sms_sink"]
        command += ["--port", str(self.port), "--log", str(self._received)]
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        if not until(self._listens, 10.0):
            self._process.kill()
            self._process.wait()
            raise SinkError(f"the SMS sink does not start: {self._log.read_text().strip()[-300:]}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def received(self, after: int = 0) -> list[dict[str, Any]]:
        """Return what was posted, as it was received, without the first `after`."""
        lines = self._received.read_text().splitlines() if self._received.exists() else []
        return [json.loads(line) for line in lines][after:]

    def _listens(self) -> bool:
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0
