"""The calls: what the wire saw against what the ledger says, both against the story. Each check yields problems."""

from collections.abc import Iterator
from typing import Final

from tests.kill.view import FINAL, REFUSAL, RINGING, SUCCESS, View

ENDS: Final = {
    "talks": ("answered", None, 200),
    "hangs up": ("answered", None, 200),
    "is hung up": ("answered", None, 200),
    "two answer": ("answered", None, 200),
    "gives up": ("missed", "caller_gave_up", 487),
    "withheld gives up": ("missed", "caller_gave_up", 487),
    "all refuse": ("missed", "all_refused", 480),
    "nobody answers": ("missed", "no_answer", 480),
    "no such hotline": ("refused", "no such hotline", 404),
    "no group": ("refused", "the hotline has no group", 480),
}


def once(view: View) -> Iterator[str]:
    """A call is in the ledger once. Twice only where the edge died before anything of the first try had left."""
    if len(view.rows) > (2 if view.edge_died else 1):
        yield f"is in the ledger {len(view.rows)} times"
    if len({row.instance for row in view.rows}) < len(view.rows):
        yield "is in the ledger twice, by one start of the edge"
    for first in view.rows[:-1]:
        if first.outcome not in {"interrupted", "refused"}:
            yield f"is in the ledger twice, once as {first.outcome}"
        if any(view.member(leg, "to member", "INVITE") for leg in first.legs):
            yield "is in the ledger twice, and both rang"


def ended_as_told(view: View) -> Iterator[str]:
    """The outcome is that of the story, or `interrupted` where the edge died."""
    row, end = view.row, ENDS[view.story.name]
    if row.outcome == "interrupted" and view.edge_died and end[0] != "refused":
        return
    if (row.outcome, row.reason, row.final_code) != end:
        yield f"ended as {end}, the ledger says {(row.outcome, row.reason, row.final_code)}"
    if row.outcome == "answered":
        winner = [number for number, ways in view.story.members if ways.final == 200]
        named = [leg.number for leg in row.legs if leg.leg == row.answered_leg and leg.outcome == "answered"]
        if named != winner:
            yield f"was answered by {winner}, the ledger says {named}"


def arrived_when_it_came(view: View) -> Iterator[str]:
    """Each row's arrival is that of an INVITE on the wire; before it, and not long."""
    for row in view.rows:
        if not any(-0.05 < row.arrived - said.at < 5 for said in view.caller("from caller", "INVITE")):
            yield "arrived in the ledger when no INVITE was on the wire"


def caller_told(view: View) -> Iterator[str]:
    """What the caller got is what the ledger says he got; he may have got nothing only where the edge died."""
    row, answers = view.row, view.answers()
    negative = {said.message.status for said in view.caller("to caller", "INVITE", REFUSAL)}
    if row.outcome != "answered" and answers:
        yield f"got a 200, the ledger says {row.outcome}"
    if negative - {row.final_code if row.outcome in {"missed", "refused"} else None}:
        yield f"got {sorted(negative)}, the ledger says {row.outcome} {row.final_code}"
    if not view.edge_died and not view.caller("to caller", "INVITE", FINAL):
        yield f"got no final reply, though nobody killed the edge; the ledger says {row.outcome}"
    if view.caller("to caller", "INVITE", RINGING) and not any(leg.has_rung for leg in row.legs):
        yield "heard it ring, the ledger knows of nobody who rang"


def right_leg_won(view: View) -> Iterator[str]:
    """The first 200 that the caller got is the winner's, a further one is `answered_elsewhere`."""
    for index, (tag, leg) in enumerate(view.answers().items()):
        if leg is None:
            yield f"got a 200 (tag {tag}) that no leg of the ledger gave"
        elif index == 0 and leg.leg != view.row.answered_leg:
            yield f"got the 200 of {leg.number}, the ledger says leg {view.row.answered_leg} answered"
        elif index > 0 and leg.outcome != "answered_elsewhere":
            yield f"got a second 200, of {leg.number}, whose leg is {leg.outcome}"


def legs_left(view: View) -> Iterator[str]:
    """What left for a member is a leg of the ledger, to its number; all of them left, unless the edge died."""
    for row in view.rows:
        for leg in row.legs:
            sent = view.member(leg, "to member", "INVITE")
            if not sent and not view.edge_died:
                yield f"has a leg to {leg.number} in the ledger that never left"
            if any(leg.number not in said.message.uri for said in sent):
                yield f"rang {sent[0].message.uri}, the ledger says {leg.number}"
    cancels = [said for leg in view.row.legs for said in view.member(leg, "to member", "CANCEL")]
    if view.row.outcome != "answered" and any("cause=200" in said.message.get("reason") for said in cancels):
        yield f"was cancelled because another answered, the ledger says {view.row.outcome}"


def nothing_invented(view: View) -> Iterator[str]:
    """What the ledger says of a party was on the wire."""
    row = view.row
    for leg in row.legs:
        codes = range(leg.code, leg.code + 1) if leg.code else None
        if codes and not view.member(leg, "from member", "INVITE", codes):
            yield f"{leg.number} is {leg.outcome} {leg.code} in the ledger, not on the wire"
        if leg.has_rung and not view.member(leg, "from member", "INVITE", RINGING):
            yield f"{leg.number} rang in the ledger, not on the wire"
    if row.reason == "caller_gave_up" and not view.caller("from caller", "CANCEL"):
        yield "gave up in the ledger, not on the wire"
    byes = {
        "caller": view.caller("from caller", "BYE"),
        "member": [bye for leg in row.legs for bye in view.member(leg, "from member", "BYE")],
    }
    if row.ended_by and not byes[row.ended_by]:
        yield f"was ended by the {row.ended_by} in the ledger, not on the wire"


def hung_up(view: View) -> Iterator[str]:
    """Each answer that reached the caller ends with a BYE that reaches the other side, is answered, and is told of."""
    for index, leg in enumerate(view.answers().values()):
        if leg is None:
            continue
        by = view.story.bye_by if index == 0 else "caller"
        if by == "caller":
            arrived, done = view.member(leg, "to member", "BYE"), view.caller("to caller", "BYE", SUCCESS)
        else:
            arrived, done = view.caller("to caller", "BYE"), view.member(leg, "to member", "BYE", SUCCESS)
        if not arrived:
            yield f"the BYE of the {by} (leg to {leg.number}) did not arrive at the other side"
        if not done:
            yield f"the BYE of the {by} (leg to {leg.number}) got no 200"
        if index == 0 and view.row.ended_by != by:
            yield f"was ended by the {by}, the ledger says {view.row.ended_by}"


CHECKS: Final = (
    once, ended_as_told, arrived_when_it_came, caller_told, right_leg_won, legs_left, nothing_invented, hung_up,
)  # fmt: skip
