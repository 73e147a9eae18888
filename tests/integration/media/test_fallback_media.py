"""A call that its group's fallback answers: what is recorded, and what the caller is told before, is that group's."""

from collections.abc import Iterator

import pytest

from deploy.wait import until
from kemi.domain.model import Group
from tests.edge import HOTLINE, Edge
from tests.integration.media.recordings import loudest, recorded
from tests.integration.media.sounds import load
from tests.listening import RATE, a_law, likeness, read, share, sweep
from tests.media_room import HIGH, LOW, has, hear_each_other, offer
from tests.rtpengine import Sessions
from tests.sip import Customer, Member
from tests.telephone import Telephone

NIGHT = "0912345678"
PATIENT = 20.0
WORDS = sweep(1.5, high=1200)
_RULES = """
insert into external_group (tenant_id, name, outbound_hotline_id, ring_seconds)
    select tenant_id, 'Truc dem', outbound_hotline_id, 20 from external_group where name = 'Kinh doanh'
    on conflict do nothing;
insert into group_member (group_id, number, name)
    select id, %(night)s, 'Dem' from external_group where name = 'Truc dem' on conflict do nothing;
update external_group set record = case when name = %(recorded)s then 'always' else 'never' end,
    announcement_id = case when name = 'Truc dem' then %(sound)s::bigint end,
    fallback_number = null,
    fallback_group_id = case when name = 'Kinh doanh' and %(falls)s then
        (select id from external_group where name = 'Truc dem') end
"""


def rules(edge: Edge, *, recorded: str = "", sound: str = "", falls: bool = True) -> None:
    """Say which group records, and what the fallback announces; wait until the workers know."""
    number = int(sound.partition("-")[0]) if sound else None
    edge.sql(_RULES, night=NIGHT, recorded=recorded, sound=number, falls=falls)

    def is_so(first: Group | None, second: Group | None) -> bool:
        records = first is not None and first.record_days is not None
        if first is None or records != (recorded == "Kinh doanh"):
            return False
        if second is None:
            return not falls
        night = second.record_days is not None
        return (night, second.announcement or "") == (recorded == "Truc dem", sound)

    def holds(first: Group | None) -> bool:
        then = None if first is None else first.fallback_group
        return is_so(first, None if then is None else edge.table.group(then))

    assert edge.table_says(lambda table: holds(table.group_of("+842727777787")))


@pytest.fixture(autouse=True)
def as_before(edge: Edge) -> Iterator[None]:
    """No longer than a test."""
    yield
    rules(edge, falls=False)


def test_the_fallback_records_and_the_first_group_does_not(
    edge: Edge, customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, customers: Telephone,
    members: Telephone, sessions: Sessions,
) -> None:  # fmt: skip
    del sessions
    rules(edge, recorded="Truc dem")
    night = bob.carrier.member(NIGHT)
    has(bob.carrier, members)
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    for member in (bob, carol, dave, office):
        member.refuses()
    night.answers(offer(members, "night"))
    assert call.is_answered
    hear_each_other(call, night, customers, members)
    assert call.hangs_up() == 200
    left, right = read(edge.stack.settings.var_dir / "recordings" / recorded(edge, call.call_id)["file"], channels=2)
    assert share(loudest(left), HIGH) > 0.9
    assert share(loudest(right), LOW) > 0.9


def test_the_first_group_records_and_the_fallback_does_not(
    edge: Edge, customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, customers: Telephone,
    members: Telephone, sessions: Sessions,
) -> None:  # fmt: skip
    """Its members are not recorded, and the ledger expects nothing."""
    del sessions
    rules(edge, recorded="Kinh doanh")
    night = bob.carrier.member(NIGHT)
    has(bob.carrier, members)
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    for member in (bob, carol, dave, office):
        member.refuses()
    night.answers(offer(members, "night"))
    assert call.is_answered
    hear_each_other(call, night, customers, members)
    assert call.hangs_up() == 200
    row = edge.ledger.call(call.call_id, "answered", ended=True)
    assert edge.ledger.rows("select 1 from recording where call_id = %(id)s", id=row["id"]) == []
    raw = edge.stack.settings.var_dir / "recordings" / "raw" / "pcaps"
    assert not list(raw.glob(f"{row['id']}*"))


def test_the_fallback_announces_before_its_members_ring(
    edge: Edge, customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, customers: Telephone,
    members: Telephone, sessions: Sessions, tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    """He hears all of it; then a ringing tone of ours; then the member."""
    del sessions
    words = load(edge, tmp_path_factory.mktemp("night"), "night", sweep(1.5, 16_000, high=1200))
    rules(edge, recorded="Truc dem", sound=words)
    night = bob.carrier.member(NIGHT)
    has(bob.carrier, members)
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    bob.rings()
    for member in (bob, carol, dave, office):
        member.refuses()
    assert night.was_invited
    assert len(customers.voice()) > 1.2 * RATE, "nobody rings before it is over"
    assert likeness(a_law(customers.voice()[:RATE])[3200:4000], WORDS) > 0.95
    night.rings()
    assert until(lambda: share(a_law(customers.voice()[-1600:]), 425.0) > 0.9, PATIENT)
    night.answers(offer(members, "night"))
    assert call.is_answered
    hear_each_other(call, night, customers, members)
    assert call.hangs_up() == 200
    assert recorded(edge, call.call_id)["file"]


def test_a_groups_own_number_rings_under_what_was_announced(
    edge: Edge, customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, customers: Telephone,
    members: Telephone, sessions: Sessions, tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    """The group is told of, nobody answers, its number rings at once: he is not told again, and it is recorded."""
    del sessions
    words = load(edge, tmp_path_factory.mktemp("own"), "own", sweep(1.5, 16_000, high=1200))
    own = "announcement_id = %(sound)s, record = 'always', fallback_number = e164(%(night)s)"
    edge.sql(f"update external_group set {own} where name = 'Kinh doanh'", night=NIGHT, sound=int(words.split("-")[0]))  # noqa: S608
    number = "+84" + NIGHT[1:]
    assert edge.table_says(lambda table: getattr(table.group_of("+842727777787"), "fallback_number", "") == number)
    night = bob.carrier.member(NIGHT)
    has(bob.carrier, members)
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    assert bob.was_invited
    told = len(customers.voice())
    for member in (bob, carol, dave, office):
        member.refuses()
    assert night.was_invited
    assert len(customers.voice()) < told + RATE, "it is not said again"
    night.answers(offer(members, "night"))
    assert call.is_answered
    hear_each_other(call, night, customers, members)
    assert call.hangs_up() == 200
    assert recorded(edge, call.call_id)["file"]
