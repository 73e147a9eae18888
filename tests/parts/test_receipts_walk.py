"""Senders and receipts all at once, in threads: chance decides what the provider does, and who is lost.

The provider's own truth is known here: which requests it took, and which SMS arrived. The ledger must come to say it.
"""

import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import psycopg2
import pytest

from sms import gate, store
from sms.providers import Accepted, Refused, Unknown
from sms.receipts import Status, hand_in
from sms.store import Claimed
from tests.sms_room import SmsRoom

MEMBERS: Final = 30
STEPS: Final = 40  # of each thread
TIME_PASSES: Final = """
    update notification set next_attempt_at = now() where state = 'queued';
    update notification set lease_until = now() - interval '1 second' where state = 'sending';
    update sms_provider_state set probe_at = now() where state = 'open'
"""


class Request(NamedTuple):
    """What the provider knows of a request."""

    notification: int
    attempt: int
    taken: bool
    arrived: bool


class Report(NamedTuple):
    """A receipt on its way; `by_ours`: it brings back our name of the request, and not the provider's alone."""

    provider: int
    message_id: str
    request_id: str | None
    status: Status


class World:
    """The providers, and the reports on their way."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.lock = threading.Lock()
        self.requests: list[Request] = []
        self.reports: list[Report] = []

    def asked(self, claimed: Claimed) -> Accepted | Refused | Unknown | None:
        """Decide what becomes of a request; None: its sender is lost before it can say."""
        assert claimed.provider is not None
        with self.lock:
            taken, arrived, answer = self.dice.random() < 0.8, self.dice.random() < 0.6, self.dice.random()
            self.requests.append(Request(claimed.id, claimed.attempt_id, taken, taken and arrived))
            name = f"m{claimed.attempt_id}"
            if taken:
                ours = claimed.message.request_id if answer >= 0.6 or self.dice.random() < 0.5 else None
                last: Status = "delivered" if arrived else "failed"
                for status in ("accepted", last, *([last] if self.dice.random() < 0.3 else [])):
                    self.reports.append(Report(claimed.provider.id, name, ours, status))
            if answer < 0.6:
                return Accepted(200, "ok", name) if taken else Refused("503", final=False)
            return Unknown("silence") if answer < 0.85 else None

    def report(self) -> Report | None:
        """Take any report that is on its way."""
        with self.lock:
            return self.reports.pop(self.dice.randrange(len(self.reports))) if self.reports else None


def sends(url: str, world: World, steps: int) -> None:
    """A sender: claims, asks, records, one by one or together."""
    conn = psycopg2.connect(url)
    for turn in range(steps):
        store.hold_abandoned(conn)
        answered = [(one, world.asked(one)) for one in store.claim(conn, 3, 30)]
        together = [(one, answer) for one, answer in answered if turn % 2 and isinstance(answer, Accepted)]
        store.record_accepted(conn, together) if together else None
        for one, answer in answered:
            if answer is not None and (one, answer) not in together:
                store.record(conn, one, answer, 0.5)
        gate.leave_open(conn)
        if turn % 5 == 0:
            with conn, conn.cursor() as cur:
                cur.execute(TIME_PASSES)
    conn.close()


def reports(url: str, world: World, steps: int) -> None:
    """Whoever receives the reports."""
    conn = psycopg2.connect(url)
    for _ in range(steps):
        report = world.report()
        if report is not None:
            with conn:
                hand_in(
                    conn, report.provider, report.message_id, report.status, "{}",
                    request_id=report.request_id, reason="lost",
                )  # fmt: skip
    conn.close()


@pytest.fixture
def room(room: SmsRoom) -> SmsRoom:
    room.sql("update sms_provider set breaker_failures = 1000")
    room.sql("insert into sms_provider (name, url, breaker_failures) values ('second', 'http://127.0.0.1:9/', 1000)")
    room.sql("update tenant set sms_fallback_provider_id = (select id from sms_provider where name = 'second')")
    return room


@pytest.mark.parametrize(("on_unknown", "seed"), [("hold", 1), ("hold", 2), ("retry", 3)])
def test_the_ledger_comes_to_say_what_is_true(room: SmsRoom, on_unknown: str, seed: int) -> None:
    """No deadlock, nothing that arrived is called anything else, and with hold nobody is asked twice for one SMS."""
    room.sql("update sms_provider set on_unknown = %(mode)s", mode=on_unknown)
    room.queue(members=MEMBERS)
    world = World(seed)
    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(each, room.url, world, STEPS) for each in (sends, reports, sends, reports)]
        for one in work:
            one.result(100)
    while world.reports or room.rows("select 1 from notification where state in ('queued', 'sending')"):
        room.sql(TIME_PASSES)
        sends(room.url, world, 1)
        reports(room.url, world, len(world.reports))
    of = defaultdict(list)
    for request in world.requests:
        of[request.notification].append(request)
    states = dict(room.rows("select id, state from notification"))
    assert of.keys() == states.keys()
    for notification, requests in of.items():
        state, last = states[notification], max(requests, key=lambda one: one.attempt)
        if any(one.arrived for one in requests):
            assert state == "delivered", requests
        elif last.taken:
            assert state == "failed", (state, requests)
        else:
            assert state == "unknown", (state, requests)
        if on_unknown == "hold":
            assert sum(one.arrived for one in requests) <= 1, requests
    assert "delivered" in states.values()
    assert room.rows("select count(*) from sms_receipt where effect = 'waiting'") == [(0,)]
