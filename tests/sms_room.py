"""A database with the demo's tenant, a provider that is a real HTTP server, and senders."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg2

from deploy.demo.sms_sink import SmsSink
from deploy.wait import until
from sql import seed
from tests.database import fresh_database

_CALL: Final = """
    insert into call (id, node, instance, sip_call_id, arrived_at, outcome)
    values (%(id)s, 'test', 'test-0-0', 'x', %(at)s::timestamptz, 'missed')
"""
_NOTIFICATION: Final = """
    insert into notification (call_id, tenant_id, member_id, member_number, kind, state, caller_number, called_at)
    select %(id)s, t.id, member, '+8484444' || lpad(member::text, 4, '0'), %(kind)s, 'queued', '+84909789846',
        %(at)s::timestamptz
    from generate_series(1, %(members)s) as member, tenant t where t.name = 'vContact'
"""


class SmsRoom:
    """What a test of the sender has."""

    def __init__(self, directory: Path, url: str, sink: SmsSink) -> None:
        self.directory, self.url, self.sink = directory, url, sink
        self.conn = psycopg2.connect(url)
        seed.load(
            self.conn,
            "vcontact",
            trunk_address="127.0.0.10",
            gateway_host="127.0.0.20",
            gateway_port=5060,
            sms_url=sink.url,
        )
        self._calls = 0

    def queue(self, members: int = 1, *, kind: str = "missed", at: str = "now") -> None:
        """Queue notifications of one call to `members` members."""
        self._calls += 1
        values = {"id": f"c{self._calls}", "kind": kind, "at": at, "members": members}
        with self.conn, self.conn.cursor() as cur:
            cur.execute(_CALL, values)
            cur.execute(_NOTIFICATION, values)

    def sql(self, statement: str, **values: object) -> None:
        """Change something, and commit."""
        with self.conn, self.conn.cursor() as cur:
            cur.execute(statement, values or None)

    def rows(self, query: str) -> list[Any]:
        """The rows of a query, read in a transaction of their own."""
        with self.conn, self.conn.cursor() as cur:
            cur.execute(query)
            return cur.fetchall()

    def states(self) -> dict[str, int]:
        """How many notifications are in which state."""
        return dict(self.rows("select state, count(*) from notification group by state"))

    def until_states(self, within: float = 20.0, **states: int) -> None:
        """Wait until the notifications are in these states."""
        assert until(lambda: self.states() == states, within), (self.states(), self.log())

    def until_posts(self, count: int) -> None:
        """Wait until the provider was asked this often."""
        assert until(lambda: len(self.sink.posts()) >= count, 20.0), (self.sink.posts(), self.log())

    def lease_over(self) -> None:
        """As if the time of every claim had passed."""
        self.sql("update notification set lease_until = now() - interval '1 second' where state = 'sending'")

    def received(self) -> list[str]:
        """The ids of the notifications that the provider took, once for each time."""
        return sorted((str(message["id"]) for message in self.sink.messages()), key=int)

    @contextmanager
    def sender(self, *command: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a sender, or `command` after python -m, until the end of the block."""
        base = {**os.environ, "DATABASE_URL": self.url, "SMS_POLL_SECONDS": "0.1", "SMS_LEASE_SECONDS": "30"}
        with (self.directory / "sender.log").open("ab") as log:
            arguments = [sys.executable, "-m", *(command or ("sms.sender",))]
            process = subprocess.Popen(arguments, env={**base, **env}, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(10)

    def log(self) -> str:
        """What the senders have logged."""
        return (self.directory / "sender.log").read_text()


@contextmanager
def sms_room(directory: Path) -> Iterator[SmsRoom]:
    """Give the test a room; nothing of it stays."""
    with fresh_database() as url, SmsSink() as sink:
        room = SmsRoom(directory, url, sink)
        try:
            yield room
        finally:
            room.conn.close()
