"""Where a call goes when nobody of its group answers: another group, a number, or a final code."""

from collections.abc import Callable, Iterator

import pytest

from kemi.domain.model import Group
from tests.edge import BOB, CALLER, CAROL, DAVE, HOTLINE, OFFICE, RING_SECONDS, Edge, Ledger, Texts
from tests.sip import Customer, Member

RECEIVED = f"(vContact) Ban vua nhan cuoc goi tu so {CALLER}."
NIGHT = "0912345678"  # of the group that the first one falls back to
Fallback = Callable[..., None]
_SECOND_GROUP = """
insert into external_group (tenant_id, name, outbound_hotline_id, ring_seconds, notify_members)
select tenant_id, 'Truc dem', outbound_hotline_id, 3, true from external_group where name = 'Kinh doanh'
on conflict do nothing;
insert into group_member (group_id, number, name)
select id, %(night)s, 'Dem' from external_group where name = 'Truc dem' on conflict do nothing;
"""


@pytest.fixture
def falls_back(edge: Edge) -> Iterator[Fallback]:
    """Set what the group falls back to; afterwards nothing."""

    def put(expression: str, of: Callable[[Group], object], ring: int = 3) -> None:
        columns = "fallback_group_id = null, fallback_number = null, fallback_code = null"
        edge.sql(f"update external_group set {columns}, ring_seconds = {ring} where name = 'Kinh doanh'")  # noqa: S608
        edge.sql(f"update external_group set {expression} where name = 'Kinh doanh'")  # noqa: S608

        def holds(found: Group | None) -> bool:
            return found is not None and found.ring_seconds == ring and bool(of(found))

        assert edge.table_says(lambda table: holds(table.group_of("+842727777787")))

    edge.sql(_SECOND_GROUP, night=NIGHT)
    yield put
    put("fallback_code = null", lambda group: group.fallback_code is None, RING_SECONDS)


def refuse_all(*members: Member) -> None:
    for member in members:
        member.refuses(486)


def test_another_group(
    customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, falls_back: Fallback, ledger: Ledger,
    sms: Texts,
) -> None:  # fmt: skip
    """Its members ring in the same call, masked as the others; who answers there has it."""
    other = "(select id from external_group where name = 'Truc dem')"
    falls_back(f"fallback_group_id = {other}", lambda group: group.fallback_group)
    call = customer.calls(HOTLINE)
    refuse_all(bob, carol, dave, office)
    night = bob.carrier.member(NIGHT)
    night.rings().answers()
    assert call.is_answered
    assert call.hangs_up() == 200
    assert night.was_hung_up
    ledger.call(call.call_id, "answered", ended=True)
    busy = [(number, 0, "busy") for number in (BOB, CAROL, DAVE, OFFICE)]
    assert ledger.attempts(call.call_id) == [*busy, (NIGHT, 0, "answered")]
    assert sms.of(call.call_id) == {NIGHT: RECEIVED}


def test_a_number_after_the_ring_time(
    customer: Customer, bob: Member, falls_back: Fallback, ledger: Ledger, sms: Texts
) -> None:
    """Nobody answers in three seconds; then the number rings, and does not answer either: all are told, it is not."""
    falls_back(f"fallback_number = e164('{NIGHT}')", lambda group: group.fallback_number)
    call = customer.calls(HOTLINE)
    bob.rings()
    night = bob.carrier.member(NIGHT)
    night.rings()
    assert bob.was_cancelled
    night.refuses(486)
    assert call.final() == 480
    ledger.call(call.call_id, "missed")
    assert ledger.attempts(call.call_id)[-1] == (NIGHT, 0, "busy")
    assert set(sms.of(call.call_id)) == {BOB, CAROL, DAVE}


def test_a_code(
    customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, falls_back: Fallback, ledger: Ledger
) -> None:
    """The caller gets it, whatever the members said."""
    falls_back("fallback_code = 404", lambda group: group.fallback_code)
    call = customer.calls(HOTLINE)
    refuse_all(bob, carol, dave, office)
    assert call.final() == 404
    row = ledger.call(call.call_id, "missed")
    assert (row["reason"], row["final_code"]) == ("all_refused", 404)


def test_the_caller_gives_up_while_the_fallback_rings(
    customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, falls_back: Fallback, ledger: Ledger,
    sms: Texts,
) -> None:  # fmt: skip
    """Whoever was called is told: the group's, and the fallback's."""
    other = "(select id from external_group where name = 'Truc dem')"
    falls_back(f"fallback_group_id = {other}", lambda group: group.fallback_group)
    call = customer.calls(HOTLINE)
    refuse_all(bob, carol, dave, office)
    night = bob.carrier.member(NIGHT)
    night.rings()
    assert call.is_ringing
    assert call.cancels() == 200
    assert call.final() == 487
    assert night.was_cancelled
    ledger.call(call.call_id, "missed")
    assert set(sms.of(call.call_id)) == {BOB, CAROL, DAVE, NIGHT}
