"""Both sides hear each other through the edge, and learn nothing of each other's address."""

from collections.abc import Iterator

import pytest

from tests.edge import EDGE_HOST, HOTLINE, Edge
from tests.media_room import HIGH, LOW, answered, hear_each_other, media_of, offer, speaks, talking
from tests.rtpengine import Sessions
from tests.sip import Customer, Member, Recording
from tests.telephone import Telephone


def test_each_hears_the_other(
    customer: Customer, bob: Member, carol: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """A tone of the caller's arrives at the member, another one back; all legs had one offer; BYE ends the session."""
    call = answered(customer, HOTLINE, bob, customers, members)
    assert bob.invite.body == carol.invite.body
    assert sessions.become(1)
    hear_each_other(call, bob, customers, members)
    assert {one.source[0] for one in customers.heard + members.heard} == {EDGE_HOST}
    assert call.hangs_up() == 200


def test_the_voice_goes_on_while_kamailio_restarts(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """kill -9, and not a packet of either is lost; the new one ends the session of a call it never saw."""
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    to_member, to_customer = media_of(call.replies[-1].body), media_of(bob.invite.body)
    with talking(customers, to_member, members, HIGH), talking(members, to_customer, customers, LOW):
        edge.stack.kill("kamailio")
        edge.stack.restart("kamailio")
    assert sessions.become(1)
    assert bob.hangs_up() == 200
    assert sessions.become(0)


def test_a_session_ends_whose_edge_died_while_it_rang(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """kill -9: the call that rang is nobody's, the one that talks goes on."""
    call = answered(customer, HOTLINE, bob, customers, members)
    to_member, to_customer = media_of(call.replies[-1].body), media_of(bob.invite.body)
    ringing = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    assert sessions.become(2)
    edge.stack.kill("kamailio")
    edge.stack.restart("kamailio")
    assert sessions.become(1)
    assert speaks(customers, to_member, members, HIGH)
    assert speaks(members, to_customer, customers, LOW)
    assert not ringing.saw
    assert call.hangs_up() == 200


def test_a_session_ends_where_the_caller_gives_up(
    customer: Customer, bob: Member, customers: Telephone, sessions: Sessions
) -> None:
    """It is there while it rings, and gone with the 487."""
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    bob.rings()
    assert call.is_ringing
    assert sessions.become(1)
    assert call.cancels() == 200
    assert call.final() == 487
    assert sessions.become(0)


def test_a_session_ends_where_all_refuse(
    customer: Customer, bob: Member, carol: Member, dave: Member, office: Member, customers: Telephone,
    sessions: Sessions,
) -> None:  # fmt: skip
    """Nobody takes the call, nothing is left of it."""
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    for member in (bob, carol, dave):
        member.refuses(486)
    assert sessions.become(1)
    office.refuses(486)
    assert call.final() == 486
    assert sessions.become(0)


def early_media(edge: Edge, mode: str) -> None:
    """Say what callers hear, and wait until the workers know."""
    edge.sql("update external_group set early_media = %(mode)s", mode=mode)
    assert edge.table_says(lambda table: getattr(table.group_of("+842727777787"), "early_media", "") == mode)


@pytest.fixture
def first_sounds(edge: Edge) -> Iterator[None]:
    """The caller hears the first telephone; no longer than this test."""
    early_media(edge, "first")
    yield
    early_media(edge, "ringback")


@pytest.mark.usefixtures("first_sounds")
def test_early_sound_is_heard_and_the_winners_answer_binds(
    customer: Customer,
    bob: Member,
    carol: Member,
    customers: Telephone,
    members: Telephone,
    sessions: Sessions,
    recording: Recording,
) -> None:
    """Carol's announcement is heard before anybody answers; Bob answers, and it is he who is heard."""
    with Telephone("127.0.0.21", recording) as carols:
        call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
        carol.rings(183, body=offer(carols, "carol"))
        assert call.heard(183)
        assert speaks(carols, media_of(carol.invite.body), customers, LOW)
        bob.answers(offer(members, "bob"))
        assert call.is_answered
        assert carol.was_cancelled
        hear_each_other(call, bob, customers, members)
        since = len(carols.heard)
        assert speaks(customers, media_of(call.replies[-1].body), members, HIGH)
        assert len(carols.heard) == since
    assert call.hangs_up() == 200
    assert sessions.become(0)
