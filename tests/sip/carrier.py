"""The carrier: one gateway address that rings many members, and follows RFC 3261 to the letter.

bob = carrier.member("0844441909")
bob.rings()                                # waits for his INVITE, then 180
bob.answers()                              # 200, repeated until its ACK
assert carol.was_cancelled and bob.was_hung_up
"""

import secrets
from collections.abc import Iterable

from tests.sip.dialog import Dialog, ServerTransaction
from tests.sip.message import Header, Message, user_of
from tests.sip.ua import UserAgent
from tests.sip.wire import DEADLINE, Recording, Transport

_TAIL = 9  # digits of a national number without its 0: what every spelling of it ends with


class Leg(Dialog):
    """One INVITE that came for a member."""

    def __init__(self, carrier: "Carrier", tx: ServerTransaction) -> None:
        invite = tx.request
        tag = f"m{secrets.token_hex(6)}"  # a letter: a tag of digits alone looks like a number
        super().__init__(
            carrier, invite.call_id, f"{invite.get('to')};tag={tag}", invite.get("from"), target=invite.target
        )
        self.tx, self.invite = tx, invite
        self.routes = invite.all("record-route")  # §12.1.1: in order, as the UAS keeps it
        self.cancel: Message | None = None

    def replies(self, code: int, reason: str | None, headers: Iterable[Header], body: bytes) -> None:
        """Send a reply to the INVITE, with the Record-Route set that a dialog needs."""
        extra = [("Record-Route", each) for each in self.routes] + [*self.agent.habits, *headers]
        if 100 < code < 300:
            extra.append(("Contact", self.agent.contact))
        self.tx.answer(code, reason, self.local_tag, extra, body)

    @property
    def is_final(self) -> bool:
        return self.tx.reply is not None and self.tx.reply.status >= 200


class Member:
    """A telephone behind the carrier. Doing waits for its INVITE; facts wait until they are true or the deadline."""

    def __init__(self, carrier: "Carrier", number: str) -> None:
        self.carrier, self.number = carrier, number
        self.legs: list[Leg] = []
        self.is_silent = False
        self.ignores_cancel = False

    @property
    def leg(self) -> Leg:
        """The latest INVITE for this member. Raises `NothingHappened` if none comes."""
        self.carrier.must(lambda: self.legs, f"an INVITE for {self.number}")
        return self.legs[-1]

    @property
    def invite(self) -> Message:
        return self.leg.invite

    def rings(self, code: int = 180, headers: Iterable[Header] = (), body: bytes = b"") -> "Member":
        self._reply(code, None, headers, body)
        return self

    def answers(self, sdp: bytes | None = None, headers: Iterable[Header] = ()) -> "Member":
        """200, repeated until its ACK comes."""
        self._reply(200, None, headers, self.leg.describes() if sdp is None else sdp)
        return self

    def refuses(self, code: int = 486, reason: str | None = None, headers: Iterable[Header] = ()) -> "Member":
        self._reply(code, reason, headers, b"")
        return self

    def stays_silent(self) -> "Member":
        """From now on: no reply to an INVITE, not even 100, and none to a CANCEL's INVITE. Say it before the call."""
        self.is_silent = True
        return self

    def hangs_up(self, headers: Iterable[Header] = ()) -> int:
        return self.leg.hangs_up(headers)

    def reinvites(self, body: bytes | None = None, headers: Iterable[Header] = ()) -> Message:
        return self.leg.reinvites(body, headers)

    @property
    def got(self) -> list[str]:
        """Methods of all that came for this member so far, INVITEs first. It does not wait: for absences."""
        with self.carrier.changed:
            later = [each for leg in self.legs for each in ([leg.cancel] if leg.cancel else []) + leg.requests]
            return ["INVITE"] * len(self.legs) + [message.method for message in later]

    @property
    def was_invited(self) -> bool:
        return self.carrier.soon(lambda: self.legs)

    @property
    def was_cancelled(self) -> bool:
        return self.was_cancelled_within(DEADLINE)

    def was_cancelled_within(self, seconds: float) -> bool:
        return self.carrier.soon(lambda: any(leg.cancel for leg in self.legs), seconds)

    @property
    def cancel(self) -> Message:
        """The CANCEL that came. Raises `NothingHappened`."""
        self.carrier.must(lambda: any(leg.cancel for leg in self.legs), f"a CANCEL for {self.number}")
        return next(leg.cancel for leg in self.legs if leg.cancel)

    @property
    def was_acked(self) -> bool:
        """Wait for the ACK to our final reply, whichever it was."""
        return self.carrier.soon(lambda: any(leg.tx.acked for leg in self.legs))

    @property
    def was_hung_up(self) -> bool:
        return self.leg.was_hung_up

    def _reply(self, code: int, reason: str | None, headers: Iterable[Header], body: bytes) -> None:
        leg = self.leg
        with self.carrier.changed:
            leg.replies(code, reason, headers, body)


class Carrier(UserAgent):
    """One gateway address. `record_routes` are the proxies that stand between it and the members."""

    def __init__(
        self, host: str = "127.0.0.20", port: int = 0, recording: Recording | None = None, transport: Transport = "udp"
    ) -> None:
        self.members: dict[str, Member] = {}
        self.merged: list[Message] = []  # requests that got 482
        self.record_routes: list[str] = []
        self._seen: dict[tuple[str, str, str], str] = {}
        super().__init__(host, port, recording, "gw-nguyen", "127.0.0.21", transport)
        self.habits = [("Server", "CarrierSwitch/9.7.3")]

    def member(self, number: str) -> Member:
        """The member with this number, however it is spelled."""
        with self.changed:
            digits = "".join(each for each in number if each.isdigit())
            return self.members.setdefault(digits[-_TAIL:], Member(self, number))

    @property
    def invites(self) -> list[Message]:
        """Every INVITE that made a leg, in order. It does not wait."""
        with self.changed:
            return [leg.invite for member in self.members.values() for leg in member.legs]

    def on_new(self, tx: ServerTransaction) -> None:
        request = tx.request
        # §8.2.2.2: no To tag, the same From tag, Call-ID and CSeq as an ongoing transaction, another branch: merged.
        identity = (request.from_tag, request.call_id, request.cseq)
        if self._seen.setdefault(identity, request.branch) != request.branch:
            self.merged.append(request)
            tx.answer(482, "Request merged", secrets.token_hex(4))
        elif request.method == "INVITE":
            self._invite(tx)
        else:
            tx.answer(200, None, secrets.token_hex(4))

    def on_cancel(self, invite: ServerTransaction, cancel: Message) -> None:
        for member in self.members.values():
            for leg in member.legs:
                if leg.tx is invite and leg.cancel is None:
                    leg.cancel = cancel
                    if not (leg.is_final or member.ignores_cancel or member.is_silent):
                        leg.replies(487, None, (), b"")

    def _invite(self, tx: ServerTransaction) -> None:
        member = self.member(user_of(tx.request.uri))
        leg = Leg(self, tx)
        leg.routes = self.record_routes + leg.routes
        self.dialogs[(leg.call_id, leg.local_tag)] = leg
        member.legs.append(leg)
        if not member.is_silent:
            tx.answer(100, None, leg.local_tag)
