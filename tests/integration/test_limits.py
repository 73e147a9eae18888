"""Limits on the real edge: what is over gets its code, and a counter always comes back to what is really open."""

from collections.abc import Iterator

import pytest

from deploy.wait import until
from kemi.table.store import TableReader
from kemi.watch.rpc import Rpc, RpcError
from tests.edge import BOB, CAROL, CUSTOMER_HOST, HOTLINE, RING_SECONDS, Edge, Ledger
from tests.sip import Carrier, Customer, Member
from tests.sip.message import user_of

SOON = 8.0  # s: two looks of the watch, and a slow machine


class Counters:
    """What Kamailio counts now."""

    def __init__(self, edge: Edge) -> None:
        self._rpc = Rpc(edge.stack.settings.var_dir / "run" / "kamailio.rpc", "test")
        ids = "select h.id as h, h.tenant_id as t, g.id as g from hotline h, gateway g where h.number = '+842727777787'"
        [self.ids] = edge.ledger.rows(ids)

    def of(self, kind: str) -> int:
        """The counter of the hotline (h), the tenant (t) or the gateway (g)."""
        try:
            return int(self._rpc.ask("htable.get", "limits", f"{kind}{self.ids[kind]}")["item"]["value"])
        except RpcError:
            return 0

    def set(self, kind: str, count: int) -> None:
        """Make a counter wrong."""
        self._rpc.ask("htable.seti", "limits", f"{kind}{self.ids[kind]}", count)

    def are(self, hotline: int, gateway: int, within: float = SOON) -> bool:
        """Wait until they are so."""
        return until(lambda: (self.of("h"), self.of("t"), self.of("g")) == (hotline, hotline, gateway), within)

    def close(self) -> None:
        self._rpc.close()


@pytest.fixture(scope="module", autouse=True)
def limited(edge: Edge) -> Iterator[None]:
    """One call for the hotline, many for everybody else."""
    edge.sql("update hotline set max_calls = 1")
    edge.sql("update plan set max_concurrent_calls = 20, over_limit_code = 503")
    edge.sql("update gateway set max_channels = 20")
    assert edge.table_says(lambda table: _limits(table) == (1, 20, 20))
    yield
    edge.sql("update hotline set max_calls = null")
    edge.sql("update plan set max_concurrent_calls = null, over_limit_code = 486")
    edge.sql("update gateway set max_channels = null, max_calls_per_second = null")
    assert edge.table_says(lambda table: _limits(table) == (None, None, None))


def _limits(table: TableReader) -> tuple[int | None, ...]:
    hotline, group = table.hotline("+842727777787"), table.group_of("+842727777787")
    tenant = table.tenant(hotline.tenant_id) if hotline else None
    plan, gateway = table.plan(tenant.plan_id) if tenant else None, table.gateway(group.gateways[0]) if group else None
    return tuple(
        getattr(record, name)
        for record, name in ((hotline, "max_calls"), (plan, "max_calls"), (gateway, "max_channels"))
    )


@pytest.fixture
def counters(edge: Edge) -> Iterator[Counters]:
    counters = Counters(edge)
    assert counters.are(0, 0), "an earlier test left something open"
    yield counters
    counters.close()


def refused(customer: Customer, ledger: Ledger, code: int, reason: str) -> None:
    """One call more is refused."""
    call = customer.calls(HOTLINE)
    assert call.final() == code
    row = ledger.call(call.call_id, "refused")
    assert (row["reason"], row["final_code"]) == (reason, code)


def test_a_call_counts_until_it_ends_and_one_more_is_busy(
    customer: Customer, bob: Member, carol: Member, counters: Counters, ledger: Ledger
) -> None:
    call = customer.calls(HOTLINE)
    carol.refuses(486)
    bob.rings()
    assert counters.are(1, 3)  # four members, one of them refused
    refused(customer, ledger, 486, "the hotline has 1 calls at once, its most")
    bob.answers()
    assert call.is_answered
    assert counters.are(1, 1)
    refused(customer, ledger, 486, "the hotline has 1 calls at once, its most")
    assert call.hangs_up() == 200
    assert counters.are(0, 0)
    again = customer.calls(HOTLINE)
    assert again.heard(100)
    assert again.cancels() == 200
    assert counters.are(0, 0)


@pytest.mark.parametrize("end", ["member hangs up", "caller gives up", "all refuse", "nobody answers"])
def test_every_end_of_a_call_counts_down_at_once(
    customer: Customer, carrier: Carrier, bob: Member, counters: Counters, edge: Edge, end: str
) -> None:
    """By the call's own end, not by the watch: it is stopped."""
    edge.stack.halt("watch")
    try:
        call = customer.calls(HOTLINE)
        bob.rings()
        assert call.is_ringing
        assert counters.are(1, 4)
        if end == "member hangs up":
            bob.answers()
            assert call.is_answered
            assert bob.was_acked
            assert bob.hangs_up() == 200
        elif end == "caller gives up":
            assert call.cancels() == 200
        elif end == "all refuse":
            for number in {user_of(invite.uri) for invite in carrier.invites}:
                carrier.member(number).refuses(480)
        else:
            assert call.final(within=RING_SECONDS + 5) == 480
        assert counters.are(0, 0)
    finally:
        edge.stack.restart("watch")


