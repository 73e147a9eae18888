"""A call that its group's fallback rings for: what the caller hears meanwhile is that group's (kemi/decisions/0057)."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from deploy.wait import until
from kemi.domain.model import Group
from tests.edge import HOTLINE, Edge
from tests.integration.media.sounds import TUNE, load
from tests.integration.media.test_fallback_media import NIGHT, rules
from tests.listening import Samples, a_law, likeness, share, sweep
from tests.media_room import has, hear_each_other, offer
from tests.rtpengine import Sessions
from tests.sip import Call, Customer, Member
from tests.telephone import Telephone

PATIENT = 20.0
OF_NIGHT = sweep(1.0, low=2400, high=300)  # it falls, the other rises


def lets_hear(edge: Edge, first: str | None, then: str | None) -> None:
    """Say what callers hear while the first group rings, and while the fallback does; wait until the workers know."""
    change = "update external_group set ring_seconds = 60, waiting_sound_id = %(sound)s::bigint where name = %(name)s"
    for name, sound in (("Kinh doanh", first), ("Truc dem", then)):
        edge.sql(change, name=name, sound=None if sound is None else int(sound.partition("-")[0]))

    def holds(group: Group | None) -> bool:
        after = None if group is None or group.fallback_group is None else edge.table.group(group.fallback_group)
        return group is not None and (group.waiting_sound, getattr(after, "waiting_sound", None)) == (first, then)

    assert edge.table_says(lambda table: holds(table.group_of("+842727777787")))


@pytest.fixture(scope="module")
def of_night(edge: Edge, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A waiting sound of the fallback's, as the edge's files name it."""
    return load(edge, tmp_path_factory.mktemp("of_night"), "of_night", sweep(1.0, 16_000, low=2400, high=300))


@pytest.fixture(autouse=True)
def as_before(edge: Edge) -> Iterator[None]:
    """No longer than a test."""
    yield
    rules(edge)
    lets_hear(edge, None, None)
    rules(edge, falls=False)


def hears(telephone: Telephone, sound: Samples) -> bool:
    """Wait until the last tenth of a second that came is like this sound."""
    return until(lambda: likeness(a_law(telephone.voice()[-800:]), sound) > 0.9, PATIENT)


@pytest.fixture
def firsts(edge: Edge, bob: Member, carol: Member, dave: Member, office: Member) -> list[Member]:
    """The members of the group that the call is for; it falls back to another."""
    rules(edge)
    return [bob, carol, dave, office]


def falls_back(
    customer: Customer, firsts: list[Member], customers: Telephone, members: Telephone
) -> tuple[Call, Member]:  # fmt: skip
    """A call whose caller has heard the first group's sound, and that all of it have refused; and who rings next."""
    carrier = firsts[0].carrier
    has(carrier, members)
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    firsts[0].rings()
    assert hears(customers, TUNE)
    for member in firsts:
        member.refuses()
    return call, carrier.member(NIGHT)


@pytest.mark.parametrize("rings", [True, False], ids=["the first group rang", "nobody of the first group rang"])
@pytest.mark.parametrize("sounds", [True, False], ids=["and has a sound", "and has none"])
def test_the_fallbacks_sound_is_heard_when_it_rings(
    edge: Edge, customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, customers: Telephone,
    members: Telephone, sessions: Sessions, tune: str, of_night: str, rings: bool, sounds: bool,
) -> None:  # fmt: skip
    """What the first group lets him hear, goes on until then."""
    rules(edge)
    lets_hear(edge, tune if sounds else None, of_night)
    night = bob.carrier.member(NIGHT)
    has(bob.carrier, members)
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who), extra_headers=[("P-Early-Media", "supported")])
    if rings:
        bob.rings()
        assert call.heard(183 if sounds else 180)
        assert not sounds or hears(customers, TUNE)
    for member in (bob, carol, dave, office):
        member.refuses()
    assert night.was_invited
    assert not (rings and sounds) or hears(customers, TUNE)
    night.rings()
    assert hears(customers, OF_NIGHT)
    assert [one.get("p-early-media") for one in call.replies if one.status == 183] == ["sendonly"]
    night.answers(offer(members, "night"))
    assert call.is_answered
    assert call.saw.count(183) == 1
    hear_each_other(call, night, customers, members)
    assert call.hangs_up() == 200
    assert sessions.become(0)


def test_a_fallback_without_a_sound_is_heard_to_ring(
    edge: Edge, customer: Customer, firsts: list[Member], customers: Telephone, members: Telephone, sessions: Sessions,
    tune: str,
) -> None:  # fmt: skip
    """After the first group's sound: by a ringing tone of ours, for his telephone makes none after a 183."""
    lets_hear(edge, tune, None)
    call, night = falls_back(customer, firsts, customers, members)
    night.rings()
    assert until(lambda: share(a_law(customers.voice()[-1600:]), 425.0) > 0.9, PATIENT)
    night.answers(offer(members, "night"))
    assert call.is_answered
    hear_each_other(call, night, customers, members)
    assert call.hangs_up() == 200
    assert sessions.become(0)


def test_the_same_sound_goes_on(
    edge: Edge, customer: Customer, firsts: list[Member], customers: Telephone, members: Telephone, sessions: Sessions,
    tune: str,
) -> None:  # fmt: skip
    """It does not begin anew: one stream of packets."""
    lets_hear(edge, tune, tune)
    call, night = falls_back(customer, firsts, customers, members)
    night.rings()
    assert hears(customers, TUNE)
    numbers = [one.number for one in customers.heard]
    assert all(then == (before + 1) % 65_536 for before, then in pairwise(numbers))
    night.answers(offer(members, "night"))
    assert call.is_answered
    assert call.hangs_up() == 200
    assert sessions.become(0)


def test_a_network_that_asks_is_told_of_a_fallbacks_announcement(
    edge: Edge, customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, customers: Telephone,
    sessions: Sessions, tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    """RFC 5009: else it lets nothing of it through."""
    words = load(edge, tmp_path_factory.mktemp("asked"), "asked", sweep(1.5, 16_000, high=1200))
    rules(edge, sound=words)
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who), extra_headers=[("P-Early-Media", "supported")])
    for member in (bob, carol, dave, office):
        member.refuses()
    assert call.heard(183)
    assert call.replies[-1].get("p-early-media") == "sendonly"
    assert call.cancels() == 200
    assert sessions.become(0)
