"""Gateways that want their voice otherwise than the caller: encrypted, in IPv6; beside others that do not."""

import socket
from collections.abc import Iterator

import pytest

from deploy.ports import free_udp
from tests.edge import CAROL, HOTLINE, Edge
from tests.media_room import answered, calls, has, hear_each_other, last, offer
from tests.rtpengine import Sessions
from tests.sip import Carrier, Customer, Member, Recording
from tests.srtp import Key
from tests.telephone import Telephone

ANOTHER = """insert into gateway (name, host, port, number_format, srtp)
    values ('encrypted', %(host)s, %(port)s, 'national', true)"""


def speaks(edge: Edge, *, srtp: bool = False, family: int | None = None) -> None:
    """How the seed's gateway wants its voice; returns when the workers know."""
    edge.sql("update gateway set srtp = %(srtp)s, media_family = %(family)s", srtp=srtp, family=family)
    assert edge.table_says(lambda table: [(one.srtp, one.media_family) for one in table.gateways()] == [(srtp, family)])


@pytest.fixture
def encrypted(edge: Edge) -> Iterator[None]:
    """The gateway speaks SRTP."""
    speaks(edge, srtp=True)
    yield
    speaks(edge)


@pytest.fixture
def in_ipv6(edge: Edge) -> Iterator[None]:
    """The gateway has its media in IPv6."""
    speaks(edge, family=6)
    yield
    speaks(edge)


@pytest.mark.usefixtures("encrypted")
def test_a_gateway_speaks_srtp_and_the_caller_does_not(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """Both hear each other; neither is told the other's key or profile, also when the member holds."""
    del sessions
    members.speaks_by = Key()
    has(bob.carrier, members)
    call = calls(customer, HOTLINE, customers)
    assert b"RTP/SAVP" in bob.invite.body
    members.hears_by = Key.of(bob.invite.body)
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    assert b"RTP/AVP" in call.replies[-1].body
    assert b"crypto" not in call.replies[-1].body
    hear_each_other(call, bob, customers, members)
    assert bob.reinvites(offer(members, "bob", version=2)).status == 200
    assert b"RTP/AVP" in last(call, "INVITE")
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200


@pytest.mark.usefixtures("encrypted", "sessions")
def test_what_is_refused_does_not_end_the_encryption(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, recording: Recording
) -> None:
    """The member's other telephone, with its key; a fax, which would not be encrypted, he is not even asked for."""
    members.speaks_by = Key()
    has(bob.carrier, members)
    call = calls(customer, HOTLINE, customers)
    members.hears_by = Key.of(bob.invite.body)
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    with Telephone("127.0.0.22", recording) as other:
        other.speaks_by = Key()
        customer.refuse_next = 488
        assert bob.reinvites(offer(other, "bob", version=2)).status == 488
        hear_each_other(call, bob, customers, members)
        fax = offer(customers, customer.who, version=2).partition(b"m=audio")[0]
        fax += b"m=image %d udptl t38\r\na=T38FaxVersion:0\r\n" % customers.port
        assert call.reinvites(fax).status == 488
        assert not any(request.method == "INVITE" for request in bob.leg.requests)
        hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200


@pytest.mark.usefixtures("sessions")
def test_a_fax_does_not_end_the_callers_encryption(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> None:
    """The same where he is the one who speaks SRTP."""
    customers.speaks_by = Key()
    call = calls(customer, HOTLINE, customers)
    bob.answers(offer(members, "bob"))
    assert call.is_answered
    customers.hears_by = Key.of(call.replies[-1].body)
    fax = offer(members, "bob", version=2).partition(b"m=audio")[0]
    fax += b"m=image %d udptl t38\r\na=T38FaxVersion:0\r\n" % members.port
    assert bob.reinvites(fax).status == 488
    assert not any(request.method == "INVITE" for request in call.requests)
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200


@pytest.mark.usefixtures("in_ipv6")
def test_a_gateway_has_its_media_in_ipv6(
    customer: Customer, bob: Member, customers: Telephone, sessions: Sessions, recording: Recording
) -> None:
    """The caller speaks IPv4."""
    del sessions
    with Telephone("::1", recording, socket.AF_INET6) as members:
        call = answered(customer, HOTLINE, bob, customers, members)
        assert b"c=IN IP6 ::1" in bob.invite.body
        assert b"c=IN IP4 127.0.0.1" in call.replies[-1].body
        hear_each_other(call, bob, customers, members)
        assert bob.reinvites(offer(members, "bob", version=2)).status == 200
        assert b"c=IN IP4 127.0.0.1" in last(call, "INVITE")
        assert call.hangs_up() == 200


def test_a_caller_has_his_media_in_ipv6(
    customer: Customer, bob: Member, members: Telephone, sessions: Sessions, recording: Recording
) -> None:
    """The gateway speaks IPv4; each is told an address of its own family, when either of them changes the call, too."""
    del sessions
    with Telephone("::1", recording, socket.AF_INET6) as customers:
        call = answered(customer, HOTLINE, bob, customers, members)
        assert b"c=IN IP4 127.0.0.1" in bob.invite.body
        assert b"c=IN IP6 ::1" in call.replies[-1].body
        hear_each_other(call, bob, customers, members)
        assert bob.reinvites(offer(members, "bob", version=2)).status == 200
        assert b"c=IN IP6 ::1" in last(call, "INVITE")
        assert call.reinvites(offer(customers, customer.who, version=2)).status == 200
        assert b"c=IN IP4 127.0.0.1" in last(bob.leg, "INVITE")
        hear_each_other(call, bob, customers, members)
        assert call.hangs_up() == 200


def test_one_fork_through_gateways_that_differ(
    edge: Edge, customer: Customer, bob: Member, recording: Recording,
    customers: Telephone, members: Telephone, sessions: Sessions,
) -> None:  # fmt: skip
    """Carol's carrier speaks SRTP, Bob's does not; each gets what is his, and whoever answers is heard."""
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
            for winner in (carol, bob):
                call = calls(customer, HOTLINE, customers)
                carol.carrier.must(lambda: carol.legs, "Carol's INVITE")
                assert b"RTP/SAVP" in carol.invite.body
                assert b"RTP/AVP" in bob.invite.body
                members.speaks_by = Key() if winner is carol else None
                members.hears_by = Key.of(carol.invite.body) if winner is carol else None
                winner.answers(offer(members, "member"))
                assert call.is_answered
                hear_each_other(call, winner, customers, members)
                assert winner.reinvites(offer(members, "member", version=2)).status == 200
                hear_each_other(call, winner, customers, members)
                assert call.hangs_up() == 200
                assert sessions.become(0)
                carol.legs.clear()
                bob.legs.clear()
            again, members.speaks_by, members.hears_by = bob.carrier.member(CAROL), None, None
            call = calls(customer, HOTLINE, customers)
            carol.refuses(503)
            assert b"RTP/AVP" in again.invite.body  # through the other gateway, in its way
            again.answers(offer(members, "member"))
            assert call.is_answered
            hear_each_other(call, again, customers, members)
            assert again.hangs_up() == 200
    finally:
        edge.sql("delete from gateway where srtp")
