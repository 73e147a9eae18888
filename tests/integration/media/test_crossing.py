"""Both sides want to change the call at once (RFC 3261 §14.1): each refuses the other with 491, and asks again."""

from contextlib import ExitStack

import pytest

from tests.edge import HOTLINE
from tests.media_room import HIGH, LOW, answered, hear_each_other, last, media_of, offer, speaks
from tests.rtpengine import Sessions
from tests.sip import Customer, Member, Recording
from tests.telephone import Telephone


@pytest.mark.parametrize("turn", range(4))
def test_both_move_at_once_and_both_are_refused(
    customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions, recording: Recording,
    turn: int,
) -> None:  # fmt: skip
    """Whichever the edge reads first: the voice goes as before; and then as he wants it who asks again."""
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    with ExitStack() as open_:
        another, others = (open_.enter_context(Telephone(host, recording)) for host in ("127.0.0.12", "127.0.0.22"))
        customer.refuse_next = bob.carrier.refuse_next = 491
        wanted = [
            (call, offer(another, customer.who, version=2)), (bob.leg, offer(others, "bob", version=2)),
        ]  # fmt: skip
        with customer.changed, bob.carrier.changed:
            asked = [dialog.sends("INVITE", body) for dialog, body in (wanted if turn % 2 else reversed(wanted))]
        assert [one.outcome().status for one in asked] == [491, 491]
        assert speaks(customers, media_of(call.replies[-1].body), members, HIGH)
        assert speaks(members, media_of(bob.invite.body), customers, LOW)
        assert not another.heard
        assert not others.heard
        again = call.reinvites(offer(another, customer.who, version=3))
        assert again.status == 200
        assert speaks(another, media_of(again.body), members, HIGH)
        assert speaks(members, media_of(last(bob.leg, "INVITE")), another, LOW)
    assert sessions.become(1)
    assert (bob.hangs_up() if turn % 2 else call.hangs_up()) == 200
    assert sessions.become(0)
