"""Sessions end with their calls, however a BYE is answered; and those of a call that goes on do not."""

import pytest

from tests.edge import HOTLINE, Edge
from tests.media_room import answered, has, hear_each_other, offer
from tests.rtpengine import Sessions
from tests.sip import Customer, Member, Recording
from tests.telephone import Telephone


@pytest.mark.parametrize("code", [481, 408, 500])
def test_a_members_bye_ends_it_whatever_its_answer_is(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions, code: int
) -> None:
    """RFC 3261 §15.1.1: who sends a BYE listens and speaks no more. The caller's telephone has forgotten its call."""
    answered(customer, HOTLINE, bob, customers, members)
    assert sessions.become(1)
    customer.script["BYE"] = code, [], b""
    assert bob.hangs_up() == code
    assert sessions.become(0)


def test_a_members_bye_that_nobody_answers_ends_it(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """The caller's line is dead: the member gets a 408 of the edge's."""
    answered(customer, HOTLINE, bob, customers, members)
    customer.losing = ["BYE"] * 20
    bye = bob.leg.sends("BYE")
    assert sessions.become(0)
    assert bye.outcome(within=10).status == 408


def test_a_losers_bye_ends_nothing(
    edge: Edge, customer: Customer, bob: Member, carol: Member, customers: Telephone, members: Telephone,
    sessions: Sessions, recording: Recording,
) -> None:  # fmt: skip
    """Carol answered too late and hangs up when the edge does; also when Kamailio has been started anew since."""
    carol.ignores_cancel = True
    has(carol.carrier, members)
    call = answered(customer, HOTLINE, bob, customers, members)
    with Telephone("127.0.0.22", recording) as another:
        carol.answers(offer(another, "carol"))
        assert carol.was_acked
        assert carol.hangs_up() == 481
        hear_each_other(call, bob, customers, members)
        edge.stack.kill("kamailio")
        edge.stack.restart("kamailio")
        assert carol.hangs_up() == 481
    hear_each_other(call, bob, customers, members)
    assert sessions.become(1)
    assert bob.hangs_up() == 200
    assert sessions.become(0)
