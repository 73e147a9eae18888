"""What is known of a run when it is over: the plan, and three tellings of the same calls, none of which knows another.

Numbers are national, as people dial them; times are seconds since the epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.kill.stories import Plan
from tests.leaks import Sides
from tests.sip.wire import Packet


@dataclass(frozen=True)
class LegRow:
    """A row of `call_leg`. `sip_call_id`: the Call-ID that this leg has on the wire, by the edge's key."""

    leg: int
    sip_call_id: str
    number: str
    outcome: str
    code: int | None = None
    has_rung: bool = False


@dataclass(frozen=True)
class ToldRow:
    """A row of `notification`. `unknown`: its attempts without an end, whose fate nobody knows."""

    id: str
    number: str
    kind: str
    state: str
    unknown: int = 0


@dataclass(frozen=True)
class CallRow:
    """A row of `call` with what hangs on it. `sip_call_id` is the caller's."""

    id: str
    sip_call_id: str
    dialled: str
    instance: str
    arrived: float
    outcome: str
    reason: str | None = None
    final_code: int | None = None
    answered_leg: int | None = None
    ended_by: str | None = None
    legs: tuple[LegRow, ...] = ()
    told: tuple[ToldRow, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """One run, as it was planned, as the wire saw it, as the ledger has it, as the SMS provider received it."""

    plan: Plan
    packets: Sequence[Packet]
    calls: Sequence[CallRow]
    posts: Sequence[dict[str, Any]]
    sides: Sides
    struck: bool = True
    dead_letters: int = 0
    unread: Sequence[str] = ()  # spool files that the ledger has not read to their end
    miscounted: str = ""  # counters that do not say what is open, long after
    unsettled: str = ""  # what was still going on when the patience was over
    began: float = 0.0
    ended: float = 0.0
