"""The two halves of every SIP conversation: transactions (RFC 3261 §17) and the dialog they belong to (§12)."""

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.sip.message import Address, Header, Message, address_of, build, reply_to, tag_of, uri_of
from tests.sip.sdp import sdp
from tests.sip.wire import DEADLINE

if TYPE_CHECKING:
    from tests.sip.ua import UserAgent

T1: Final = 0.5  # RFC 3261 §17.1.1.1: seconds
T2: Final = 4.0
GIVE_UP: Final = 64 * T1


@dataclass
class ServerTransaction:
    """A request that came, and the last reply to it: repeated when the request is, and until its ACK."""

    agent: "UserAgent"
    request: Message
    source: Address
    reply: Message | None = None
    acked: bool = False
    interval: float = T1  # seconds to the next repetition: doubles up to T2
    waited: float = 0.0

    def answer(self, code: int, reason: str | None, tag: str, extra: Iterable[Header] = (), body: bytes = b"") -> None:
        """Send a reply; a final one to an INVITE is repeated until its ACK comes (§13.3.1.4, §17.2.1)."""
        self.reply = reply_to(self.request, code, reason, tag, extra=extra, body=body)
        self.agent.send(self.reply, self.source)
        repeats = code < 300 or self.agent.transport == "udp"  # §17.2.1: no refusal over what loses nothing
        if code >= 200 and self.request.method == "INVITE" and repeats:
            self.agent.later(T1, self._repeat)

    def _repeat(self) -> float | None:
        if self.acked or self.reply is None or self.waited >= GIVE_UP:
            return None
        self.agent.send(self.reply, self.source)
        self.waited += self.interval
        self.interval = min(2 * self.interval, T2)
        return self.interval


@dataclass
class ClientTransaction:
    """A request that was sent, and every reply that came for its branch."""

    agent: "UserAgent"
    request: Message
    to: Address
    on_success: Callable[[Message], None] | None = None
    replies: list[Message] = field(default_factory=list)

    @property
    def final(self) -> Message | None:
        return next((reply for reply in self.replies if reply.status >= 200), None)

    def on_reply(self, reply: Message) -> None:
        """Take a reply in; a negative final one to an INVITE is acknowledged hop by hop (§17.1.1.3)."""
        self.replies.append(reply)
        if self.request.method != "INVITE" or reply.status < 200:
            return
        if reply.status >= 300:
            copied = [("Via", self.request.get("via")), *(("Route", each) for each in self.request.all("route"))]
            rest = [("From", self.request.get("from")), ("To", reply.get("to")), ("Call-ID", self.request.call_id)]
            cseq = ("CSeq", f"{self.request.cseq.split()[0]} ACK")
            ack = build(f"ACK {self.request.uri} SIP/2.0", [*copied, ("Max-Forwards", "70"), *rest, cseq])
            self.agent.send(ack, self.to)
        elif self.on_success is not None:
            self.on_success(reply)

    def outcome(self, within: float = 5.0) -> Message:
        """Wait for the final reply. Raises `NothingHappened`."""
        self.agent.must(lambda: self.final, f"a final reply to {self.request.start}", within)
        assert self.final is not None
        return self.final


