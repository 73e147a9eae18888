"""The ledger after the walk: each call that rang, or was refused by the book, is there once and has come to an end."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from deploy.wait import until
from kemi.domain.redaction import redacted
from tests.edge import Edge
from tests.walk.scene import Scene

_OVER_SECONDS: Final = 25.0  # ring time, grace, and what is still in the spool
_EXPECTED: Final = {
    "answered": {"answered"}, "answered twice": {"answered"}, "answered as cancelled": {"answered", "missed"},
    "cancelled unheard": {"missed"}, "cancelled ringing": {"missed"}, "all refuse": {"missed"}, "no answer": {"missed"},
    "answered too late": {"missed"}, "answered unreadably": {"missed"},
}  # fmt: skip
_LEGS: Final = """
    select sip_call_id, count(*) as legs from call join call_leg on call_id = call.id and leg < 1000 group by call.id
"""
_CALLS: Final = "select sip_call_id, outcome, ended_at is not null as ended from call"


def check(edge: Edge, scenes: Sequence[Scene], is_disturbed: Callable[[Scene], bool]) -> list[str]:
    """Return what the ledger says otherwise than the walk."""
    ledger = edge.ledger

    def is_over() -> bool:
        return not ledger.rows("select 1 from call where outcome = 'ringing' limit 1") and _has_all(edge, scenes)

    until(is_over, _OVER_SECONDS)
    rows = ledger.rows(_CALLS)
    count = Counter(row["sip_call_id"] for row in rows)
    found = {row["sip_call_id"]: row for row in rows}
    legs = {row["sip_call_id"]: row["legs"] for row in ledger.rows(_LEGS)}
    problems = []
    for scene in scenes:
        expected = _EXPECTED.get(scene.story.outcome)
        key = call_id(scene)
        # A caller who was not answered by the old start of the edge has called the new one with the same INVITE.
        is_once = count[key] == 1 or (is_disturbed(scene) and count[key] in {0, 1, 2})
        if expected is None:
            if count[key] > 1:
                problems.append(f"call {scene.story.number} ({scene.story.why}) is {count[key]} times in the ledger")
        elif not is_once:
            problems.append(f"call {scene.story.number} ({scene.story.outcome}) is {count[key]} times in the ledger")
        elif count[key] and found[key]["outcome"] not in expected and not is_disturbed(scene):
            problems.append(
                f"call {scene.story.number} ({scene.story.outcome}) is {found[key]['outcome']} in the ledger"
            )
        if count[key] and not is_disturbed(scene) and not _is_told(scene, legs.get(key, 0)):
            problems.append(
                f"call {scene.story.number} ({scene.story.outcome}) has {legs.get(key, 0)} legs in the ledger,"
                f" {len(scene.legs)} on the wire"
            )
    return problems


def _is_told(scene: Scene, legs: int) -> bool:
    """Say whether each leg of the wire is in the ledger; there may be one more, which a CANCEL has overtaken."""
    is_canceled = scene.story.cancel_after is not None
    return legs >= len(scene.legs) if is_canceled else legs == len(scene.legs)


def call_id(scene: Scene) -> str:
    """Return the Call-ID as the ledger has it."""
    told = scene.story.invite
    return redacted(told.call_id) if told.withheld else told.call_id


def _has_all(edge: Edge, scenes: Sequence[Scene]) -> bool:
    there = {row["sip_call_id"] for row in edge.ledger.rows("select sip_call_id from call")}
    return all(call_id(scene) in there for scene in scenes if scene.story.outcome in _EXPECTED)
