"""The people of a call on the fake: they send what real ones send, with all that tells who they are.

caller = Caller(world)
bob, carol, dave = caller.calls()
bob.replies(180)
carol.answers()
assert bob.was_cancelled
assert caller.saw[-1] == 200
"""

from tests.fakes.kamailio import answer
from tests.fakes.message import Message
from tests.fakes.state import Address, Sent
from tests.fakes.world import CALLER, HOST, SDP, World, branch_of

_ORIGINS = ("o=alice 1 1 IN IP4 127.0.0.10", "o=0844441909 7 7 IN IP4 10.8.8.8")
MEMBER_SDP = SDP.replace(*_ORIGINS).replace("10\r\n", "20\r\n").replace("Alice", "Nam")


class Caller:
    """The customer behind his trunk."""

    def __init__(self, world: World, call_id: str = "c1-private@10.9.9.9") -> None:
        self.world = world
        self.call_id = call_id

    def calls(self, dialled: str = "02727777787", more: str = "", source: Address | None = None) -> "list[Member]":
        """Send the INVITE; return the members whose telephones got one."""
        invite = self.world.invite(dialled, self.call_id, more)
        out = self.world.kam.receive(invite, source or self.world.TRUNK)
        return [Member(self.world, sent) for sent in out if sent.what == "request" and sent.is_readable]

    @property
    def got(self) -> list[Message]:
        """Every message he received and can read; what lacks a From, say, he drops."""
        mine = [sent for sent in self.world.kam.sent if sent.to == self.world.TRUNK]
        return [sent.message for sent in mine if sent.is_readable]

    @property
    def saw(self) -> list[int]:
        """The status codes he received and can read, 100 left out."""
        return [message.status for message in self.got if message.status > 100]

    def cancels(self) -> list[Sent]:
        """Hang up while it rings."""
        return self.world.kam.receive(
            f"CANCEL sip:02727777787@{HOST} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.10:5060;branch=z9hG4bK{branch_of(self.call_id)};rport\r\nMax-Forwards: 70\r\n"
            f'From: "Nguyen Van A" <sip:{CALLER}@10.9.9.9>;tag=fromtag\r\nTo: <sip:02727777787@{HOST}>\r\n'
            f'Call-ID: {self.call_id}\r\nCSeq: 1 CANCEL\r\nReason: Q.850;cause=16;text="Nguyen hung up"\r\n'
            "Content-Length: 0\r\n\r\n".encode(),
            self.world.TRUNK,
        )

    def acks_refusal(self) -> list[Sent]:
        """Acknowledge a negative final, as his side's transaction does: same Via branch."""
        final = [message for message in self.got if message.status >= 300][-1]
        return self.world.kam.receive(
            f"ACK sip:02727777787@{HOST} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.10:5060;branch=z9hG4bK{branch_of(self.call_id)};rport\r\nMax-Forwards: 70\r\n"
            f"From: {final.text('from')}\r\nTo: {final.text('to')}\r\nCall-ID: {self.call_id}\r\nCSeq: 1 ACK\r\n"
            "Content-Length: 0\r\n\r\n".encode(),
            self.world.TRUNK,
        )

    def sends(self, method: str, number: int = 2, more: str = "", body: str = "") -> list[Sent]:
        """Send a request inside the answered call, to the Contact of its 200."""
        answer = next(message for message in self.got if message.status == 200 and message.method == "INVITE")
        target = answer.text("contact").strip("<>")
        return self.world.kam.receive(
            f"{method} {target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.10:5060;branch=z9hG4bK{branch_of(self.call_id)}{method}{number};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {answer.text('from')}\r\nTo: {answer.text('to')}\r\nCall-ID: {self.call_id}\r\n"
            f"CSeq: {number} {method}\r\nContact: <sip:{CALLER}@127.0.0.10:5060>\r\nUser-Agent: AlicePhone/1.0\r\n"
            f"{more}"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode(),
            self.world.TRUNK,
        )


class Member:
    """A member's telephone behind the gateway; his own number is in all that he sends."""

    def __init__(self, world: World, invite: Sent) -> None:
        self.world = world
        self.invite = invite
        self.number = invite.message.parts[1].decode().partition(":")[2].partition("@")[0]
        self.tag = f"tag-of-{invite.branch}"

    def replies(self, code: int, more: str = "", body: str = "", to: Sent | None = None) -> list[Sent]:
        """Answer the INVITE, or another request."""
        return self.world.kam.receive(self.reply(code, more, body, to), self.world.GATEWAY)

    def reply(self, code: int, more: str = "", body: str = "", to: Sent | None = None) -> bytes:
        """An answer, not sent yet."""
        tells = (
            f"Contact: <sip:{self.number}@127.0.0.20:5060>\r\nServer: GatewayOf {self.number}\r\n"
            f'P-Asserted-Identity: "Nam" <sip:{self.number}@10.8.8.8>\r\n{more}'
        )
        return answer(to or self.invite, code, f"Anh Nam {self.number}", tells, body.encode())

    def answers(self) -> list[Sent]:
        """Take the call."""
        return self.replies(200, "Content-Type: application/sdp\r\n", MEMBER_SDP)

    @property
    def was_cancelled(self) -> bool:
        """Whether a CANCEL for this leg left."""
        return bool(self.got("CANCEL"))

    def got(self, method: str) -> list[Sent]:
        """The requests of a method that this leg received."""
        here = self.invite.message.text("call-id")
        to_gateway = [sent for sent in self.world.kam.sent if sent.to == self.world.GATEWAY and not sent.status]
        return [s for s in to_gateway if s.message.method == method and s.message.text("call-id") == here]

    def sends(self, method: str, more: str = "", body: str = "") -> list[Sent]:
        """Send a request inside the call, to the Contact of the INVITE."""
        invite = self.invite.message
        target = invite.text("contact").strip("<>")
        tag = f"uas-{self.invite.to[1]}-{self.invite.branch}"
        return self.world.kam.receive(
            f"{method} {target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.20:5060;branch=z9hG4bKm{method}{self.invite.branch};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {invite.text('to')};tag={tag}\r\nTo: {invite.text('from')}\r\n"
            f"Call-ID: {invite.text('call-id')}\r\nCSeq: 7 {method}\r\nContact: <sip:{self.number}@127.0.0.20:5060>\r\n"
            f"User-Agent: GatewayOf {self.number}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode(),
            self.world.GATEWAY,
        )
