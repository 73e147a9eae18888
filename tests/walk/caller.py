"""The caller of a story: places the call, acknowledges, gives up, hangs up what answers twice."""

from dataclasses import replace

from tests.sip.message import Message, parse
from tests.sip.wire import Packet
from tests.walk.party import Party
from tests.walk.pieces import Asked, But, of_invite
from tests.walk.story import Load
from tests.walk.wire import edge_routes, tag


class Caller(Party):
    """The caller's end. `early` are the targets of early dialogs by the far tag."""

    invite: Asked

    def dial(self, dialled: str) -> Asked:
        """Send the INVITE (or what stands for it); returns at once."""
        told = self.scene.story.invite
        host = f"{self.scene.wire.edge[0]}:{self.scene.wire.edge[1]}"
        self.call_id, self.local = told.call_id, told.from_
        uri = f"sip:{dialled}@{host}"
        self.remote = f"{told.to_name}<{uri}>{told.to_parameters}"
        self.target = uri
        branch, raw = self.request(told.method, told.load, But(hops=told.max_forwards))
        self.scene.wire.by_branch[branch] = self
        self.invite = self.start(told.method, branch, raw, told.copies)
        return self.invite

    @property
    def finals(self) -> list[Message]:
        """The final replies to the INVITE, repetitions left out."""
        return list({(r.status, tag(r.get("to"))): r for r in self.invite.replies if r.status >= 200}.values())

    async def cancel(self, load: Load) -> Message | None:
        """CANCEL the INVITE; return what the CANCEL got."""
        asked = Asked("CANCEL", of_invite("CANCEL", self.invite.raw, more=load.headers))
        self._cancelled = asked
        self.asked.append(asked)
        self.send(asked.raw)
        self.scene.spawn(self._repeat(asked))
        return await self.final(asked, 6.0)

    def on_reply(self, asked: Asked, reply: Message) -> None:
        """Take in a reply to the INVITE: PRACK, ACK, or ACK and BYE for a second answer."""
        if asked is not self.invite or reply.method != "INVITE":
            super().on_reply(asked, reply)
            return
        self.scene.check_own(reply, parse(asked.raw))
        if 100 < reply.status < 200 and reply.get("rseq"):
            self._prack(reply)
        elif reply.status >= 300:
            self.acknowledge(asked, reply)
        elif reply.status >= 200:
            self._answered(asked, reply)

    def on_message(self, message: Message, packet: Packet) -> None:
        """Replies to CANCEL share the INVITE's branch."""
        if message.status and message.method == "CANCEL":
            self.scene.sent(packet, self.ear)
            self._cancelled.replies.append(message)
            self._cancelled.came.set()
            return
        super().on_message(message, packet)

    def routes_of(self, reply: Message) -> tuple[str, ...]:
        """Return the edge's routes in the dialog that the INVITE's `reply` makes, else the call's own."""
        is_first = reply.cseq == parse(self.invite.raw).cseq
        return edge_routes(reply, self.scene.wire.edge) if is_first else self.routes

    def _beside(self, reply: Message) -> But:
        """Return what is otherwise in the dialog of `reply`, which may not be the call's."""
        return But(reply.target, reply.get("to"), routes=self.routes_of(reply))

    def _answered(self, asked: Asked, reply: Message) -> None:
        if not tag(self.remote):
            self.remote, self.target, self.routes = reply.get("to"), reply.target, self.routes_of(reply)
        is_new = tag(reply.get("to")) != tag(self.remote) and (reply.cseq, tag(reply.get("to"))) not in self._acks
        self.acknowledge(asked, reply, self.scene.story.acks)
        if is_new:
            self.scene.spawn(self.ask("BYE", but=self._beside(reply)))

    def _prack(self, reply: Message) -> None:
        key = (reply.get("rseq"), tag(reply.get("to")))
        if key in self._acks:
            return
        self._acks[key] = b""
        rack = ("RAck", f"{reply.get('rseq')} {reply.cseq}")
        self.scene.spawn(self.ask("PRACK", but=replace(self._beside(reply), extra=(rack,))))
