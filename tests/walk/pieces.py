"""What a party keeps of each transaction, and how a request may differ from its dialog."""

import asyncio
from dataclasses import dataclass, field

from tests.sip.message import Address, Header, Message, build, parse
from tests.walk.wire import Port


@dataclass
class Asked:
    """A request that was sent, and what came for it."""

    method: str
    raw: bytes
    replies: list[Message] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def final(self) -> Message | None:
        return next((one for one in self.replies if one.status >= 200), None)


@dataclass
class Served:
    """A request that came, and the last reply to it."""

    request: Message
    source: Address
    reply: bytes = b""
    code: int = 0
    acked: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class But:
    """What is otherwise in a request than in the rest of its dialog; empty is as there."""

    uri: str = ""
    to: str = ""
    from_: str = ""
    call_id: str = ""
    cseq: int = 0
    hops: int = 70
    port: Port | None = None
    routes: tuple[str, ...] | None = None
    extra: tuple[Header, ...] = ()


def of_invite(method: str, invite: bytes, to: str = "", more: tuple[Header, ...] = ()) -> bytes:
    """Return the CANCEL or negative ACK of an INVITE, made of it (RFC 3261 §9.1, §17.1.1.3)."""
    sent = parse(invite)
    lines = [("Via", sent.get("via")), ("Max-Forwards", "70"), ("From", sent.get("from")), ("To", to or sent.get("to"))]
    lines += [("Call-ID", sent.call_id), ("CSeq", f"{sent.cseq.split()[0]} {method}"), *more]
    return build(f"{method} {sent.uri} SIP/2.0", lines).raw
