"""A 200 that comes when its transaction is gone: after 33 s, which is 500 ms here, or never to be answered at all.

On Kamailio alone; the ledger's rows are folded from its spool.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from kemi.domain.outcome import Folded, fold
from kemi.spool import codec
from tests import bare_edge
from tests.edge import BOB, CUSTOMER_HOST, EDGE_HOST, GATEWAY_HOST, HOTLINE, free_port
from tests.leaks import Sides
from tests.sip import Carrier, Customer, Recording
from tests.sip.message import Address

_QUIET = 10.0  # seconds within which a repeated 200 comes after the first 5 s of a start (kemi/decisions/0013)


@pytest.fixture(autouse=True)
def log_since() -> int:
    """The edge of the other tests does not run."""
    return 0


@pytest.fixture(scope="module")
def address() -> Address:
    return EDGE_HOST, free_port(EDGE_HOST)


@pytest.fixture(scope="module")
def gateway_port() -> int:
    return free_port(GATEWAY_HOST)


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory: pytest.TempPathFactory, address: Address, gateway_port: int) -> Iterator[Path]:
    """An edge whose transactions are gone half a second after their end."""
    folder = tmp_path_factory.mktemp("gone")
    bare_edge.write_table(folder / "table", gateway_port)
    with bare_edge.running(folder, address, "1:" + "17" * 32, wt_timer=500):
        yield folder


@pytest.fixture
def sides(address: Address) -> Sides:
    return bare_edge.sides(address)


@pytest.fixture
def carrier(gateway_port: int, recording: Recording) -> Iterator[Carrier]:
    with Carrier(GATEWAY_HOST, gateway_port, recording) as carrier:
        yield carrier


@pytest.fixture
def customer(address: Address, recording: Recording) -> Iterator[Customer]:
    with Customer(address, host=CUSTOMER_HOST, recording=recording) as customer:
        yield customer


def ledger_of(var_dir: Path, sip_call_id: str) -> Folded:
    """The rows of a call, as the ledger would fold them now."""
    lines = chain.from_iterable(file.read_bytes().splitlines() for file in (var_dir / "spool").glob("*.jsonl"))
    stamped = [codec.decode(line) for line in lines]
    call = next(one.event.call for one in stamped if getattr(one.event, "sip_call_id", "") == sip_call_id)
    folded = fold(one for one in stamped if one.event.call == call)
    assert folded is not None
    return folded


def test_an_answer_that_is_repeated_after_its_transaction_frees_the_telephone(
    customer: Customer, carrier: Carrier, var_dir: Path
) -> None:
    """No ACK has come for so long that nobody has this call: ACK and BYE; the caller sees nothing of it unmasked."""
    bob = carrier.member(BOB)
    call = customer.calls(HOTLINE, acks=False)
    bob.answers()
    assert call.is_answered
    seen = len(call.tx.replies)
    assert bob.leg.received("BYE", within=_QUIET)
    assert bob.was_acked
    assert call.saw == [200]
    assert customer.strays == []
    assert len(call.tx.replies) <= seen + 1
    call.acks()  # his own, after all: they still find the telephone, whatever it says to them by now
    assert call.hangs_up() == 200
    row = ledger_of(var_dir, call.call_id).call
    assert (row.outcome, row.ended_by) == ("answered", "caller")
