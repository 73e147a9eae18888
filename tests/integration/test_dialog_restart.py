"""Kamailio is restarted in the middle of a call: it keeps no dialog state, so the call does not notice."""

from collections.abc import Callable

import pytest

from tests.edge import HOTLINE, Edge, Ledger
from tests.sip import Customer, Member


@pytest.mark.parametrize("down", ["kill", "halt"])
@pytest.mark.parametrize("who", ["caller", "member"])
def test_a_bye_still_arrives_after_a_restart(
    customer: Customer, bob: Member, edge: Edge, ledger: Ledger, down: str, who: str
) -> None:
    """kill -9 or an orderly end, then BYE from either side; the ledger knows who hung up."""
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    end: Callable[[str], None] = edge.stack.kill if down == "kill" else edge.stack.halt
    end("kamailio")
    edge.stack.restart("kamailio")
    if who == "caller":
        assert call.reinvites().status == 200
        assert call.hangs_up() == 200
        assert bob.was_hung_up
    else:
        assert bob.reinvites().status == 200
        assert bob.hangs_up() == 200
        assert call.was_hung_up
    row = ledger.call(call.call_id, "answered", ended=True)
    assert row["ended_by"] == who


def test_an_ack_after_a_restart_still_reaches_the_member(customer: Customer, bob: Member, edge: Edge) -> None:
    """Between 200 and ACK: the member repeats his 200, unmasked to nobody, and the ACK finds him."""
    call = customer.calls(HOTLINE, acks=False)
    bob.answers()
    assert call.is_answered
    edge.stack.kill("kamailio")
    edge.stack.restart("kamailio")
    call.acks()
    assert bob.was_acked
    assert call.hangs_up() == 200


def test_a_restart_while_it_rings_becomes_interrupted_and_shows_nobody_anything(
    customer: Customer, bob: Member, carol: Member, edge: Edge, ledger: Ledger
) -> None:
    """A 200 that comes after it matches no transaction: never passed on unmasked, and its telephone is hung up."""
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.is_ringing
    assert carol.was_invited
    edge.stack.kill("kamailio")
    edge.stack.restart("kamailio")
    since = edge.log_size()
    bob.answers()
    assert edge.logs("refused what=", since)
    assert bob.leg.received("BYE", within=10)
    assert bob.was_acked
    assert call.saw == [180]
    assert carol.got == ["INVITE"]
    row = ledger.call(call.call_id, "interrupted", within=20)
    assert row["outcome"] == "interrupted"
