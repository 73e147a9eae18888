"""What a scenario says of single messages, of reasons and of orders can fail; so can a description of a session."""

from dataclasses import replace
from typing import Any

import pytest

from sipp_scenarios.check import problems
from sipp_scenarios.play import Played, play
from sipp_scenarios.scenario import Expect, Scenario, load
from tests.edge import BOB, GATEWAY_HOST, Edge

_IMPATIENT = 0.3  # seconds: the call is over and checked
_HOLD = {"at": "gateway", "cseq": "2 INVITE"}


@pytest.fixture(scope="module")
def held(edge: Edge) -> tuple[Scenario, Played]:
    """Scenario 15: both sides hold, one after the other; all as promised."""
    scenario = load("15")
    played = play(scenario, edge)
    assert problems(scenario, edge, played) == []
    return scenario, played


def found(held: tuple[Scenario, Played], edge: Edge, **changes: Any) -> list[str]:
    """The problems, had `expect` said this."""
    scenario, played = held
    expect = Expect.model_validate(scenario.expect.model_dump() | changes)
    return problems(scenario.model_copy(update={"expect": expect}), edge, played, _IMPATIENT)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({**_HOLD, "has": ["a=inactive"]}, "gateway: 2 INVITE lacks 'a=inactive'"),
        ({**_HOLD, "lacks": ["a=sendonly"]}, "gateway: 2 INVITE has 'a=sendonly'"),
        ({**_HOLD, "times": 2}, "gateway: 1 times 2 INVITE, not 2"),
        ({**_HOLD, "least": 2}, "gateway: 1 times 2 INVITE, not 2"),
        ({**_HOLD, "of": "a=inactive"}, "gateway: 0 times 2 INVITE a=inactive, not 1"),
        ({**_HOLD, "size": 9000}, " bytes, not 9000"),
        ({**_HOLD, "seconds": 60}, " s, not 60.0"),
        ({**_HOLD, "cseq": "3 INVITE"}, "gateway: 0 times 3 INVITE, not 1"),
        ({**_HOLD, "cseq": "INVITE", "times": 4}, "gateway: 5 times INVITE, not 4"),
        ({**_HOLD, "at": "caller"}, "caller: 0 times 2 INVITE, not 1"),
        ({**_HOLD, "at": "second_gateway"}, "second_gateway: 0 times 2 INVITE, not 1"),
        ({**_HOLD, "status": 200}, "gateway: 0 times 200 2 INVITE, not 1"),
    ],
)
def test_a_message_that_is_not_so_is_reported(
    held: tuple[Scenario, Played], edge: Edge, wanted: dict[str, Any], said: str
) -> None:
    """Text that lacks, text too much, too many, too small, too soon; none, of such a number, at such a side."""
    [only] = found(held, edge, seen=[wanted])
    assert said in only


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"columns": {"caller_withheld": True}}, "the ledger says caller_withheld False, not True"),
        ({"columns": {"caller_number": None}}, "the ledger says caller_number +84909789846, not None"),
        ({"reasons": {BOB: "he sleeps"}}, "the ledger gives as reasons {'0844441909': None}"),
        ({"reasons": {"0999999999": "he sleeps"}}, "the ledger gives as reasons {'0999999999': None}"),
    ],
)
def test_what_the_ledger_says_else_is_read(
    held: tuple[Scenario, Played], edge: Edge, change: dict[str, Any], said: str
) -> None:
    """Any column of the call; the reason of a leg."""
    assert held[0].expect.ledger is not None
    [only] = found(held, edge, ledger=held[0].expect.ledger.model_dump() | change)
    assert only.startswith(said)


@pytest.mark.parametrize("strategy", ["sequential", "round_robin", "longest_idle"])
def test_an_order_that_is_not_by_chance_is_reported(edge: Edge, strategy: str) -> None:
    """Scenario 53 by every other strategy that rings one after the other."""
    scenario = load("53")
    given = scenario.given.model_copy(update={"sql": scenario.given.sql.replace("random", strategy)})
    changed = scenario.model_copy(update={"given": given})
    assert problems(changed, edge, play(changed, edge)) == ["the members rang in turns of one order"]


def test_a_new_description_with_an_old_version_is_reported(held: tuple[Scenario, Played], edge: Edge) -> None:
    """The hold with the first offer's o=: who believes it does not look (RFC 3264 §8). And with another session's."""
    scenario, played = held
    hold = next(each for each in played.packets if each.dst[0] == GATEWAY_HOST and b"CSeq: 2 INVITE" in each.raw)
    line = next(line for line in hold.raw.split(b"\r\n") if line.startswith(b"o="))
    user, session, version, rest = line.split(b" ", 3)
    for origin, said in (
        ((user, session, b"%d" % (int(version) - 1), rest), f"{GATEWAY_HOST}: o= of 2 INVITE says nothing is new"),
        ((user, session[::-1] + b"1", version, rest), f"{GATEWAY_HOST}: o= of 2 INVITE is of another session"),
    ):
        old = replace(hold, raw=hold.raw.replace(line, b" ".join(origin)))
        packets = [old if each is hold else each for each in played.packets]
        words = problems(scenario, edge, replace(played, packets=packets), _IMPATIENT)
        assert any(each.startswith(said) for each in words), words
