"""A run that never was, in which everything went as it should: what test_reconcile.py plants its discrepancies in."""

from collections.abc import Iterator
from typing import Any, Final

from tests.kill.evidence import CallRow, Evidence, LegRow, ToldRow
from tests.kill.faults import AFTER_COMMIT, Fault
from tests.kill.stories import Plan, Story, Ways, plan
from tests.leaks import Sides
from tests.sip.message import Header, build
from tests.sip.wire import Packet

EDGE: Final = ("127.0.0.1", 5060)
CALLER: Final = ("127.0.0.10", 5070)
GATEWAY: Final = ("127.0.0.20", 5080)
ARRIVED: Final = 1_568_894_940.25  # 19:09 19/09/2019 in the tenant's zone
TEXTS: Final = {
    "missed": "(vContact) Ban da bi nho 1 cuoc goi tu so {} vao luc 19:09 19/09/2019. Vui long kiem tra va lien he lai",
    "answered": "(vContact) Ban vua nhan cuoc goi tu so {}.",
}
_CODES: Final = {"no such hotline": 404, "no group": 480, "all refuse": 480, "nobody answers": 480}
_OUTCOMES: Final = {486: "busy", 603: "declined", 480: "no_answer", 0: "no_answer"}


def evidence(fault: Fault = AFTER_COMMIT) -> Evidence:
    """Return the evidence of run 0 of seed 1, as a run in which nothing is lost leaves it."""
    played = plan(1, 0, fault)
    rows = [_row(index, story) for index, story in enumerate(played.stories)]
    packets = [packet for index, story in enumerate(played.stories) for packet in _Wire(index, story).packets()]
    return Evidence(played, packets, rows, list(_posts(played, rows)), _sides(played))


def call_id(index: int) -> str:
    """Return the Call-ID of the caller of the story with this index."""
    return f"c{index:02}@pbx"


def leg_id(index: int, leg: int) -> str:
    """Return the Call-ID of a leg."""
    return f"L{index:02}{leg}@e"


def tag(index: int, leg: int) -> str:
    """Return the tag of a leg's telephone."""
    return f"t{index:02}{leg}"


def packet(way: str, call: str, start: str, cseq: str, to_tag: str = "", at: float = 0.0, *extra: Header) -> Packet:
    """Return one message; `way` is traffic.Way."""
    ends = {"caller": CALLER, "member": GATEWAY}[way.split()[1]]
    source, target = (ends, EDGE) if way.startswith("from") else (EDGE, ends)
    to = f"<sip:x@e>;tag={to_tag}" if to_tag else "<sip:x@e>"
    fields: list[Header] = [("From", "<sip:y@e>;tag=f"), ("To", to), ("Call-ID", call), ("CSeq", cseq), *extra]
    return Packet(ARRIVED - 0.01 + at, source, target, build(start, fields).raw)


