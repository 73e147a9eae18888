"""Who is told: design.md §3.4 against the ledger's notifications, and those against what the SMS provider received."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.kill.evidence import CallRow, Evidence, ToldRow
from tests.kill.faults import BEFORE_POST, BEFORE_RECORD
from tests.kill.stories import Story
from tests.kill.view import View

_ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")
_TEXTS: Final = {
    "answered": "(vContact) Ban vua nhan cuoc goi tu so {number}.",
    "missed": "(vContact) Ban da bi nho 1 cuoc goi tu so {number} vao luc {when:%H:%M %d/%m/%Y}."
    " Vui long kiem tra va lien he lai",
}
_LANDLINE: Final = "028"


def due(story: Story, row: CallRow) -> dict[str, tuple[str, str]]:
    """Return who must be told of a call with this outcome: the notification's kind and final state, by number."""
    everybody = [number for number, _ in story.members]
    if row.outcome == "answered":
        everybody = [leg.number for leg in row.legs if leg.leg == row.answered_leg]
    elif row.outcome not in {"missed", "interrupted"}:
        return {}
    kind = "answered" if row.outcome == "answered" else "missed"
    return {number: (kind, _state(story, number)) for number in everybody}


def notified(view: View) -> Iterator[str]:
    """Every notification that should exist does, once per call and member, in its final state; no other."""
    for row in view.rows:
        wanted, found = due(view.story, row), {told.number: (told.kind, told.state) for told in row.told}
        for number in sorted(wanted.keys() | found.keys()):
            if wanted.get(number) != found.get(number):
                yield f"{number} is to be told {wanted.get(number)}, the ledger says {found.get(number)}"
        for number, times in Counter(told.number for told in row.told).items():
            if times > 1:
                yield f"{number} has {times} notifications of one call"


def sms(evidence: Evidence, views: Sequence[View]) -> Iterator[str]:
    """Each accepted notification is one SMS at the provider, word for word; nothing else is there."""
    posts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for post in evidence.posts:
        posts[str(post["id"])].append(post)
    for view in views:
        for row in view.rows:
            for told in row.told:
                yield from _one(evidence, view.story, row, told, posts.pop(told.id, []))
    yield from (f"SMS {number}: no notification of the ledger asked for it" for number in posts)


def fates(evidence: Evidence, views: Sequence[View]) -> Iterator[str]:
    """One request has an unknown fate where the sender was killed, none where it was not."""
    unknown = sum(told.unknown for view in views for row in view.rows for told in row.told)
    expected = 1 if evidence.struck and evidence.plan.fault in {BEFORE_POST, BEFORE_RECORD} else 0
    if unknown != expected:
        yield f"{unknown} requests to the provider have an unknown fate, {expected} should"


def doubled(evidence: Evidence) -> int:
    """Return how many SMS the provider received more often than once."""
    return sum(times > 1 for times in Counter(str(post["id"]) for post in evidence.posts).values())


def _one(
    evidence: Evidence, story: Story, row: CallRow, told: ToldRow, posts: Sequence[dict[str, Any]]
) -> Iterator[str]:
    what = f"{story.name}: the SMS to {told.number}"
    least = 1 if told.state == "accepted" else 0
    # Only the request whose fate nobody knows may be made again (kemi/decisions/0006).
    most = least + (told.unknown if evidence.plan.fault == BEFORE_RECORD else 0)
    if not least <= len(posts) <= most:
        yield f"{what} ({told.state}) was received {len(posts)} times"
    text = _TEXTS[told.kind].format(number=story.caller, when=datetime.fromtimestamp(row.arrived, _ZONE))
    for post in posts:
        if post["to"] != told.number:
            yield f"{what} went to {post['to']}"
        if post["text"] != text:
            yield f"{what} says {post['text']!r}"
        if told.number.startswith(_LANDLINE):
            yield f"{what} went to a landline"
        if story.withheld:
            yield f"{what} tells of a caller who withheld his number"


def _state(story: Story, number: str) -> str:
    if number.startswith(_LANDLINE):
        return "not_applicable"
    return "withheld" if story.withheld else "accepted"
