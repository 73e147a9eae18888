"""The calls of a run, each to a hotline of its own, so that a member's number tells whose leg it is.

    story                 members                            caller                          ends as
    --------------------  ---------------------------------  ------------------------------  ------------------
    talks                 one answers                        BYE (or his) after the restart  answered
    hangs up              one answers                        BYE soon                        answered
    is hung up            one answers, BYE soon                                              answered
    two answer            one answers, one when cancelled    BYE after the restart           answered, elsewhere
    gives up              ring                               CANCEL                          missed
    withheld gives up     ring                               CANCEL; Privacy: id             missed
    all refuse            486, 603, 480                                                      missed
    nobody answers        ring on                                                            missed
    no such hotline       –                                                                  refused
    no group              –                                                                  refused

Those are the ends where nothing is killed; all times are dice of the run's seed.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tests.kill.faults import FAULTS, Fault

RING_SECONDS: Final = 3  # the shortest that a group may have
Side = Literal["caller", "member"]


@dataclass(frozen=True)
class Ways:
    """How a telephone behaves; times in seconds after its INVITE. `code` is its 18x; `final` 0: it rings on."""

    rings_after: float
    code: int = 180
    final: int = 0
    final_after: float = 0.0
    picks_up_when_cancelled: bool = False


@dataclass(frozen=True)
class Story:
    """A call, before it happens. `talks`: seconds until the BYE; None: until the run comes to its end."""

    name: str
    hotline: str
    caller: str
    starts_after: float
    withheld: bool = False
    members: tuple[tuple[str, Ways], ...] = ()
    gives_up_after: float | None = None
    talks: float | None = None
    bye_by: Side = "caller"


@dataclass(frozen=True)
class Plan:
    """One run: the fault, how many times its point is passed before it strikes, and the calls."""

    number: int
    fault: Fault
    nth: int
    stories: tuple[Story, ...]


RINGING_STORIES: Final = (
    "talks", "hangs up", "is hung up", "two answer", "gives up", "withheld gives up", "all refuse", "nobody answers",
)  # fmt: skip
NO_SUCH_HOTLINE: Final = "02727777098"
NO_GROUP: Final = "02727777099"


def hotline(index: int) -> str:
    """Return the hotline of the story with this index, national."""
    return f"02727777{index:03}"


def members(index: int) -> tuple[str, str, str]:
    """Return the members behind it, national: two mobiles and a landline."""
    return f"098765{index:02}10", f"098765{index:02}20", f"028381{index:02}300"


def plan(seed: int, number: int, fault: Fault | None = None) -> Plan:
    """Return run `number` of `seed`: the same for ever. Each fault comes once in as many runs as there are faults."""
    order = random.Random(f"{seed}/order/{number // len(FAULTS)}").sample(FAULTS, len(FAULTS))
    fault = fault or order[number % len(FAULTS)]
    dice = random.Random(f"{seed}/run/{number}")
    nth = dice.randint(1, fault.most)
    told = [_story(index, name, dice) for index, name in enumerate(RINGING_STORIES)]
    refused = [
        Story("no such hotline", NO_SUCH_HOTLINE, _caller(dice), dice.uniform(0, 0.4)),
        Story("no group", NO_GROUP, _caller(dice), dice.uniform(0, 0.4)),
    ]
    return Plan(number, fault, nth, (*told, *refused))


def _story(index: int, name: str, dice: random.Random) -> Story:
    return Story(
        name,
        hotline(index),
        _caller(dice),
        starts_after=dice.uniform(0, 0.4),
        withheld=name == "withheld gives up",
        members=tuple(zip(members(index), _ways(name, dice), strict=True)),
        gives_up_after=dice.uniform(0.1, 0.8) if name.endswith("gives up") else None,
        talks=dice.uniform(0.05, 0.4) if name in {"hangs up", "is hung up"} else None,
        bye_by="member" if name == "is hung up" else dice.choice(("caller", "member")) if name == "talks" else "caller",
    )


def _ways(name: str, dice: random.Random) -> Sequence[Ways]:
    ring = [Ways(dice.uniform(0, 0.3), dice.choice((180, 183))) for _ in range(3)]
    if name == "all refuse":
        codes = dice.sample((486, 603, 480), 3)
        return [_then(one, code, dice) for one, code in zip(ring, codes, strict=True)]
    if name in {"talks", "hangs up", "is hung up", "two answer"}:
        winner = dice.randrange(3)
        ring[winner] = _then(ring[winner], 200, dice)
    if name == "two answer":
        other = (winner + 1) % 3
        ring[other] = Ways(0.0, ring[other].code, picks_up_when_cancelled=True)
    return ring


def _then(ways: Ways, final: int, dice: random.Random) -> Ways:
    return Ways(ways.rings_after, ways.code, final, ways.rings_after + dice.uniform(0.05, 0.6))


def _caller(dice: random.Random) -> str:
    return f"09097{dice.randrange(100_000):05}"
