"""A side behind NAT: its SDP has an address that nobody reaches; what it sends says where it is."""

import pytest

from deploy.wait import until
from tests.edge import HOTLINE
from tests.media_room import FRAMES, HIGH, LOW, SECONDS, media_of, offer, speaks
from tests.sip import Customer, Member, Recording
from tests.telephone import Telephone, tone

NOWHERE = b"127.0.0.99"


@pytest.mark.usefixtures("sessions")
def test_a_side_is_heard_where_it_sends_from(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, recording: Recording
) -> None:
    """From its first packet on, after a change that leaves its address as it was, and after one that is refused."""
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    bob.answers(offer(members, "bob").replace(members.host.encode(), NOWHERE))
    assert call.is_answered
    to_customer, to_member = media_of(bob.invite.body), media_of(call.replies[-1].body)
    assert speaks(members, to_customer, customers, LOW)
    assert speaks(customers, to_member, members, HIGH)
    assert bob.reinvites(offer(members, "bob", version=2).replace(members.host.encode(), NOWHERE)).status == 200
    customers.plays(to_member, tone(HIGH, FRAMES))
    assert until(lambda: members.hears(HIGH), SECONDS)
    customer.refuse_next = 488
    with Telephone("127.0.0.22", recording) as other:
        assert bob.reinvites(offer(other, "bob", version=3)).status == 488
    heard = len(members.heard)

    def is_found() -> bool:
        members.plays(to_customer, tone(LOW, 1))
        customers.plays(to_member, tone(HIGH, FRAMES))
        return members.hears(HIGH, heard)

    assert until(is_found, SECONDS)
    assert call.hangs_up() == 200
