"""Chance decides: answers, lost senders, late records, time that passes. At most once holds, whatever comes."""

import random
from collections import Counter
from typing import Final

import psycopg2
import pytest
from psycopg2.extensions import connection

from sms import gate, store
from sms.providers import Accepted, Refused, Unknown
from sms.providers.kinds import Result
from sms.store import Claimed
from tests.sms_room import SmsRoom

MEMBERS: Final = 60
STEPS: Final = 350
ANSWERS: Final[tuple[Result, ...]] = (
    Accepted(200, "", "m"),
    Accepted(200, "", "m"),
    Refused("503", final=False, cause="down"),
    Refused("no connection", final=False, cause="down"),
    Refused("429", final=False, wait_seconds=30, cause="busy"),
    Refused("103", final=False, cause="balance"),
    Refused("-118", final=True, cause="elsewhere"),
    Refused("304", final=True, cause="suppressed"),
    Refused("bad number", final=True),
    Refused("not now", final=False),
    Unknown("silence", down=True),
    Unknown("200 without a code"),
)
PASSES: Final = (  # what time does
    "update notification set next_attempt_at = now() where state = 'queued'",
    "update notification set lease_until = now() - interval '1 second' where state = 'sending'",
    "update sms_provider_state set probe_at = now() where state = 'open'",
    "update sms_provider_state set probe_until = now() where state = 'probing'",
    "update sms_provider_state set paused_until = null",
)


@pytest.fixture
def room(room: SmsRoom) -> SmsRoom:
    room.sql("update sms_provider set breaker_failures = 3, failover_tries = 2")
    room.sql("insert into sms_provider (name, url, breaker_failures) values ('second', 'http://127.0.0.1:9/', 3)")
    room.sql("update tenant set sms_fallback_provider_id = (select id from sms_provider where name = 'second')")
    return room


class Walk:
    """Two senders whose requests are under way until chance answers them, or their sender is lost."""

    def __init__(self, room: SmsRoom, seed: str) -> None:
        self.room, self.dice = room, random.Random(seed)
        self.senders: list[connection] = [psycopg2.connect(room.url) for _ in range(2)]
        self.under_way: list[Claimed] = []

    def step(self) -> None:
        """Something happens."""
        conn, chance = self.dice.choice(self.senders), self.dice.random()
        if chance < 0.45:
            before = dict(self.room.rows("select provider_id, state from sms_provider_state"))
            store.hold_abandoned(conn)
            claimed = store.claim(conn, 4, 30)
            of = Counter(one.provider.id for one in claimed if one.provider)
            assert all(of[provider] <= (4 if state == "closed" else 1) for provider, state in before.items()), (
                before,
                of,
            )
            self.under_way += claimed
            gate.leave_open(conn)
        elif chance < 0.9 and self.under_way:
            claimed_one = self.under_way.pop(self.dice.randrange(len(self.under_way)))
            result = self.dice.choice(ANSWERS)
            store.record(conn, claimed_one, result, self.dice.random())
        else:
            self.room.sql(self.dice.choice(PASSES))
            if self.dice.random() < 0.3 and self.under_way:
                self.under_way.pop()  # its sender is lost; if it is not taken back, it is late

    def end(self) -> None:
        """Close the connections."""
        for conn in self.senders:
            conn.close()


@pytest.mark.parametrize(("on_unknown", "seed"), [("hold", "one"), ("hold", "two"), ("retry", "three")])
def test_whatever_happens_the_rules_hold(room: SmsRoom, on_unknown: str, seed: str) -> None:
    room.sql("update sms_provider set on_unknown = %(mode)s", mode=on_unknown)
    room.queue(members=MEMBERS)
    walk = Walk(room, seed)
    for _ in range(STEPS):
        walk.step()
    walk.end()
    attempts = room.rows(
        "select notification_id, provider_id, coalesce(fate, 'unknown') from notification_attempt order by id"
    )
    maybe = Counter(notification for notification, _, fate in attempts if fate in {"accepted", "unknown"})
    final = [number for (number,) in room.rows("select id from notification where state = 'suppressed'")]
    assert attempts
    assert len({provider for _, provider, _ in attempts}) == 2  # both were asked
    assert final  # and not only taken or failed
    if on_unknown == "hold":
        assert max(maybe.values()) == 1  # taken once at most, and nobody asked after that
    for notification in {one for one, _, _ in attempts}:
        asked = [provider for one, provider, _ in attempts if one == notification]
        assert asked == sorted(asked)  # never back from the second to the first
