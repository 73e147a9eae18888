"""The checker can fail: whatever a scenario promises wrongly is reported."""

import os
from dataclasses import dataclass, replace
from typing import Any

import pytest

from sipp_scenarios.check import answers, problems
from sipp_scenarios.play import Played, play
from sipp_scenarios.scenario import Absent, Expect, Scenario, load
from tests.edge import BOB, CALLER, CAROL, DAVE, Edge
from tests.sip.message import reply_to
from tests.sip.wire import Packet
from tests.sipp.exchanged import request

_IMPATIENT = 0.3  # seconds: the call is over and checked, what is not there now will not come
_LEGS = {"0844441909": "answered", "0844441910": "cancelled", "0987654321": "cancelled", "02838123456": "cancelled"}


@dataclass(frozen=True)
class Answered:
    """A member answered, and everything was as promised; what if something else had been promised?"""

    edge: Edge
    scenario: Scenario
    played: Played

    def expecting(self, **changes: Any) -> list[str]:
        """The problems, had `expect` said this."""
        expect = Expect.model_validate(self.scenario.expect.model_dump() | changes)
        return self._found(self.scenario.model_copy(update={"expect": expect}))

    def without(self, **absent: list[str]) -> list[str]:
        """The problems, had `absent` said this."""
        return self._found(self.scenario.model_copy(update={"absent": Absent(**absent)}))

    def ledger(self, **changes: Any) -> list[str]:
        """The problems, had the ledger's row been promised so."""
        assert self.scenario.expect.ledger is not None
        return self.expecting(ledger=self.scenario.expect.ledger.model_dump() | changes)

    def with_played(self, played: Played) -> list[str]:
        """The problems, had this been left behind."""
        return problems(self.scenario, self.edge, played, _IMPATIENT)

    def _found(self, scenario: Scenario) -> list[str]:
        return problems(scenario, self.edge, self.played, _IMPATIENT)


@pytest.fixture(scope="module")
def answered(edge: Edge) -> Answered:
    """Scenario 01, played once."""
    scenario = load("01")
    answered = Answered(edge, scenario, play(scenario, edge))
    assert problems(scenario, edge, answered.played) == []
    return answered


def the_one(found: list[str]) -> str:
    """The only problem: a wrong promise is reported for itself and for nothing else."""
    [only] = found
    return only


def test_a_wrong_code_is_reported(answered: Answered) -> None:
    """The caller's codes are compared in order, all of them."""
    assert the_one(answered.expecting(caller=[180, 486])) == "the caller saw [180, 200], not [180, 486]"
    assert the_one(answered.expecting(caller=[200])) == "the caller saw [180, 200], not [200]"


def test_a_code_that_comes_twice_is_not_dropped() -> None:
    """A retransmission is; another reply, and a 180 that nobody has asked for again, is not."""
    asked = request("INVITE", 1, "z9hG4bKhis", from_tag="c")
    ringing = reply_to(asked, 180, None, "e")
    elsewhere, answer = reply_to(asked, 180, None, "f"), reply_to(asked, 200, None, "e")
    assert answers([asked], [ringing, answer, answer]) == [180, 200]
    assert answers([asked, asked], [ringing, ringing, answer]) == [180, 200]
    assert answers([asked], [ringing, ringing, answer]) == [180, 180, 200]
    assert answers([asked], [ringing, elsewhere, answer]) == [180, 180, 200]
    assert answers([asked], [answer, reply_to(asked, 200, None, "f")]) == [200, 200]
    reliable = reply_to(asked, 183, None, "e", extra=[("RSeq", "1"), ("Require", "100rel")])
    assert answers([asked], [reliable, reliable, answer]) == [183, 200]


def test_what_breaks_a_rule_is_reported(answered: Answered) -> None:
    """On the caller's side and the gateway's, after everything else was right."""
    packets = answered.played.packets
    changed = [
        replace(
            each,
            raw=each.raw.replace(b"Max-Forwards: 69", b"Max-Forwards: 70").replace(
                b"Contact: <sip:127", b"X: <sip:127"
            ),
        )
        for each in packets
    ]
    found = answered.with_played(replace(answered.played, packets=changed))
    assert "INVITE to 127.0.0.20 with Max-Forwards 70 of 70 (§16.6 step 3)" in found
    assert "180 to INVITE to 127.0.0.10 without exactly one Contact (§12.1.1)" in found


def test_wrong_requests_are_reported(answered: Answered) -> None:
    """Too few, too many, of another kind, or one that must not come at all; on both sides."""
    wrong = {"INVITE": 4, "CANCEL": 2, "ACK": 4, "BYE": 1}
    assert the_one(answered.expecting(gateway=wrong)).startswith("the gateway got {")
    assert "5 legs" in answered.expecting(gateway=wrong | {"INVITE": 5})[-1]
    assert the_one(answered.without(gateway=["BYE"])) == "the gateway got BYE"
    assert the_one(answered.expecting(caller_sent={"INVITE": 3, "ACK": 1, "BYE": 1})).startswith("the caller sent {")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcome": "missed"}, "the ledger says outcome answered, not missed"),
        ({"reason": "no_answer"}, "the ledger says reason None, not no_answer"),
        ({"ended_by": "member"}, "the ledger says ended_by caller, not member"),
        ({"legs": _LEGS | {CAROL: "busy"}}, "'0844441910': 'busy'"),
        ({"legs": {BOB: "answered"}}, "not {'0844441909': 'answered'}"),
    ],
)
def test_a_wrong_row_is_reported(answered: Answered, change: dict[str, Any], said: str) -> None:
    """Each column that is promised, and each leg."""
    assert said in the_one(answered.ledger(**change))


