"""The checker can fail: whatever a scenario promises wrongly is reported, and what it cannot read is an error."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pydantic
import pytest
import yaml

from sipp_scenarios.check import problems
from sipp_scenarios.play import Played, play
from sipp_scenarios.scenario import ROOM, Absent, Expect, Scenario, load, read
from tests.edge import BOB, CALLER, CAROL, DAVE, Edge
from tests.sip.wire import Packet

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


def test_what_sipp_says_is_reported(answered: Answered) -> None:
    """A party that did not see what its XML expects."""
    unhappy = replace(answered.played, complaints={"caller": "exit 1: Aborting call", "gateway": ""})
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


def described(folder: Path, **changes: Any) -> Path:
    """Scenario 01 written to `folder` with other keys; None leaves one out."""
    text = (ROOM / "01_a_member_answers" / "scenario.yml").read_text()
    keys = {key: value for key, value in (yaml.safe_load(text) | changes).items() if value is not None}
    (folder / "scenario.yml").write_text(yaml.safe_dump(keys))
    return folder


@pytest.mark.parametrize(
    "misspelt",
    [
        {"expects": {}},
        {"play": {"legs": 4, "leg": 4}},
        {"absent": {"gatewey": ["BYE"]}},
        {"given": {"caller": "trunk", "dialled": "02727777787", "ring_second": 3}},
        {"expect": {"caller": [], "gateway": {}, "sms": {}, "log": [], "logs": []}},
        {
            "expect": {
                "caller": [],
                "gateway": {},
                "sms": {},
                "log": [],
                "ledger": {"outcome": "", "legs": {}, "by": ""},
            }
        },
    ],
)
def test_a_misspelt_key_is_an_error(tmp_path: Path, misspelt: dict[str, Any]) -> None:
    """Wherever it stands: an expectation that nobody reads is no expectation."""
    with pytest.raises(pydantic.ValidationError, match="Extra inputs are not permitted"):
        read(described(tmp_path, **misspelt))


@pytest.mark.parametrize("left_out", [{"summary": None}, {"expect": None}, {"play": {}}])
def test_a_missing_key_is_an_error(tmp_path: Path, left_out: dict[str, Any]) -> None:
    """What must be said has no default."""
    with pytest.raises(pydantic.ValidationError, match="Field required"):
        read(described(tmp_path, **left_out))


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('  <use fragment="caller_invites" />', FileNotFoundError),
        ("  <use fragment=caller_invite />", ValueError),
        ("  <!-- {{fifth}} -->", KeyError),
    ],
)
def test_an_unknown_name_in_the_xml_is_an_error(tmp_path: Path, line: str, error: type[Exception]) -> None:
    """A fragment that does not exist, a use that cannot be read, a value that nobody gives."""
    (tmp_path / "caller.xml").write_text(f"<scenario>\n{line}\n</scenario>\n")
    scenario = load("01").model_copy(update={"folder": tmp_path})
    with pytest.raises(error):
        scenario.xml("caller", first=BOB, second=CAROL)
