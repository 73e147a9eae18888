"""The receipts endpoint as a process of its own, with a database whose notification was accepted by a provider."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import requests

from deploy.hosts import takes_connections
from deploy.wait import until
from sms.providers import Accepted
from tests.receipts_room import ReceiptsRoom
from tests.sms_apis import SECRETS
from tests.sms_reporters import CREDENTIALS, GENERIC_ROW, Reported, Reporting


class Endpoint:
    """The endpoint, and who reports to it."""

    def __init__(self, url: str, directory: Path, port: int) -> None:
        self.room = ReceiptsRoom(url)
        self.listen = f"127.0.0.1:{port}"
        self.url = f"http://{self.listen}/sms"
        self._log = directory / "receipts.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **env: str) -> Self:
        """Start it, and wait until it listens."""
        base = {"RECEIPTS_LISTEN": self.listen, "RECEIPTS_URL": self.url, "DATABASE_URL": self.room.url, **SECRETS}
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "sms.receipts.server"]
            self._process = subprocess.Popen(command, env={**os.environ, **base, **env}, stderr=log)
        assert until(lambda: takes_connections(self.listen), 30), self.log()
        return self

    def stop(self) -> int:
        """End it as the supervisor does; its exit status."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(30)
        finally:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """End it as the kernel does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def log(self) -> str:
        return self._log.read_text()

    def becomes(self, reporting: Reporting) -> None:
        """Let the room's provider be this one, the notification accepted by it, and no receipt there."""
        self.room.ask("delete from sms_receipt; delete from notification; delete from sms_receipt_rule")
        self.room.ask(
            "update sms_provider set driver = %s, credentials = %s, receipt_signature_header = null,"
            " receipt_signature_key = null, receipt_sources = '{}'",
            reporting.name,
            CREDENTIALS[reporting.name],
        )
        if reporting.name == "http":
            self.room.ask(GENERIC_ROW)
        self.room.queue()
        self.room.sends(Accepted(200, "ok", reporting.message_id))

    @property
    def address(self) -> str:
        """Where the provider is to report."""
        [(token,)] = self.room.ask("select receipt_token from sms_provider")
        return f"{self.url}/receipts/{token}"

    def told(self, reporting: Reporting, status: str, message_id: str = "") -> requests.Response:
        """Have the provider report."""
        return send(reporting.report(Reported(self.address, message_id or reporting.message_id, status)))

    def receipts(self) -> list[tuple[Any, ...]]:
        return self.room.ask("select status, reason, effect from sms_receipt order by id")


def send(request: requests.Request) -> requests.Response:
    """Make the request as it is."""
    with requests.Session() as session:
        session.trust_env = False
        return session.send(session.prepare_request(request), timeout=60)


@contextmanager
def endpoint_on(url: str, directory: Path, port: int, **env: str) -> Iterator[Endpoint]:
    """Give the test a running endpoint; nothing of it stays."""
    endpoint = Endpoint(url, directory, port)
    endpoint.start(**env)
    try:
        yield endpoint
    finally:
        endpoint.stop()
        endpoint.room.conn.close()
