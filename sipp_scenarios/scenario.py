"""A scenario folder, read and checked: `scenario.yml`, `caller.xml`, `gateway.xml`, shared fragments.

A name that is not known here is an error, in the YAML as in the XML: a misspelt expectation is no expectation.
"""

import re
from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tests.edge import CALLER

ROOM: Final = Path(__file__).resolve().parent
_USE: Final = re.compile(r'^\s*<use fragment="([a-z0-9_]+)" />\n', re.MULTILINE)
_VALUE: Final = re.compile(r"\{\{([a-z]+)\}\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Role = Literal["caller", "gateway", "second_gateway"]


class Given(_Strict):
    """Who calls what, and `sql`: what is not as the seed has it (`sipp_scenarios.given`).

    `watched`: words that the watch's log must have, each after the one before, until the caller speaks. `mtu`: of the
    loopback; such a scenario is played in a network namespace of its own. `tcp`: the roles that speak TCP.
    """

    caller: Literal["trunk", "stranger"]
    dialled: str
    number: str = CALLER
    sql: str = ""
    watched: list[str] = Field(default_factory=list)
    mtu: int = 0
    tcp: list[Role] = Field(default_factory=list)


class Loss(_Strict):
    """What the network loses between a role and the edge, both ways: `ACK`, `200 INVITE` …; `times` of it, or all."""

    at: Role
    what: str
    times: int | Literal["all"] = 1


class Step(_Strict):
    """What is done when the first `before` comes by between a role and the edge, while it waits.

    `kill`: a part of the stack, with -9; it stays down until a step's `restart`, which ends when it is ready.
    """

    at: Role
    before: str
    kill: str = ""
    restart: str = ""


class Play(_Strict):
    """How many legs the gateways play (0: that one is not there), and how many calls the caller, one by one.

    `like`: the scenario whose files are played by the roles that have none here. `lost`: packets, on purpose.
    `meanwhile`: what else happens.
    """

    legs: int
    second_legs: int = 0
    calls: int = 1
    like: str = ""
    lost: list[Loss] = Field(default_factory=list)
    meanwhile: list[Step] = Field(default_factory=list)


class LedgerRow(_Strict):
    """Columns of `call`, and the outcome of each leg by the member's number, national; of each attempt, if several.

    `columns`: any other ones of `call`. `reasons`: why a leg ended so. `offered_after`: seconds that a member's INVITE
    left after the first one's, at least.
    """

    outcome: str
    legs: dict[str, str | list[str]]
    reason: str | None = None
    ended_by: str | None = None
    columns: dict[str, str | int | bool | None] = Field(default_factory=dict)
    reasons: dict[str, str] = Field(default_factory=dict)
    offered_after: dict[str, float] = Field(default_factory=dict)


class Seen(_Strict):
    """What a role must have received: requests of a `cseq` (`2 INVITE`, or any `INVITE`); with a `status`, replies.

    `of`: only those with this text. There are `times` of them, or `least` at least. Each `has` all of that text and
    `lacks` all of the other, has `size` bytes at least, and came `seconds` after the caller's first INVITE at least.
    """

    at: Role
    cseq: str
    status: int = 0
    of: str = ""
    has: list[str] = Field(default_factory=list)
    lacks: list[str] = Field(default_factory=list)
    size: int = 0
    times: int | None = None
    least: int = 1
    seconds: float = 0


class Call(_Strict):
    """What must be seen of a call: the codes above 100 to its INVITEs, row, texts. No `ledger`: it must not know it."""

    caller: list[int]
    sms: dict[str, str]
    ledger: LedgerRow | None = None


class Expect(Call):
    """What must be seen of the first call, of those `after` it, and in all: requests (each once), words in the log.

    `caller_sent` counts what left the caller, retransmissions too. `orders`: in which the members rang, call by call;
    `by_chance`: not in turns of one order. `may_log`: by part, words of the lines in its log that would else be errors.
    """

    gateway: dict[str, int]
    log: list[str]
    second_gateway: dict[str, int] = Field(default_factory=dict)
    caller_sent: dict[str, int] | None = None
    after: list[Call] = Field(default_factory=list)
    seen: list[Seen] = Field(default_factory=list)
    orders: Literal["by_chance"] | None = None
    may_log: dict[str, list[str]] = Field(default_factory=dict)


class Absent(_Strict):
    """What must not be seen: requests at either gateway, words in the log."""

    gateway: list[str] = Field(default_factory=list)
    log: list[str] = Field(default_factory=list)


class Scenario(_Strict):
    """One folder."""

    folder: Path
    summary: str
    standard: str
    given: Given
    play: Play
    expect: Expect
    absent: Absent

    @property
    def name(self) -> str:
        """What it is called by: the folder's name, which begins with its number."""
        return self.folder.name

    def xml(self, role: str, **values: str) -> str:
        """The SIPp file of a role, its fragments and `{{values}}` in place (SIPp fills no [key] into a regexp).

        Raises `FileNotFoundError` for an unknown fragment, `KeyError` for an unknown value.
        """

        def fragment(found: re.Match[str]) -> str:
            return (ROOM / "fragments" / f"{found.group(1)}.xml").read_text()

        text = self._file(role).read_text()
        while _USE.search(text):  # a fragment may use others
            text = _USE.sub(fragment, text)
        text = _VALUE.sub(lambda found: values[found.group(1)], text)
        if "<use" in text:
            raise ValueError(f"{self.name}/{role}.xml: a <use> that cannot be read")
        return text

    def _file(self, role: str) -> Path:
        file = self.folder / f"{role}.xml"
        return file if file.exists() or not self.play.like else load(self.play.like)._file(role)


def names() -> list[str]:
    """The names of all scenarios, in order."""
    return sorted(folder.parent.name for folder in ROOM.glob("*/scenario.yml"))


def load(name: str) -> Scenario:
    """Read a scenario by its name or number. Raises `FileNotFoundError`, `pydantic.ValidationError`."""
    found = next((each for each in names() if name in {each, each.split("_")[0], each.split("_")[0].lstrip("0")}), None)
    if found is None:
        raise FileNotFoundError(f"no scenario {name}; there are {', '.join(names())}")
    return read(ROOM / found)


def read(folder: Path) -> Scenario:
    """Read the scenario in `folder`. Raises `FileNotFoundError`, `pydantic.ValidationError` for what is not known."""
    described = yaml.safe_load((folder / "scenario.yml").read_text())
    return Scenario(folder=folder, **described)
