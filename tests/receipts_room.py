"""A database with one queued notification, its sender, and receipts that are handed in."""

from typing import Any, Final

import psycopg2

from sms import store
from sms.providers import Accepted, Result
from sms.receipts import Status, Taken, hand_in
from sms.store import Claimed
from tests.database import load_vcontact

ACCEPTED: Final = Accepted(200, "ok", "m-1")


class ReceiptsRoom:
    """A queued notification, and who works on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.conn = psycopg2.connect(url)
        load_vcontact(self.conn)
        [(self.provider,)] = self.ask("select sms_provider_id from tenant where name = 'vContact'")
        self.ask(
            "insert into call (id, node, instance, sip_call_id, arrived_at, outcome)"
            " values ('c', 'n', 'i', 's', now(), 'missed')"
        )
        self.queue()

    def queue(self) -> None:
        """Queue the notification, the only one there is."""
        self.ask(
            "insert into notification (call_id, tenant_id, member_id, member_number, kind, state, called_at)"
            " select 'c', id, 1, '+84844441909', 'missed', 'queued', now() from tenant where name = 'vContact'"
        )

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self.conn, self.conn.cursor() as cur:
            cur.execute(statement, values or None)
            return cur.fetchall() if cur.description else []

    def claims(self) -> Claimed:
        self.ask("update notification set next_attempt_at = now() where state = 'queued'")
        (claimed,) = store.claim(self.conn, 1, 30)
        return claimed

    def sends(self, result: Result = ACCEPTED) -> Claimed:
        """A request, and what came of it."""
        claimed = self.claims()
        assert store.record(self.conn, claimed, result, 0).then
        return claimed

    def gets(self, status: Status, reference: str | None = "m-1", **more: str | None) -> Taken:
        """A receipt."""
        with self.conn:
            return hand_in(self.conn, self.provider, reference, status, '{"to": "+84844441909"}', **more)

    @property
    def state(self) -> str:
        [(state,)] = self.ask("select state from notification")
        return str(state)

    def effects(self) -> list[str]:
        return [effect for (effect,) in self.ask("select effect from sms_receipt order by id")]
