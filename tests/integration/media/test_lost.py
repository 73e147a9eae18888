"""An rtpengine that is stopped: workers are not kept, new calls are refused or go direct, running ones go on."""

import os
import signal

import pytest

from deploy.wait import until
from tests.edge import HOTLINE, Edge
from tests.media_room import HIGH, LOW, answered, hear_each_other, last, media_of, offer, speaks
from tests.rtpengine import Sessions, is_up, stop
from tests.sip import Customer, Member
from tests.telephone import Telephone


@pytest.mark.usefixtures("sessions")
def test_a_stopped_one_is_waited_for_once(
    edge: Edge, stopped: int, customer: Customer, carrier: object, log_since: int
) -> None:
    """The first call waits for it and is refused, the others are refused at once; when it goes on, calls ring again.

    Where two seconds have gone by meanwhile, the watch has found out before that call.
    """
    del carrier
    watch = len(edge.stack.log("watch").read_text())
    stop(stopped)
    assert customer.calls(HOTLINE).final() == 503
    assert until(
        lambda: "alarm=rtpengine_down" in edge.log_since(log_since) + edge.stack.log("watch").read_text()[watch:], 5.0
    )
    assert [customer.calls(HOTLINE).final() for _ in range(5)] == [503] * 5
    assert edge.log_since(log_since).count("alarm=rtpengine_down") <= 2  # each of two workers may have waited
    os.kill(stopped, signal.SIGCONT)
    edge.stack.wait_ready("rtpengine")


def test_a_running_call_stays_as_it_was(
    stopped: int, customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> None:
    """A hold gets 503 while its rtpengine is stopped; afterwards the two still hear each other."""
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    stop(stopped)
    assert call.reinvites(offer(customers, customer.who, version=2, mode="sendonly")).status == 503
    os.kill(stopped, signal.SIGCONT)
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200


def test_after_its_restart_the_next_change_brings_the_voice_back(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone, sessions: Sessions
) -> None:
    """kill -9: the call is silent; a re-INVITE makes it a new session, on new ports, and the two hear each other."""
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    edge.stack.kill("rtpengine")
    edge.stack.restart("rtpengine")
    assert sessions.become(0)
    assert is_up(edge)
    changed = call.reinvites(offer(customers, customer.who, version=2))
    assert changed.status == 200
    assert speaks(customers, media_of(changed.body), members, HIGH)
    assert speaks(members, media_of(last(bob.leg, "INVITE")), customers, LOW)
    assert call.hangs_up() == 200
