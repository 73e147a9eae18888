"""The notification table: one per call and member, legal moves only, and the senders are woken."""

from collections.abc import Iterator
from itertools import product
from typing import Final

import psycopg2
import pytest
from psycopg2.extensions import connection

from tests.database import ask, fresh_database

STATES: Final = (
    "queued", "sending", "accepted", "delivered", "failed", "expired", "unknown", "suppressed",
    "not_applicable", "withheld",
)  # fmt: skip
MOVES: Final = {
    ("queued", "sending"),
    ("queued", "expired"),
    ("sending", "accepted"),
    ("sending", "failed"),
    ("sending", "queued"),
    ("sending", "expired"),
    ("sending", "unknown"),
    ("sending", "suppressed"),
    ("unknown", "suppressed"),
    ("unknown", "accepted"),
    ("unknown", "failed"),
    ("unknown", "queued"),
    ("failed", "queued"),
    ("expired", "queued"),
    ("accepted", "delivered"),
    ("accepted", "failed"),
    ("accepted", "expired"),
    ("unknown", "delivered"),
    ("unknown", "expired"),
    ("queued", "accepted"),
    ("queued", "delivered"),
    ("failed", "delivered"),
    ("expired", "delivered"),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with fresh_database() as url:
        yield url


@pytest.mark.parametrize(("before", "after"), [pair for pair in product(STATES, STATES) if pair[0] != pair[1]])
def test_a_notification_makes_legal_moves_only(conn: connection, before: str, after: str) -> None:
    notification = insert_notification(conn, "queued")
    # how a notification comes to stand where the tested move begins
    paths = {"queued": [], "sending": ["sending"], "expired": ["expired"], "delivered": ["delivered"]}
    path = paths.get(before, ["sending", before])
    if before in {"not_applicable", "withheld"}:
        notification, path = insert_notification(conn, before, member="+84844441910"), []
    for state in path:
        ask(conn, "update notification set state = %s where id = %s", state, notification)
    move = "update notification set state = %s where id = %s"
    if (before, after) in MOVES:
        ask(conn, move, after, notification)
    else:
        with pytest.raises(psycopg2.errors.CheckViolation, match=f"cannot go from {before} to {after}"):
            ask(conn, move, after, notification)


def test_what_was_taken_is_queued_again_for_another_provider_only(conn: connection) -> None:
    """By a receipt that it failed. The same one would send it twice."""
    notification = insert_notification(conn, "queued")
    for state in ("sending", "accepted"):
        ask(conn, "update notification set state = %s where id = %s", state, notification)
    ask(conn, "savepoint taken")
    with pytest.raises(psycopg2.errors.CheckViolation, match="cannot go from accepted to queued"):
        ask(conn, "update notification set state = 'queued', next_attempt_at = now() where id = %s", notification)
    ask(conn, "rollback to taken")
    ask(conn, "update notification set state = 'queued', provider_id = 2 where id = %s", notification)


@pytest.mark.parametrize("state", ["sending", "accepted", "delivered", "failed", "expired", "unknown", "suppressed"])
def test_a_notification_does_not_begin_in_the_middle(conn: connection, state: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match="a notification begins as"):
        insert_notification(conn, state)


def test_a_notification_whose_other_columns_change_keeps_its_state(conn: connection) -> None:
    ask(conn, "update notification set attempts = 2 where id = %s", insert_notification(conn, "queued"))
    assert ask(conn, "select state, attempts from notification") == [("queued", 2)]


def test_a_queued_notification_wakes_the_senders(url: str) -> None:
    listener, writer = psycopg2.connect(url), psycopg2.connect(url)
    listener.autocommit = True
    ask(listener, "listen notification_queued")
    insert_notification(writer, "queued")
    writer.commit()
    ask(listener, "select 1")
    assert [notice.channel for notice in listener.notifies] == ["notification_queued"]
    ask(writer, "delete from notification; delete from call")
    writer.commit()
    listener.close()
    writer.close()


def test_a_member_is_told_of_a_call_once(conn: connection) -> None:
    insert_notification(conn, "queued")
    with pytest.raises(psycopg2.errors.UniqueViolation, match="notification_is_one_per_call_and_member"):
        insert_notification(conn, "withheld")


def test_a_withheld_number_cannot_be_stored(conn: connection) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match="withheld_number_never_holds_it"):
        ask(
            conn,
            "update notification set caller_number = '+84909789846' where id = %s",
            insert_notification(conn, "withheld"),
        )


def insert_notification(conn: connection, state: str, member: str = "+84844441909") -> int:
    ask(
        conn,
        "insert into call (id, node, instance, sip_call_id, arrived_at, outcome)"
        " values ('c1', 'n', 'i', 's', now(), 'missed') on conflict do nothing",
    )
    [(row_id,)] = ask(
        conn,
        "insert into notification (call_id, tenant_id, member_id, member_number, kind, state, called_at)"
        " values ('c1', 1, 1, %s, 'missed', %s, now()) returning id",
        member,
        state,
    )
    return int(row_id)
