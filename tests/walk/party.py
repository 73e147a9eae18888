"""One end of a call: its transactions, as RFC 3261 §17 has them, and the dialog they belong to."""

import asyncio
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tests.sip.message import REASONS, Address, Header, Message, build
from tests.sip.wire import Packet
from tests.walk.pieces import Asked, But, Served, of_invite
from tests.walk.story import Face, Load, Reply
from tests.walk.wire import Port, tag

if TYPE_CHECKING:
    from tests.walk.scene import Scene

T1: Final = 0.5
T2: Final = 4.0
PATIENCE: Final = 12.0  # seconds for a final reply to a request inside a call
_OK: Final = Reply(200)
_NOTHING: Final = Load()
_AS_IS: Final = But()


class Party:
    """A caller, or a member's leg. `ear` is its number in the scene: -1 the caller, else the leg."""

    def __init__(self, scene: "Scene", port: Port, ear: int, face: Face) -> None:
        self.scene, self.port, self.ear, self.face = scene, port, ear, face
        self.call_id = self.local = self.remote = self.target = ""
        self.routes: tuple[str, ...] = ()  # the edge's own; a party's proxies take theirs off
        self.cseq = 100
        self.next_reply = _OK
        self.got: list[Message] = []
        self.asked: list[Asked] = []
        self.served: dict[tuple[str, str], Served] = {}
        self._clients: dict[str, Asked] = {}
        self._acks: dict[tuple[str, str], bytes] = {}

    def send(self, raw: bytes) -> None:
        """Send to the edge."""
        self.scene.sent(self.port.send(raw, self.scene.wire.edge), self.ear)

    def request(self, method: str, load: Load = _NOTHING, but: But = _AS_IS) -> tuple[str, bytes]:
        """Return the branch and the bytes of a request within the dialog."""
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        self.cseq += not but.cseq
        host, number = (but.port or self.port).address
        vias = [f"SIP/2.0/UDP {host}:{number};branch={branch}", *self.face.vias]
        lines: list[Header] = [("Via", via) for via in ([", ".join(vias)] if self.face.via_list else vias)]
        lines += [("Route", route) for route in (self.routes if but.routes is None else but.routes)]
        lines += [("Max-Forwards", str(but.hops)), ("From", but.from_ or self.local), ("To", but.to or self.remote)]
        lines += [("Call-ID", but.call_id or self.call_id), ("CSeq", f"{but.cseq or self.cseq} {method}")]
        if method in {"INVITE", "UPDATE"} and self.face.contact:
            lines.append(("Contact", self.face.contact))
        if method == "INVITE":
            lines += [("Record-Route", route) for route in self.face.routes]
        lines += [*but.extra, *load.headers]
        return branch, build(f"{method} {but.uri or self.target} SIP/2.0", lines, load.body.content).raw

    def start(self, method: str, branch: str, raw: bytes, copies: int = 1) -> Asked:
        """Send a request and repeat it until it is answered; returns at once."""
        asked = Asked(method, raw)
        self._clients[branch] = asked
        self.asked.append(asked)
        for _ in range(copies):
            self.send(raw)
        self.scene.spawn(self._repeat(asked))
        return asked

    async def ask(self, method: str, load: Load = _NOTHING, but: But = _AS_IS, *, copies: int = 1) -> Message | None:
        """Send a request and return its final reply, None if none came."""
        branch, raw = self.request(method, load, but)
        return await self.final(self.start(method, branch, raw, copies), PATIENCE)

    async def final(self, asked: Asked, patience: float) -> Message | None:
        """Wait for the final reply."""
        try:
            async with asyncio.timeout(patience):
                while asked.final is None:
                    asked.came.clear()
                    await asked.came.wait()
        except TimeoutError:
            return None
        return asked.final

    async def _repeat(self, asked: Asked) -> None:
        wait, waited = T1, 0.0
        while waited < PATIENCE:
            await asyncio.sleep(wait)
            if asked.final is not None or (asked.method == "INVITE" and asked.replies):
                return
            self.send(asked.raw)
            waited, wait = waited + wait, min(2 * wait, T2)

    def on_message(self, message: Message, packet: Packet) -> None:
        """Take in what came."""
        self.scene.sent(packet, self.ear)
        if message.status and not message.get("from"):
            return  # nobody's: kemi/decisions/0010
        if message.status:
            asked = self._clients.get(message.branch)
            if asked is None or asked.method != message.method:
                self.scene.problem(f"a reply to nothing: {packet}")
                return
            asked.replies.append(message)
            asked.came.set()
            self.on_reply(asked, message)
        elif message.method == "ACK":
            self._on_ack(message)
        else:
            self._on_request(message, packet.src)

    def on_reply(self, asked: Asked, reply: Message) -> None:
        """A reply to a request of ours; a final one to an INVITE gets its ACK."""
        if asked.method == "INVITE" and reply.status >= 200:
            self.acknowledge(asked, reply)

    def routes_of(self, reply: Message) -> tuple[str, ...]:
        """Return the routes of the dialog that `reply` belongs to."""
        del reply
        return self.routes

    def acknowledge(self, asked: Asked, reply: Message, load: Load = _NOTHING) -> None:
        """ACK a final reply to an INVITE; a repeated one gets the same ACK again."""
        key = (reply.cseq, tag(reply.get("to")))
        if key not in self._acks:
            if reply.status < 300:
                if reply.target and tag(reply.get("to")) == tag(self.remote):
                    self.target = reply.target
                but = But(reply.target, reply.get("to"), cseq=int(reply.cseq.split()[0]), routes=self.routes_of(reply))
                _, self._acks[key] = self.request("ACK", load, but)
            else:
                self._acks[key] = of_invite("ACK", asked.raw, reply.get("to"))
        self.send(self._acks[key])

    def _on_ack(self, ack: Message) -> None:
        number = ack.cseq.split()[0]
        for served in self.served.values():
            if served.request.cseq == f"{number} INVITE":
                is_negative = served.code >= 300
                if not is_negative or served.request.branch == ack.branch:
                    served.acked.set()

    def _on_request(self, request: Message, source: Address) -> None:
        known = self.served.get((request.branch, request.method))
        if known is not None:
            if known.reply:
                self.send(known.reply)
            return
        self.got.append(request)
        served = self.served[(request.branch, request.method)] = Served(request, source)
        self.serve(served)

    def serve(self, served: Served) -> None:
        """Answer a new request inside the dialog."""
        method = served.request.method
        self.scene.came(self, served.request)
        reply = self.next_reply if method not in {"BYE", "PRACK", "CANCEL"} else _OK
        if tag(served.request.get("from")) != tag(self.remote) and method != "CANCEL":
            self.reply(served, Reply(481))  # §12.2.2
            return
        if served.request.target:
            self.target = served.request.target
        self.reply(served, reply)

    def reply(self, served: Served, reply: Reply, extra: Iterable[Header] = ()) -> None:
        """Send a reply; a final one to an INVITE is repeated until its ACK."""
        request = served.request
        to = request.get("to")
        to = to if tag(to) else f"{to};tag={tag(self.local)}"
        lines: list[Header] = [("Via", via) for via in request.all("via")]
        lines += [
            ("From", request.get("from")),
            ("To", to),
            ("Call-ID", request.call_id),
            ("CSeq", request.get("cseq")),
        ]
        if 100 < reply.code < 300 and request.method in {"INVITE", "UPDATE"}:
            routes = [*self.face.routes, *request.all("record-route")]
            lines += [*(("Record-Route", route) for route in routes), ("Contact", self.face.contact)]
        lines += [*extra, *reply.load.headers]
        start = f"SIP/2.0 {reply.code} {reply.reason or REASONS.get(reply.code, 'OK')}"
        served.reply, served.code = build(start, lines, reply.load.body.content).raw, reply.code
        self.send(served.reply)
        if reply.code >= 200 and request.method == "INVITE":
            self.scene.spawn(self._until_acked(served, served.reply))

    async def _until_acked(self, served: Served, raw: bytes) -> None:
        wait, waited = T1, 0.0
        while waited < 64 * T1:
            try:
                async with asyncio.timeout(wait):
                    await served.acked.wait()
                return
            except TimeoutError:
                self.send(raw)
                waited, wait = waited + wait, min(2 * wait, T2)
