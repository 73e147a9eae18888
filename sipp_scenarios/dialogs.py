"""What one party knows of its transactions and dialogs with the edge: RFC 3261 §12, §17; RFC 3262."""

from collections import defaultdict
from dataclasses import dataclass, field

from tests.sip.message import Message


@dataclass
class Dialog:
    """A dialog. `target`: what the party wants to be called, by its Contact; `cseq`: the edge's last, 0: none yet.

    `answered`: the CSeq numbers of INVITEs that the party gave a 2xx; `reliable`: what a PRACK to it may say (RAck).
    """

    target: str
    cseq: int = 0
    answered: set[int] = field(default_factory=set)
    reliable: set[str] = field(default_factory=set)
    pracked: set[str] = field(default_factory=set)


class Book:
    """One party's."""

    def __init__(self) -> None:
        self.asked: dict[tuple[str, str], Message] = {}  # the edge's requests, by branch and method
        self.replies: defaultdict[tuple[str, str], list[Message]] = defaultdict(list)  # the party's to them
        self.said: dict[tuple[str, str], Message] = {}  # the party's requests
        self.answers: defaultdict[tuple[str, str], list[Message]] = defaultdict(list)  # the edge's to them
        self.dialogs: dict[tuple[str, str, str], Dialog] = {}  # by Call-ID, the edge's tag, the party's
        self.refused: set[tuple[str, int]] = set()  # Call-ID and CSeq number of the edge's INVITEs
        self.seen: dict[tuple[str, str, str], str] = {}  # who asks what: the branch it came with first

    def dialog(self, request: Message) -> Dialog | None:
        """Return the dialog that a request of the edge's is in; None: none."""
        return self.dialogs.get((request.call_id, request.from_tag, request.to_tag))

    def note(self, message: Message) -> None:
        """Remember what the party has sent."""
        if message.status:
            self.replies[message.branch, message.method].append(message)
            self._replied(message)
            return
        self.said.setdefault((message.branch, message.method), message)
        known = self.dialogs.get((message.call_id, message.to_tag, message.from_tag))
        if known is not None and message.method in {"INVITE", "UPDATE"} and message.target:
            known.target = message.target

    def _replied(self, reply: Message) -> None:
        number = int(reply.cseq.split()[0])
        if reply.method == "INVITE" and reply.status >= 300:
            self.refused.add((reply.call_id, number))
        if reply.method not in {"INVITE", "UPDATE"} or not 100 < reply.status < 300 or not reply.to_tag:
            return
        dialog = self.dialogs.setdefault((reply.call_id, reply.from_tag, reply.to_tag), Dialog("", number))
        dialog.target = reply.target or dialog.target
        if reply.status >= 200:
            dialog.answered.add(number)
        if rseq := reply.get("rseq"):
            dialog.reliable.add(f"{rseq} {reply.cseq}")

    def opened(self, reply: Message, invite: Message) -> None:
        """Remember the dialog that a reply of the edge's to an INVITE of the party's begins, or has begun."""
        key = (reply.call_id, reply.to_tag, invite.from_tag)
        self.dialogs.setdefault(key, Dialog(invite.target)).target = invite.target