class Dialog:
    """One end of a call. `local` and `remote` are the From/To values, tags included once they are known."""

    def __init__(
        self, agent: "UserAgent", call_id: str, local: str, remote: str, *, target: str, cseq: int = 1
    ) -> None:
        self.agent, self.call_id, self.local, self.remote, self.target = agent, call_id, local, remote, target
        self.routes: list[str] = []
        self.requests: list[Message] = []  # what came in this dialog, retransmissions left out
        self._sdp_versions = itertools.count(1)
        self._cseq = itertools.count(cseq)
        self._acks: dict[str, Message] = {}
        self._next_ack_body = b""

    @property
    def local_tag(self) -> str:
        return tag_of(self.local)

    @property
    def remote_tag(self) -> str:
        return tag_of(self.remote)

    def describes(self, mode: str = "sendrecv") -> bytes:
        """This side's SDP; its version grows with every one made (RFC 3264 §8)."""
        agent = self.agent
        return sdp(agent.media_host, agent.media_port, agent.who, version=next(self._sdp_versions), mode=mode)

    @property
    def got(self) -> list[str]:
        """Methods of the requests that came so far, in order. It does not wait: for absences."""
        with self.agent.changed:
            return [request.method for request in self.requests]

    def sends(
        self, method: str, body: bytes = b"", headers: Iterable[Header] = (), *, uri: str = "", cseq: int | None = None,
        to: Address | None = None, tags: tuple[str, str] | None = None, call_id: str = "",
    ) -> ClientTransaction:  # fmt: skip
        """Send a request in this dialog; what it is made of can be overridden, to play a forger."""
        local, remote = (
            (self.local, self.remote) if tags is None else (_retag(self.local, tags[0]), _retag(self.remote, tags[1]))
        )
        number = cseq if cseq is not None else next(self._cseq)
        fields: list[Header] = [("Via", self.agent.via()), ("Max-Forwards", "70")]
        fields += [("Route", route) for route in self.routes]
        fields += [
            ("From", local),
            ("To", remote),
            ("Call-ID", call_id or self.call_id),
            ("CSeq", f"{number} {method}"),
        ]
        fields += [("Contact", self.agent.contact)] if method in {"INVITE", "UPDATE"} else []
        fields += [*self.agent.habits, *headers]
        if body and not any(name.lower() == "content-type" for name, _ in headers):
            fields.append(("Content-Type", "application/sdp"))
        request = build(f"{method} {uri or self.target} SIP/2.0", fields, body)
        hop = to or (address_of(uri) if uri and not self.routes else self.agent.way(self._next()))
        return self.agent.transact(request, hop, self.acknowledges if method == "INVITE" else None)

    def acknowledges(self, reply: Message, headers: Iterable[Header] = ()) -> None:
        """ACK a 2xx, end to end (§13.2.2.4); a repeated 2xx gets the same ACK again. One with an offer, its answer."""
        number = reply.cseq.split()[0]
        if number not in self._acks:
            if reply.target:
                self.target = reply.target
            fields = [("Via", self.agent.via()), ("Max-Forwards", "70"), *(("Route", route) for route in self.routes)]
            fields += [("From", self.local), ("To", self.remote), ("Call-ID", self.call_id)]
            fields += [("CSeq", f"{number} ACK"), *self.agent.habits, *headers]
            body = self._next_ack_body
            self._next_ack_body = b""
            fields += [("Content-Type", "application/sdp")] if body else []
            self._acks[number] = build(f"ACK {self.target} SIP/2.0", fields, body)
        hop = self.agent.way(self._next())
        self.agent.send(self._acks[number], hop)

    def _next(self) -> str:
        return uri_of(self.routes[0]) if self.routes else self.target

    def hangs_up(self, headers: Iterable[Header] = ()) -> int:
        """Send BYE and return the status code it got."""
        return self.sends("BYE", headers=headers).outcome().status

    def reinvites_without_offer(self, answer: bytes) -> Message:
        """Send a re-INVITE without SDP, the answer to the offer of its 2xx in the ACK (RFC 3264); its final reply."""
        self._next_ack_body = answer
        return self.sends("INVITE").outcome()

    def reinvites(self, body: bytes | None = None, headers: Iterable[Header] = ()) -> Message:
        """Send a re-INVITE, acknowledge it, and return its final reply."""
        return self.sends("INVITE", self.describes() if body is None else body, headers).outcome()

    def received(self, method: str, times: int = 1, within: float = DEADLINE) -> bool:
        """Wait until `method` came in this dialog, `times` times."""
        return self.agent.soon(lambda: sum(request.method == method for request in self.requests) >= times, within)

    @property
    def was_hung_up(self) -> bool:
        """Wait for the other side's BYE."""
        return self.received("BYE")

    def on_request(self, tx: ServerTransaction) -> None:
        """A new request in this dialog: taken, and answered as an easy-going telephone does."""
        self.requests.append(tx.request)
        scripted = self.agent.script.pop(tx.request.method, None)
        if scripted is not None:
            code, headers, body = scripted
            tx.answer(code, None, self.local_tag, [("Contact", self.agent.contact), *headers], body)
            return
        if tx.request.method == "INVITE" and self.agent.refuse_next:
            tx.answer(self.agent.refuse_next, None, self.local_tag)
            self.agent.refuse_next = 0
            return
        if tx.request.target:
            self.target = tx.request.target
        extra = (
            [("Contact", self.agent.contact), *self.agent.habits] if tx.request.method in {"INVITE", "UPDATE"} else []
        )
        tx.answer(200, None, self.local_tag, extra or self.agent.habits, self.describes() if tx.request.body else b"")

    def on_ack(self, ack: Message) -> None:
        """The ACK to a 2xx of ours."""
        self.requests.append(ack)


def _retag(value: str, tag: str) -> str:
    return re.sub(r";tag=[^;]*", f";tag={tag}", value) if tag_of(value) else f"{value};tag={tag}"