def test_each_attempt_and_its_time_are_read(answered: Answered) -> None:
    """A leg that was tried once, if twice was promised; one that was invited at once, if later was."""
    assert "'0844441909': ['busy', 'answered']" in the_one(answered.ledger(legs=_LEGS | {BOB: ["busy", "answered"]}))
    later = the_one(answered.ledger(offered_after={CAROL: 5.0}))
    assert later.startswith(f"{CAROL} was invited after 0.")


def test_the_second_gateway_is_looked_at(answered: Answered) -> None:
    """It got nothing, if something was promised."""
    found = answered.expecting(second_gateway={"INVITE": 1})
    assert found == ["the second gateway got {}, not {'INVITE': 1}", "0 Call-IDs for 1 legs"]


def test_a_media_address_that_passes_is_reported(answered: Answered, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the edge has an rtpengine: this one has none, so each side saw the other's."""
    settings = answered.edge.stack.settings
    monkeypatch.setattr(answered.edge.stack, "settings", settings.model_copy(update={"rtpengine": "own"}))
    found = answered.expecting()
    assert any(one.startswith("leak: address 127.0.0.11 in c= of the SDP in body c=") for one in found), found


def test_a_call_that_was_not_placed_is_reported(answered: Answered) -> None:
    """Two were promised."""
    after = [{"caller": [486], "sms": {}}]
    assert the_one(answered.expecting(after=after)) == "the caller placed 1 calls, not 2"


def test_each_call_is_checked_for_itself(edge: Edge) -> None:
    """Whatever is wrong with the second one is said of the second one."""
    scenario = load("34")
    played = play(scenario, edge)
    assert problems(scenario, edge, played) == []
    [second] = scenario.expect.after
    wrong = second.model_copy(update={"caller": [503], "ledger": None, "sms": {BOB: "…"}})
    expect = scenario.expect.model_copy(update={"after": [wrong]})
    assert problems(scenario.model_copy(update={"expect": expect}), edge, played, _IMPATIENT) == [
        "call 2: the caller saw [486], not [503]",
        "call 2: the ledger knows this call",
        "call 2: the sink received {}, not {'0844441909': '…'}",
    ]


def test_a_call_that_should_not_be_known_is_reported(answered: Answered) -> None:
    """No ledger row promised means that there must be none."""
    assert the_one(answered.expecting(ledger=None)) == "the ledger knows this call"


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {CAROL: "(vContact) Ban vua nhan cuoc goi tu so 0909789846."},
        {BOB: "(vContact) Ban vua nhan cuoc goi tu so 0909789846"},
        {BOB: "(vContact) Ban vua nhan cuoc goi tu so 0909789846.", DAVE: "(vContact) Ban vua nhan cuoc goi."},
    ],
)
def test_wrong_sms_are_reported(answered: Answered, texts: dict[str, str]) -> None:
    """None, to somebody else, one letter short, one too many."""
    assert the_one(answered.expecting(sms=texts)).startswith("the sink received {")


def test_the_log_is_read(answered: Answered) -> None:
    """A line that is not there, and words that are."""
    assert the_one(answered.expecting(log=["legs=4", "legs=5"])) == "the log lacks 'legs=5'"
    assert the_one(answered.without(log=["received hotline="])) == "the log has 'received hotline='"


def test_the_logs_of_other_parts_are_read(answered: Answered) -> None:
    """A number, an error; and words that may be there."""
    log = answered.edge.stack.log("sender")
    before = log.stat().st_size
    with log.open("a") as file:
        file.write(f"sms: alarm=x {CALLER}\n")
    excused, found = answered.expecting(may_log={"sender": ["alarm=x"]}), answered.expecting()
    os.truncate(log, before)
    assert excused
    assert all(each.startswith("the log of sender has the number …846 (") for each in excused)
    assert [each for each in found if each not in excused] == ["the log of sender has an error: alarm=x …846"]


def test_what_sipp_says_is_reported(answered: Answered) -> None:
    """A party that did not see what its XML expects."""
    unhappy = replace(answered.played, complaints={"caller": "SIPp exit 1: Aborting call", "gateway": ""})
    assert the_one(answered.with_played(unhappy)) == "caller: SIPp exit 1: Aborting call"


def test_silence_is_reported(answered: Answered) -> None:
    """A caller who never called cannot have been served well."""
    assert the_one(answered.with_played(replace(answered.played, packets=[]))) == "the caller sent nothing"


def test_a_leak_is_reported(answered: Answered) -> None:
    """The caller's number in one header of one leg's INVITE, after everything else was right."""
    packets = answered.played.packets
    leg = next(each for each in packets if each.dst[0] == "127.0.0.20" and each.raw.startswith(b"INVITE"))
    leaking = leg.raw.replace(b"\r\nContent-", b"\r\nSubject: " + CALLER.encode() + b"\r\nContent-", 1)
    index = packets.index(leg)
    planted = [*packets[:index], Packet(leg.at, leg.src, leg.dst, leaking), *packets[index + 1 :]]
    found = answered.with_played(replace(answered.played, packets=planted))
    assert found
    assert all(each.startswith("leak: ") for each in found)


def test_an_absent_ledger_row_is_reported(edge: Edge) -> None:
    """A stranger's call, if the ledger and an SMS were promised for it."""
    scenario = load("07")
    played = play(scenario, edge)
    assert problems(scenario, edge, played) == []
    expect = Expect.model_validate(
        scenario.expect.model_dump() | {"ledger": {"outcome": "refused", "legs": {}}, "sms": {BOB: "…"}}
    )
    wrong = scenario.model_copy(update={"expect": expect})
    assert problems(wrong, edge, played, _IMPATIENT) == ["the ledger has 0 calls", "no call, so no SMS"]
