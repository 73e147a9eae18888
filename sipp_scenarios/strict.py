"""A gateway that does what a strict UAS does, between the edge and a role's SIPp, which is none.

- A merged request gets 482 (§8.2.2.2): no To tag, From tag, Call-ID and CSeq of another one's, and another branch.
- Record-Route is echoed in replies that make a dialog, and is the Route of what the member's side sends (§12.1.1, §12.2.1.1).

What else it would hold against the edge is read off the capture afterwards, for every party: sipp_scenarios/rules.py.
"""  # noqa: E501 (a rule a line)

from collections.abc import Callable, Sequence
from typing import Final

from sipp_scenarios.lossy import Lossy
from sipp_scenarios.scenario import Loss, Step
from tests.sip.message import Address, Message, parse, reply_to

_MERGED: Final = "Request Merged"


class Strict(Lossy):
    """The relay of a gateway."""

    def __init__(
        self, outside: Address, edge: Address, hidden: str, losses: Sequence[Loss] = (), steps: Sequence[Step] = (),
        act: Callable[[Step], None] = print,
    ) -> None:  # fmt: skip
        super().__init__(outside, edge, hidden, losses, steps, act)
        self.merged: set[str] = set()  # the branches of requests that got 482
        self._seen: dict[tuple[str, str, str], str] = {}  # who asks what: the branch it came with first
        self._invites: dict[str, Message] = {}  # by branch

    def complaints(self) -> str:
        """What was merged, too."""
        merged = f"answered 482 to {len(self.merged)} merged requests" if self.merged else ""
        return "; ".join(filter(None, [super().complaints(), merged]))

    def is_there(self, raw: bytes) -> bytes | None:
        """Say so."""
        return reply_to(parse(raw), 200, None, "there").raw

    def to_party(self, raw: bytes) -> bytes | None:
        """Look at what the edge sends."""
        message = parse(raw)
        if message.status:
            return super().to_party(raw)
        who = (message.from_tag, message.call_id, message.cseq)
        asks_anew = not message.to_tag and message.method not in {"ACK", "CANCEL"}
        if asks_anew and self._seen.setdefault(who, message.branch) != message.branch:
            self.merged.add(message.branch)
            self.answer(reply_to(message, 482, _MERGED, "merged").raw)
            return None
        if message.branch in self.merged:
            return None  # the ACK to a 482
        if message.method == "INVITE":
            self._invites.setdefault(message.branch, message)
        return super().to_party(raw)

    def to_edge(self, raw: bytes) -> bytes:
        """Give replies the Record-Route of their INVITE, and requests its Route."""
        raw = super().to_edge(raw)
        message = parse(raw)
        if not message.status:
            routes = next((i.all("record-route") for i in self._invites.values() if i.call_id == message.call_id), [])
            return _with(raw, "Route", routes)
        invite = self._invites.get(message.branch)
        if invite is None or message.method != "INVITE":
            return raw
        makes_dialog = 100 < message.status < 300 and not invite.to_tag
        return _with(raw, "Record-Route", invite.all("record-route")) if makes_dialog else raw


def _with(raw: bytes, name: str, values: list[str]) -> bytes:
    """Put header lines behind the start line."""
    start, line_end, rest = raw.partition(b"\r\n")
    return start + line_end + "".join(f"{name}: {value}\r\n" for value in values).encode("latin-1") + rest