class _Wire:
    """The messages of one story."""

    def __init__(self, index: int, story: Story) -> None:
        self.index, self.story, self.caller = index, story, call_id(index)
        self.winner = next((leg for leg, (_, ways) in enumerate(story.members) if ways.final == 200), None)

    def packets(self) -> Iterator[Packet]:
        invite, contact = f"INVITE sip:{self.story.hotline}@e SIP/2.0", f"<sip:{self.story.caller}@{CALLER[0]}>"
        yield packet("from caller", self.caller, invite, "1 INVITE", "", 0.0, ("Contact", contact))
        for leg, (number, ways) in enumerate(self.story.members):
            yield from self._leg(leg, number, ways)
        if self.story.members:
            yield packet("to caller", self.caller, "SIP/2.0 180 Ringing", "1 INVITE", tag(self.index, 0), 0.2)
        if self.story.name.endswith("gives up"):
            yield packet("from caller", self.caller, f"CANCEL sip:{self.story.hotline}@e SIP/2.0", "1 CANCEL", "", 0.3)
        if self.winner is None:
            code = _CODES.get(self.story.name, 487)
            yield packet("to caller", self.caller, f"SIP/2.0 {code} No", "1 INVITE", "edge", 0.4)
        else:
            yield from self._talk(self.winner, self.story.bye_by)
            for leg, (_, ways) in enumerate(self.story.members):
                if ways.picks_up_when_cancelled:
                    yield from self._talk(leg, "caller")

    def _leg(self, leg: int, number: str, ways: Ways) -> Iterator[Packet]:
        name, mine = leg_id(self.index, leg), tag(self.index, leg)
        yield packet("to member", name, f"INVITE sip:{number}@g SIP/2.0", "1 INVITE", "", 0.1)
        yield packet("from member", name, "SIP/2.0 180 Ringing", "1 INVITE", mine, 0.15)
        if ways.final > 200:
            yield packet("from member", name, f"SIP/2.0 {ways.final} No", "1 INVITE", mine, 0.25)
        if self.winner not in {None, leg}:
            cancel = f"CANCEL sip:{number}@g SIP/2.0"
            yield packet("to member", name, cancel, "1 CANCEL", "", 0.35, ("Reason", "SIP;cause=200"))

    def _talk(self, leg: int, bye_by: str) -> Iterator[Packet]:
        name, mine = leg_id(self.index, leg), tag(self.index, leg)
        yield packet("from member", name, "SIP/2.0 200 OK", "1 INVITE", mine, 0.3 + leg / 100)
        yield packet(
            "to caller", self.caller, "SIP/2.0 200 OK", "1 INVITE", mine, 0.4 + leg / 100 * (leg != self.winner)
        )
        ends = [("caller", self.caller), ("member", name)]
        (near, first), (far, second) = ends if bye_by == "caller" else ends[::-1]
        yield packet(f"from {near}", first, "BYE sip:z@e SIP/2.0", "2 BYE", mine, 0.5)
        yield packet(f"to {far}", second, "BYE sip:z@e SIP/2.0", "2 BYE", mine, 0.51)
        yield packet(f"from {far}", second, "SIP/2.0 200 OK", "2 BYE", mine, 0.52)
        yield packet(f"to {near}", first, "SIP/2.0 200 OK", "2 BYE", mine, 0.53)


def _row(index: int, story: Story) -> CallRow:
    winner = next((leg for leg, (_, ways) in enumerate(story.members) if ways.final == 200), None)
    legs = tuple(_leg_row(index, leg, number, ways, winner) for leg, (number, ways) in enumerate(story.members))
    if not story.members:
        outcome, reason = "refused", "no such hotline" if "such" in story.name else "the hotline has no group"
    elif winner is not None:
        outcome, reason = "answered", None
    else:
        cause = {"all refuse": "all_refused", "nobody answers": "no_answer"}.get(story.name, "caller_gave_up")
        outcome, reason = "missed", cause
    code = 200 if winner is not None else _CODES.get(story.name, 487)
    ended_by = None if winner is None else story.bye_by
    told = tuple(_told_rows(index, story, winner)) if story.members else ()
    return CallRow(
        f"{index:020x}", call_id(index), story.hotline, "kill-1", ARRIVED, outcome, reason, code, winner, ended_by,
        legs, told,
    )  # fmt: skip


def _leg_row(index: int, leg: int, number: str, ways: Ways, winner: int | None) -> LegRow:
    outcome, code = _OUTCOMES[0], None
    if leg == winner:
        outcome, code = "answered", 200
    elif ways.picks_up_when_cancelled:
        outcome, code = "answered_elsewhere", 200
    elif winner is not None:
        outcome = "cancelled"
    elif ways.final:
        outcome, code = _OUTCOMES[ways.final], ways.final
    return LegRow(leg, leg_id(index, leg), number, outcome, code, has_rung=True)


def _told_rows(index: int, story: Story, winner: int | None) -> Iterator[ToldRow]:
    for leg, (number, _) in enumerate(story.members):
        if winner in {None, leg}:
            state = "withheld" if story.withheld else "accepted"
            state = "not_applicable" if number.startswith("028") else state
            yield ToldRow(f"{index}{leg}", number, "missed" if winner is None else "answered", state)


def _posts(played: Plan, rows: list[CallRow]) -> Iterator[dict[str, Any]]:
    for story, row in zip(played.stories, rows, strict=True):
        for told in row.told:
            if told.state == "accepted":
                yield {"id": told.id, "to": told.number, "text": TEXTS[told.kind].format(story.caller)}


def _sides(played: Plan) -> Sides:
    hotlines = frozenset(story.hotline for story in played.stories)
    numbers = frozenset(number for story in played.stories for number, _ in story.members)
    return Sides(frozenset({CALLER[0]}), frozenset({GATEWAY[0]}), hotlines | {EDGE[0]}, numbers)
