"""An answered call of a group that records becomes a stereo file: the caller on the left, the member on the right."""

from collections.abc import Iterator

import pytest

from deploy.wait import until
from tests.edge import HOTLINE, Edge
from tests.integration.media.recordings import is_heard, recorded, set_records
from tests.media_room import answered, hear_each_other, offer
from tests.sip import Customer, Member
from tests.telephone import Telephone

PATIENT = 30.0


@pytest.fixture(autouse=True)
def records(edge: Edge) -> Iterator[None]:
    """The group records, in every test; no longer than that."""
    set_records(edge, "always", 90)
    yield
    set_records(edge, "never", None)


def test_what_both_said_is_in_one_file_each_on_his_side(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> None:
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200
    row = recorded(edge, call.call_id)
    assert row["seconds"] > 0
    assert row["why"] is None
    assert is_heard(edge, row)
    raw = edge.stack.settings.var_dir / "recordings" / "raw"
    assert until(lambda: not [*raw.rglob("*.*")], PATIENT), "nothing of it lies about"


def test_without_its_recorder_the_call_goes_on_and_the_file_comes_later(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone, members: Telephone
) -> None:
    edge.stack.kill("recorder")
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200
    edge.ledger.call(call.call_id, "answered", ended=True)
    edge.stack.restart("recorder")
    assert is_heard(edge, recorded(edge, call.call_id))


def test_a_call_that_nobody_answers_is_not_recorded(
    edge: Edge, customer: Customer, bob: Member, customers: Telephone
) -> None:
    call = customer.calls(HOTLINE, sdp=offer(customers, customer.who))
    bob.rings()
    assert call.is_ringing
    assert call.cancels() == 200
    edge.ledger.call(call.call_id, "missed")
    query = "select 1 from recording r join call c on c.id = r.call_id where c.sip_call_id = %(id)s"
    assert edge.ledger.rows(query, id=call.call_id) == []
