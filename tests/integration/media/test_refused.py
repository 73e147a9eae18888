"""A change that is refused changes nothing: whoever offered another port is heard, and hears, where he was."""

import pytest

from tests.edge import HOTLINE
from tests.media_room import HIGH, LOW, answered, hear_each_other, last, media_of, offer, speaks
from tests.rtpengine import Sessions
from tests.sip import Customer, Member, Recording
from tests.telephone import Telephone

pytestmark = pytest.mark.usefixtures("sessions")


def test_a_fax_at_another_port_is_refused(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, recording: Recording
) -> None:
    """The member's telephone, which has sent nothing since, hears the customer; nobody was told of a second change."""
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    with Telephone("127.0.0.22", recording) as fax:
        wanted = offer(fax, "bob", version=2).partition(b"m=audio")[0]
        wanted += b"m=image %d udptl t38\r\na=T38FaxVersion:0\r\n" % fax.port
        customer.refuse_next = 488
        assert bob.reinvites(wanted).status == 488
        assert speaks(customers, media_of(call.replies[-1].body), members, HIGH)
        assert speaks(members, media_of(bob.invite.body), customers, LOW)
        assert not fax.heard
    assert call.received("INVITE", times=1)
    assert call.hangs_up() == 200


def test_another_telephone_is_refused(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, recording: Recording
) -> None:
    """The customer's, by UPDATE; afterwards one that is taken moves him all the same."""
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    with Telephone("127.0.0.12", recording) as other:
        bob.carrier.script["UPDATE"] = 500, [], b""
        assert call.sends("UPDATE", offer(other, customer.who, version=2)).outcome().status == 500
        assert speaks(members, media_of(bob.invite.body), customers, LOW)
        assert call.sends("UPDATE", offer(other, customer.who, version=3)).outcome().status == 200
        assert speaks(members, media_of(last(bob.leg, "UPDATE")), other, LOW)
        assert call.hangs_up() == 200


def test_a_change_behind_the_end_leaves_nothing(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """The customer hangs up, the member's re-INVITE was on its way: it gets 481, and no session is left of it."""
    call = answered(customer, HOTLINE, bob, customers, members)
    assert call.hangs_up() == 200
    assert sessions.become(0)
    customer.refuse_next = 481
    assert bob.reinvites(offer(members, "bob", version=2)).status == 481
    assert sessions.become(0)
