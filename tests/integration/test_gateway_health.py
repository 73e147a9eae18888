"""A gateway that stops answering gets no more legs, and gets them again when it answers."""

from collections.abc import Iterator

import pytest

from deploy.wait import until
from tests.edge import GATEWAY_HOST, HOTLINE, Edge, Ledger, free_port
from tests.sip import Carrier, Customer, Recording

SECOND_HOST = "127.0.0.22"
SOON = 15.0  # s: the pace of the probes, 5 s, and two silences of 2 s

pytestmark = pytest.mark.may_log("watch", "alarm=gateway_down")


@pytest.fixture
def second(edge: Edge, recording: Recording) -> Iterator[Carrier]:
    """Another carrier, worse than the seed's by its priority."""
    port = free_port(SECOND_HOST)
    edge.sql(
        """insert into gateway (name, host, port, number_format, priority, probe_seconds)
           values ('second', %(host)s, %(port)s, 'national', 50, 5)""", host=SECOND_HOST, port=port,
    )  # fmt: skip
    edge.sql(
        """insert into gateway_number (gateway_id, number)
           select id, '02727777787' from gateway where name = 'second'"""
    )
    edge.sql("update gateway set probe_seconds = 5 where name <> 'second'")
    assert edge.table_says(lambda table: {one.probe_seconds for one in table.gateways()} == {5})
    with Carrier(SECOND_HOST, port, recording) as carrier:
        yield carrier
    edge.sql("delete from gateway where name = 'second'")
    edge.sql("update gateway set probe_seconds = 0")
    assert edge.table_says(lambda table: {one.probe_seconds for one in table.gateways()} == {0})


def said(edge: Edge, words: str, times: int) -> bool:
    """Wait until the watch has logged `words` so often."""
    return until(lambda: edge.stack.log("watch").read_text().count(words) == times, SOON)


def rings_at(carrier: Carrier, customer: Customer, ledger: Ledger) -> bool:
    """Say whether the members of a call ring at `carrier`; the caller then gives up."""
    before = len(carrier.invites)
    call = customer.calls(HOTLINE)
    came = until(lambda: len(carrier.invites) >= before + 4, 2.0)
    assert call.cancels() == 200
    assert ledger.call(call.call_id)["reason"] == "caller_gave_up"
    return came


def test_a_dead_gateway_is_left_out_until_it_answers(
    customer: Customer, second: Carrier, edge: Edge, recording: Recording, ledger: Ledger
) -> None:
    """The seed's gateway is not there at all; then it is."""
    assert said(edge, "alarm=gateway_down gateway=1 ", 1)
    assert rings_at(second, customer, ledger)
    with Carrier(GATEWAY_HOST, edge.gateway_port, recording) as first:
        assert said(edge, "gateway_up gateway=1 ", 1)
        assert rings_at(first, customer, ledger)


def test_the_verdict_survives_a_restart_of_kamailio_and_dies_with_no_probes(
    customer: Customer, second: Carrier, edge: Edge, ledger: Ledger
) -> None:
    down = edge.stack.log("watch").read_text().count("alarm=gateway_down gateway=1 ")
    assert said(edge, "alarm=gateway_down gateway=1 ", down + 1)
    edge.stack.kill("kamailio")
    edge.stack.restart("kamailio")
    assert until(lambda: rings_at(second, customer, ledger), SOON)
    edge.sql("update gateway set probe_seconds = 0 where name <> 'second'")
    assert until(lambda: not rings_at(second, customer, ledger), SOON)
