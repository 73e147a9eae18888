"""Full numbers are kept as long as the tenant says and no longer; what is not over stays."""

from collections.abc import Iterator

import pytest

from tests.ledger_room import LedgerRoom
from tests.retention_room import NUMBERED, age, counts, everything, purge, retention_room, sent, sql, told
from tests.told import ANSWERED_0, BYE, GAVE_UP, RANG_0, RECEIVED, REFUSED, changed


@pytest.fixture
def room() -> Iterator[LedgerRoom]:
    with retention_room() as room:
        yield room


def test_after_its_days_nothing_of_a_call_is_left_but_statistics(room: LedgerRoom) -> None:
    told(room, "c1", changed(sip_call_id="0909789846@x"), RANG_0, ANSWERED_0, BYE)
    sent(room)
    age(room, 31)
    purge(room)
    assert counts(room) == {**dict.fromkeys(NUMBERED, 0), "call": 1}
    for digits in ("909789846", "84444190", "84444191", "2838123456"):
        assert digits not in everything(room)
    assert room.rows(
        "select tenant_id, hotline_number, outcome, answered_leg, ended_by, purged_at is not null from call"
    ) == [(2, "+842727777787", "answered", 0, "member", True)]


def test_before_its_days_nothing_of_a_call_is_touched(room: LedgerRoom) -> None:
    told(room, "c1", RECEIVED, RANG_0, ANSWERED_0, BYE)
    before = everything(room)
    purge(room)
    age(room, 0)
    assert everything(room) == before


def test_sms_go_before_their_call_where_the_tenant_wants_that(room: LedgerRoom) -> None:
    told(room, "c1", RECEIVED, GAVE_UP)
    sent(room)
    age(room, 11)
    purge(room)
    assert counts(room) == {"call": 1, "call_leg": 4, "call_event": 2, "notification": 0, "notification_attempt": 0} | {
        "sms_receipt": 0, "dead_letter": 0,
    }  # fmt: skip
    assert room.rows("select caller_number from call") == [("+84909789846",)]


def test_sms_may_be_kept_longer_than_their_call(room: LedgerRoom) -> None:
    told(room, "c1", changed(tenant_id=3), GAVE_UP)
    sent(room)
    age(room, 301)
    purge(room)
    assert room.rows("select caller_number from call") == [(None,)]
    assert room.rows("select count(*), min(caller_number) from notification") == [(3, "+84909789846")]
    age(room, 100)
    purge(room)
    assert counts(room)["notification"] == 0


def test_each_tenant_has_its_own_days(room: LedgerRoom) -> None:
    told(room, "c1", RECEIVED, GAVE_UP)
    told(room, "c2", changed(tenant_id=3), GAVE_UP)
    sent(room)
    age(room, 100)
    purge(room)
    assert room.rows("select id from call where purged_at is not null") == [("c1",)]
    assert {call for (call,) in room.rows("select call_id from notification")} == {"c2"}


@pytest.mark.parametrize("owner", [None, 77])
def test_what_belongs_to_no_tenant_or_to_a_deleted_one_has_the_edges_own_days(
    room: LedgerRoom, owner: int | None
) -> None:
    told(room, "c1", REFUSED)
    sql(room, "update call set tenant_id = %(owner)s, caller_number = '+84909789846'", owner=owner)
    age(room, 99)
    purge(room, unowned_days=100)
    assert room.rows("select purged_at from call") == [(None,)]
    age(room, 2)
    purge(room, unowned_days=100)
    assert room.rows("select caller_number, dialled, purged_at is not null from call") == [(None, None, True)]


def test_a_call_that_is_not_over_is_never_purged(room: LedgerRoom) -> None:
    told(room, "ringing", RECEIVED)
    told(room, "talking", RECEIVED, ANSWERED_0)
    told(room, "forgotten", RECEIVED, ANSWERED_0)
    sql(room, "update tenant set keep_calls_days = 1")
    age(room, 3650, "ringing")
    age(room, 7.5, "talking")
    age(room, 8.5, "forgotten")  # its BYE is lost: no call is that long
    purge(room)
    assert room.rows("select id from call where purged_at is not null") == [("forgotten",)]
    assert room.rows("select count(*) from call_event where call_id in ('ringing', 'talking')") == [(3,)]


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_a_notification_that_is_under_way_is_never_purged(room: LedgerRoom, state: str) -> None:
    """Nor when its call is."""
    told(room, "c1", RECEIVED, GAVE_UP)
    sql(room, "update notification set state = 'sending' where state = 'queued'")
    sql(room, "update notification set state = 'queued' where %(state)s = 'queued' and state = 'sending'", state=state)
    age(room, 3000)
    purge(room)
    assert room.rows("select distinct state, caller_number from notification") == [(state, "+84909789846")]


@pytest.mark.parametrize("state", ["accepted", "failed", "expired", "unknown", "suppressed"])
def test_a_notification_that_is_over_is_purged(room: LedgerRoom, state: str) -> None:
    """Also one whose fate nobody will know any more."""
    told(room, "c1", RECEIVED, GAVE_UP)
    sql(room, "update notification set state = 'sending' where state = 'queued'")
    sql(room, "update notification set state = %(state)s where state = 'sending'", state=state)
    age(room, 3000)
    purge(room)
    assert room.rows("select state from notification") == []
