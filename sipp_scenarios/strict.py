"""A gateway that holds the edge to RFC 3261 as a strict UAS does, between the edge and a role's SIPp, which is none.

- A merged request gets 482 (§8.2.2.2): no To tag, From tag, Call-ID and CSeq of another one's, and another branch.
- Record-Route is echoed in replies that make a dialog, and is the Route of what the member's side sends (§12.1.1, §12.2.1.1).
- Whatever breaks a rule is a complaint: a CANCEL that is not its INVITE's (§9.1), an ACK to a refusal with another branch
  (§17.1.1.3) or to a 2xx with the INVITE's (§13.2.2.4), a request within the dialog with another remote target, without its
  tags or with a CSeq that does not grow (§12.2).
"""  # noqa: E501 (a rule a line)

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from sipp_scenarios.lossy import Lossy
from sipp_scenarios.scenario import Loss, Step
from tests.sip.message import Address, Message, parse, reply_to, uri_of

_MERGED: Final = "Request Merged"
_DIALOG: Final = {"BYE", "UPDATE", "INFO", "PRACK", "INVITE", "ACK"}


class Strict(Lossy):
    """The relay of a gateway."""

    def __init__(
        self, outside: Address, edge: Address, hidden: str, losses: Sequence[Loss] = (), steps: Sequence[Step] = (),
        act: Callable[[Step], None] = print,
    ) -> None:  # fmt: skip
        super().__init__(outside, edge, hidden, losses, steps, act)
        self.merged: set[str] = set()  # the branches of requests that got 482
        self._branches: set[str] = set()  # of requests within dialogs
        self._seen: dict[tuple[str, str, str], str] = {}  # who asks what: the branch it came with first
        self._invites: dict[str, Message] = {}  # by branch
        self._finals: dict[str, int] = {}  # their final codes
        self._targets: dict[str, str] = {}  # what a Call-ID's party wants to be called, by its Contact
        self._cseq: dict[str, int] = {}  # the highest of a Call-ID
        self._wrong: list[str] = []

    def complaints(self) -> str:
        """What broke a rule, too."""
        merged = [f"answered 482 to {len(self.merged)} merged requests"] if self.merged else []
        return "; ".join([*filter(None, [super().complaints()]), *merged, *self._wrong])

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
        self._wrong += [f"{message.method} {words}" for words in self._broken(message)]
        if message.method == "INVITE":
            self._invites.setdefault(message.branch, message)
        self._cseq[message.call_id] = max(self._cseq.get(message.call_id, 0), int(message.cseq.split()[0]))
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
        if message.status >= 200:
            self._finals[message.branch] = message.status
        if message.get("contact"):
            self._targets[message.call_id] = uri_of(message.get("contact"))
        makes_dialog = 100 < message.status < 300 and not invite.to_tag
        return _with(raw, "Record-Route", invite.all("record-route")) if makes_dialog else raw

    def _broken(self, message: Message) -> Iterator[str]:
        if not message.get("max-forwards"):
            yield "without Max-Forwards (§8.1.1.6)"
        if not message.branch.startswith("z9hG4bK"):
            yield "without the magic cookie (§8.1.1.7)"
        if message.get("content-length") != str(len(message.body)):
            yield "with a wrong Content-Length (§20.14)"
        invite = self._invites.get(message.branch)
        if message.method == "CANCEL":
            same = ("from", "to", "call-id")
            if invite is None or invite.uri != message.uri or any(invite.get(n) != message.get(n) for n in same):
                yield "of no INVITE (§9.1)"
        elif message.method == "ACK" and invite is not None:
            if self._finals.get(message.branch, 0) < 300:
                yield "to a 2xx with its INVITE's branch (§13.2.2.4)"
        elif message.to_tag and message.method in _DIALOG:
            yield from self._broken_in_dialog(message)

    def _broken_in_dialog(self, message: Message) -> Iterator[str]:
        if (target := self._targets.get(message.call_id)) and message.uri != target:
            yield "to another URI than the Contact (§12.2.1.1)"
        known = self._cseq.get(message.call_id, 0)
        number, is_again = int(message.cseq.split()[0]), message.branch in self._branches
        if message.method != "ACK" and number <= known and not is_again:
            yield f"with a CSeq that does not grow: {number} after {known} (§12.2.1.1)"
        self._branches.add(message.branch)


def _with(raw: bytes, name: str, values: list[str]) -> bytes:
    """Put header lines behind the start line."""
    start, line_end, rest = raw.partition(b"\r\n")
    return start + line_end + "".join(f"{name}: {value}\r\n" for value in values).encode("latin-1") + rest
