"""Who sends the messages: an address of a trunk of its own, listening where each message's Via says."""

import secrets
import socket
import time
from typing import Final, Self

from deploy.wait import readable
from kemi.domain.addresses import Hop
from kemi.refusal import refusal
from tests.sip.message import Address, Message, build, parse
from tests.sip.wire import Packet

_DEFAULT: Final = 5060


class Sender:
    """Sends bytes, keeps replies by Call-ID, acknowledges what refuses an INVITE."""

    def __init__(self, edge: Address) -> None:
        # Whatever else runs here: an address that only this sender has, with all ports free.
        self.host = ".".join(["127", *(str(64 + secrets.randbelow(128)) for _ in range(3))])
        self.packets: list[Packet] = []
        self._edge = edge
        self._sockets: dict[int, socket.socket] = {}
        self._replies: list[Message] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._sockets.values():
            each.close()

    def send(self, raw: bytes) -> None:
        """Send `raw` from the port at which its top Via wants the answer."""
        where = refusal(raw.replace(b"\0", b""), Hop(self.host, _DEFAULT))
        port = where.hop.port if where else _DEFAULT
        if port not in self._sockets:
            self._sockets[port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._sockets[port].bind((self.host, port))
        self._replies.clear()
        self.packets.append(Packet(time.monotonic(), (self.host, port), self._edge, raw))
        self._sockets[port].sendto(raw, self._edge)

    def answers(self, call_id: str, within: float) -> list[int]:
        """Wait until a final answer with `call_id` has come, and acknowledge it; the final codes so far, each once."""
        deadline = time.monotonic() + within
        while not self._finals(call_id) and (left := deadline - time.monotonic()) > 0:
            self._receive(left)
        self._receive(0)
        return list(dict.fromkeys(each.status for each in self._finals(call_id)))

    def of(self, call_id: str, since: int) -> list[Packet]:
        """Return what was sent since there were `since` packets, and what came for `call_id`: not for earlier ones."""
        return [each for each in self.packets[since:] if each.dst == self._edge or parse(each.raw).call_id == call_id]

    def _finals(self, call_id: str) -> list[Message]:
        return [each for each in self._replies if each.status >= 200 and each.call_id == call_id]

    def _receive(self, seconds: float) -> None:
        for each in readable(self._sockets.values(), seconds):
            raw, source = each.recvfrom(65535)
            self.packets.append(Packet(time.monotonic(), source, each.getsockname(), raw))
            reply = parse(raw)
            self._replies.append(reply)
            if reply.status >= 300 and reply.method == "INVITE":
                each.sendto(_ack(reply, self._edge).raw, self._edge)


def _ack(reply: Message, edge: Address) -> Message:
    """The ACK to a refusal (RFC 3261 §17.1.1.3), made of what the reply repeats of its INVITE."""
    same = [(name, reply.get(name)) for name in ("Via", "From", "To", "Call-ID")]
    number = reply.cseq.partition(" ")[0]
    return build(f"ACK sip:{edge[0]}:{edge[1]} SIP/2.0", [*same, ("CSeq", f"{number} ACK"), ("Max-Forwards", "70")])