def test_a_counter_that_is_wrong_is_corrected(customer: Customer, bob: Member, counters: Counters) -> None:
    """Whatever made it wrong: too high or too low."""
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    counters.set("h", 5)
    counters.set("g", -3)
    assert counters.are(1, 1)
    assert call.hangs_up() == 200
    assert counters.are(0, 0)


@pytest.mark.parametrize("state", ["rings", "talks"])
def test_counters_are_right_after_kamailio_was_killed(
    customer: Customer, bob: Member, counters: Counters, edge: Edge, ledger: Ledger, state: str
) -> None:
    """Who talks is still counted, who rang is not."""
    call = customer.calls(HOTLINE)
    bob.rings()
    assert call.is_ringing
    if state == "talks":
        bob.answers()
        assert call.is_answered
        assert bob.was_acked
    edge.stack.kill("kamailio")
    edge.stack.restart("kamailio")
    if state == "talks":
        assert counters.are(1, 1)
        refused(customer, ledger, 486, "the hotline has 1 calls at once, its most")
        assert call.hangs_up() == 200
    assert counters.are(0, 0)


def test_a_watch_that_was_killed_counts_on(customer: Customer, bob: Member, counters: Counters, edge: Edge) -> None:
    call = customer.calls(HOTLINE)
    bob.answers()
    assert call.is_answered
    edge.stack.kill("watch")
    counters.set("h", 7)
    edge.stack.restart("watch")
    assert counters.are(1, 1)
    assert call.hangs_up() == 200
    assert counters.are(0, 0)


def test_a_full_gateway_rings_as_many_as_it_has_channels(
    customer: Customer, carrier: Carrier, counters: Counters, edge: Edge, ledger: Ledger
) -> None:
    edge.sql("update gateway set max_channels = 2")
    assert edge.table_says(lambda table: _limits(table)[2] == 2)
    try:
        call = customer.calls(HOTLINE)
        assert call.heard(100)
        assert counters.are(1, 2)
        assert until(lambda: {user_of(invite.uri) for invite in carrier.invites} == {BOB, CAROL}, 5.0)
        assert call.cancels() == 200
        ledger.call(call.call_id, "missed")
        legs = [(row["outcome"], row["reason"]) for row in ledger.legs(call.call_id).values()]
        assert legs.count(("skipped", "the gateway has 2 channels, all taken")) == 2
    finally:
        edge.sql("update gateway set max_channels = 20")
        assert edge.table_says(lambda table: _limits(table)[2] == 20)


def test_a_channel_goes_with_the_member_whose_turn_it_is(
    customer: Customer, bob: Member, carol: Member, counters: Counters, edge: Edge
) -> None:
    """One after the other: one channel, whoever rings, given back and taken in turn."""
    edge.sql("update external_group set strategy = 'sequential'")
    assert edge.table_says(lambda table: getattr(table.group_of("+842727777787"), "strategy", "") == "sequential")
    try:
        call = customer.calls(HOTLINE)
        bob.rings()
        assert counters.are(1, 1)
        bob.refuses(486)
        carol.rings()
        assert counters.are(1, 1)
        carol.answers()
        assert call.is_answered
        assert carol.was_acked
        assert counters.are(1, 1)
        assert call.hangs_up() == 200
        assert counters.are(0, 0)
    finally:
        edge.sql("update external_group set strategy = 'simultaneous'")
        assert edge.table_says(lambda table: getattr(table.group_of("+842727777787"), "strategy", "") == "simultaneous")


@pytest.mark.usefixtures("carrier")
def test_a_trunk_that_brings_too_many_calls_a_second_is_told_so(
    customer: Customer, counters: Counters, edge: Edge, ledger: Ledger
) -> None:
    edge.sql("update hotline set max_calls = null")
    edge.sql("update trunk set max_calls_per_second = 1, over_limit_code = 503")
    assert edge.table_says(lambda table: getattr(table.trunk_address(CUSTOMER_HOST), "max_calls_per_second", 0) == 1)
    try:
        calls = [customer.calls(HOTLINE) for _ in range(4)]
        assert customer.soon(lambda: all(call.tx.replies for call in calls))
        over = [call for call in calls if call.saw]
        assert len(over) >= 2
        for call in over:
            assert call.final() == 503
            assert ledger.call(call.call_id, "refused")["reason"] == "the trunk brings more than 1 calls a second"
        for call in calls:
            assert call in over or call.cancels() == 200
        assert counters.are(0, 0)
    finally:
        edge.sql("update trunk set max_calls_per_second = null")
        edge.sql("update hotline set max_calls = 1")
        assert edge.table_says(lambda table: _limits(table)[0] == 1)
