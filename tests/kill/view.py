"""One call of a run from all sides: its story, its rows in the ledger, its messages on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.kill.evidence import CallRow, Evidence, LegRow
from tests.kill.stories import Story
from tests.kill.traffic import Said, Traffic, Way

FINAL, SUCCESS, REFUSAL, RINGING = range(200, 700), range(200, 300), range(300, 700), range(180, 190)


@dataclass(frozen=True)
class View:
    """What the checks look at. `edge_died`: Kamailio was killed, so an event may be there without its message."""

    story: Story
    sip_call_id: str
    rows: Sequence[CallRow]
    traffic: Traffic
    edge_died: bool

    @property
    def row(self) -> CallRow:
        """The row of the call as it really went: the last, where the edge died before the first had any message."""
        return self.rows[-1]

    def caller(self, way: Way, method: str, codes: range | None = None) -> list[Said]:
        """What passed between the caller and the edge."""
        return self.traffic.said(self.sip_call_id, way, method, codes)

    def member(self, leg: LegRow, way: Way, method: str, codes: range | None = None) -> list[Said]:
        """What passed between the edge and a member."""
        return self.traffic.said(leg.sip_call_id, way, method, codes)

    def answers(self) -> dict[str, LegRow | None]:
        """The 2xx that reached the caller: his To tags, each with the leg that gave it."""
        tags = dict.fromkeys(one.message.to_tag for one in self.caller("to caller", "INVITE", SUCCESS))
        return {tag: next((leg for leg in self.row.legs if self._gave(leg, tag)), None) for tag in tags}

    def _gave(self, leg: LegRow, tag: str) -> bool:
        return any(one.message.to_tag == tag for one in self.member(leg, "from member", "INVITE", SUCCESS))


def views(evidence: Evidence, traffic: Traffic) -> list[View]:
    """Return the calls of a run that are on the wire and in the ledger, in the order of their stories."""
    found = []
    for story in evidence.plan.stories:
        for call_id in traffic.call_ids(story):
            rows = sorted((row for row in evidence.calls if row.sip_call_id == call_id), key=lambda row: row.arrived)
            if rows:
                found.append(View(story, call_id, rows, traffic, evidence.plan.fault.part == "kamailio"))
    return found
