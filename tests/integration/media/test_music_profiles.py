"""The group's sound, and recordings, where one side speaks SRTP: the caller, a gateway, or one gateway of two."""

import socket
from collections.abc import Iterator

import pytest

from deploy.ports import free_udp
from deploy.wait import until
from tests.edge import CAROL, HOTLINE, Edge
from tests.integration.media.recordings import loudest, recorded, set_records
from tests.integration.media.sounds import TUNE
from tests.integration.media.test_profiles import ANOTHER, speaks
from tests.listening import RATE, a_law, likeness, read, share
from tests.media_room import HIGH, LOW, calls, has, hear_each_other, offer
from tests.rtpengine import Sessions
from tests.sip import Carrier, Customer, Member, Recording
from tests.srtp import Key
from tests.telephone import Telephone

PATIENT = 20.0


@pytest.fixture(autouse=True)
def records(edge: Edge, playing: None) -> Iterator[None]:
    """The group plays its sound and records, in every test; no longer than that."""
    del playing
    set_records(edge, "always", 90)
    yield
    set_records(edge, "never", None)


def hears_the_tune(telephone: Telephone) -> bool:
    """Wait for half a second of voice from now on, then compare its end with the sound."""
    since = len(telephone.heard)
    assert until(lambda: len(telephone.voice(since)) > RATE // 2, PATIENT)
    return likeness(a_law(telephone.voice(since)[-800:]), TUNE) > 0.95


def test_a_gateway_speaks_srtp_and_the_caller_does_not(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> None:
    speaks(edge, srtp=True)
    try:
        members.speaks_by = Key()
        has(bob.carrier, members)
        call = calls(customer, HOTLINE, customers)
        bob.rings()
        assert call.heard(183)
        assert b"crypto" not in call.replies[-1].body
        assert hears_the_tune(customers)
        members.hears_by = Key.of(bob.invite.body)
        bob.answers(offer(members, "bob"))
        assert call.is_answered
        hear_each_other(call, bob, customers, members)
        assert call.hangs_up() == 200
        file = recorded(edge, call.call_id)["file"]
        left, right = read(edge.stack.settings.var_dir / "recordings" / file, channels=2)
        assert share(loudest(left), HIGH) > 0.9
        assert share(loudest(right), LOW) > 0.9, "what is recorded is what was said, not what was on the wire"
    finally:
        speaks(edge)


def test_the_caller_speaks_srtp_and_the_gateway_does_not(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    customers.speaks_by = Key()
    call = calls(customer, HOTLINE, customers)
    bob.rings()
    assert call.heard(183)
    customers.hears_by = Key.of(call.replies[-1].body)
    assert hears_the_tune(customers)
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    customers.hears_by = Key.of(call.replies[-1].body)
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200
    assert sessions.become(0)


def test_one_fork_through_gateways_that_differ(
    edge: Edge, customer: Customer, bob: Member, recording: Recording,
    customers: Telephone, members: Telephone, sessions: Sessions,
) -> None:  # fmt: skip
    """Carol's carrier speaks SRTP, Bob's does not; whoever rings, and whoever answers."""
    host, port = free_udp("127.0.0.20")
    edge.sql(ANOTHER, host=host, port=port)
    edge.sql("insert into gateway_number select id, e164(%(own)s) from gateway where srtp", own=HOTLINE)
    edge.sql("insert into gateway_prefix select id, %(one)s from gateway where srtp", one=CAROL)
    assert edge.table_says(lambda table: any(one.prefixes for one in table.gateways()))
    assert edge.table_says(lambda table: len(getattr(table.group_of("+842727777787"), "gateways", ())) == 2)
    try:
        with Carrier(host, port, recording) as other:
            carol = other.member(CAROL)
            for agent in (other, bob.carrier):
                has(agent, members)
            for first, winner in ((carol, carol), (bob, carol), (carol, bob)):
                call = calls(customer, HOTLINE, customers)
                first.rings()
                assert call.heard(183)
                assert hears_the_tune(customers)
                carol.carrier.must(lambda: carol.legs, "Carol's INVITE")
                members.speaks_by = Key() if winner is carol else None
                members.hears_by = Key.of(carol.invite.body) if winner is carol else None
                winner.answers(offer(members, "member"))
                assert call.is_answered
                hear_each_other(call, winner, customers, members)
                assert call.hangs_up() == 200
                assert sessions.become(0)
                carol.legs.clear()
                bob.legs.clear()
    finally:
        edge.sql("delete from gateway where srtp")


def test_a_fork_without_a_plain_gateway(
    edge: Edge, customer: Customer, bob: Member, recording: Recording, customers: Telephone, members: Telephone,
    sessions: Sessions,
) -> None:  # fmt: skip
    """Carol's carrier speaks SRTP, Bob's wants IPv6: nobody is offered what the sound's own answer stands for."""
    host, port = free_udp("127.0.0.20")
    speaks(edge, family=6)
    edge.sql(ANOTHER, host=host, port=port)
    edge.sql("insert into gateway_number select id, e164(%(own)s) from gateway where srtp", own=HOTLINE)
    edge.sql("insert into gateway_prefix select id, %(one)s from gateway where srtp", one=CAROL)
    assert edge.table_says(lambda table: any(one.prefixes for one in table.gateways()))
    assert edge.table_says(lambda table: len(getattr(table.group_of("+842727777787"), "gateways", ())) == 2)
    try:
        with Carrier(host, port, recording) as other, Telephone("::1", recording, socket.AF_INET6) as in_ipv6:
            carol = other.member(CAROL)
            for winner, telephone in ((carol, members), (bob, in_ipv6)):
                has(winner.carrier, telephone)
                call = calls(customer, HOTLINE, customers)
                bob.rings()
                assert call.heard(183)
                assert hears_the_tune(customers)
                carol.carrier.must(lambda: carol.legs, "Carol's INVITE")
                if winner is carol:
                    members.speaks_by, members.hears_by = Key(), Key.of(carol.invite.body)
                winner.answers(offer(telephone, "member"))
                assert call.is_answered
                hear_each_other(call, winner, customers, telephone)
                assert call.hangs_up() == 200
                assert sessions.become(0)
                carol.legs.clear()
                bob.legs.clear()
    finally:
        edge.sql("delete from gateway where srtp")
        speaks(edge)
