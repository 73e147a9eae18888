"""Which limits a call meets, which code each gives, and through which gateways its legs go then."""

from collections import Counter
from typing import Any

import msgspec
import pytest

from kemi.admission import Admission
from kemi.domain.limits import Held
from kemi.domain.model import Gateway, Plan, Tenant, TrunkAddress
from kemi.domain.routing import Fork, Leg, Refuse
from tests.unit.given import gateway, group, hotline, members
from tests.unit.test_limits import Memory

NOW = 1_800_000_000.0
TRUNK = TrunkAddress(4, "customers")


def fork(legs: int = 2, *, gateways: tuple[Gateway, ...] = (), plan: Plan | None = None, **of_hotline: Any) -> Fork:
    """A call that rings `legs` members through the first of `gateways`."""
    through, *others = gateways or (gateway(id=7),)
    all_legs = tuple(
        Leg(n, 0, member, through, f"sip:{n}@first", others=tuple(others)) for n, member in enumerate(members(legs))
    )
    line = msgspec.structs.replace(hotline(), id=12, tenant_id=3, **of_hotline)
    return Fork(line, group(), Tenant(3, "t", True, 1), all_legs, (), (all_legs,), plan, (1,))


def test_a_call_that_nothing_limits_is_not_counted() -> None:
    memory = Memory()
    plain = fork()
    assert Admission(memory).admit(TRUNK, plain, NOW) == (plain, None)
    assert memory.asked == []


def test_a_call_is_counted_where_a_later_gateway_is_limited() -> None:
    """It may come to it, and its id must say so from the beginning."""
    both = (gateway(id=7), gateway(id=8, max_channels=1))
    assert Admission(Memory()).admit(TRUNK, fork(gateways=both), NOW)[1] == Held()


OVER: list[tuple[Fork, TrunkAddress, int]] = [
    (fork(max_calls=0), TRUNK, 486),
    (fork(max_calls=0, over_limit_code=503), TRUNK, 503),
    (fork(plan=Plan(1, "p", None, max_calls=0)), TRUNK, 486),
    (fork(plan=Plan(1, "p", None, max_calls=0, over_limit_code=503)), TRUNK, 503),
    (fork(), msgspec.structs.replace(TRUNK, max_calls_per_second=0), 503),
    (fork(), msgspec.structs.replace(TRUNK, max_calls_per_second=0, over_limit_code=486), 486),
    (fork(gateways=(gateway(id=7, max_channels=0),)), TRUNK, 503),
    (fork(gateways=(gateway(id=7, max_calls_per_second=0),)), TRUNK, 503),
]


@pytest.mark.parametrize(("wanted", "trunk", "code"), OVER)
def test_each_limit_has_its_code_and_leaves_nothing_counted(wanted: Fork, trunk: TrunkAddress, code: int) -> None:
    memory = Memory()
    decision, held = Admission(memory).admit(trunk, wanted, NOW)
    assert isinstance(decision, Refuse)
    assert (decision.code, decision.hotline, held) == (code, wanted.hotline, None)
    assert not +memory.open
    assert not +memory.seconds


def test_legs_go_through_the_next_gateway_where_the_first_is_full_and_are_skipped_where_all_are() -> None:
    both = (gateway(id=7, max_channels=1), gateway(id=8, host="192.0.2.8", max_channels=1))
    memory = Memory()
    decision, held = Admission(memory).admit(TRUNK, fork(3, gateways=both), NOW)
    assert isinstance(decision, Fork)
    assert [(leg.number, leg.gateway.id, len(leg.others)) for leg in decision.legs] == [(0, 7, 1), (1, 8, 0)]
    assert "192.0.2.8" in decision.legs[1].uri
    assert decision.waves == (decision.legs,)
    assert [one.reason for one in decision.skipped] == ["the gateway has 1 channels, all taken"]
    assert held == Held((), (("0.0", "g7"), ("1.0", "g8")))


def test_a_delayed_member_takes_no_channel_before_he_rings() -> None:
    plain = fork(3, gateways=(gateway(id=7, max_channels=9),))
    legs = tuple(leg._replace(delay_seconds=delay) for leg, delay in zip(plain.legs, (5, 5, 20), strict=True))
    _, held = Admission(Memory()).admit(TRUNK, plain._replace(legs=legs, waves=(legs,)), NOW)
    assert held == Held((), (("0.0", "g7"), ("1.0", "g7")))


def test_a_later_leg_asks_for_a_place_of_its_own() -> None:
    memory = Memory()
    admission = Admission(memory)
    limited = gateway(id=8, max_channels=1)
    assert admission.place(limited, NOW) == ("g8",)
    assert admission.place(limited, NOW) is None
    assert admission.place(gateway(id=9), NOW) == ()
    assert +memory.open == Counter(g8=1)


def test_what_is_given_back_is_counted_no_more() -> None:
    memory = Memory()
    admission = Admission(memory)
    _, held = admission.admit(TRUNK, fork(max_calls=3, gateways=(gateway(id=7, max_channels=9),)), NOW)
    assert held is not None
    admission.give_back(held)
    assert not +memory.open
