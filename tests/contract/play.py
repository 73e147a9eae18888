"""One call of the contract, as the two parties make it, and the register of scenarios."""

import json
from collections.abc import Callable
from typing import Final

from tests.contract.rooms import Room
from tests.fakes.kamailio import answer
from tests.fakes.message import Message
from tests.fakes.state import Sent


class Play:
    """One call in a room."""

    def __init__(self, room: Room, number: int) -> None:
        self.room = room
        self.call = f"contract-{number}"

    def invite(self, case: str, more: str = "", body: str = "", *, vias: str = "", length: bool = True) -> None:
        """The caller sends the INVITE of a case; `more` and `vias` are header lines with CRLF."""
        self.room.send("caller", self.request("INVITE", case, more, body, vias=vias, length=length))
        self.room.settle()

    def request(
        self, method: str, case: str, more: str = "", body: str = "", *, vias: str = "", length: bool = True
    ) -> bytes:
        """Return a request of the call."""
        host, port = self.room.caller
        gateway = f"{self.room.gateway[0]}:{self.room.gateway[1]}"
        text = (
            f"{method} sip:hot@{self.room.edge[0]}:{self.room.edge[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{self.call}\r\n{vias}"
            f'Max-Forwards: 70\r\nFrom: "Alice" <sip:alice@h>;tag=a\r\nTo: <sip:hot@h>\r\nCall-ID: {self.call}\r\n'
            f"CSeq: 1 {method}\r\nContact: <sip:alice@{host}:{port}>\r\nX-Case: {case}\r\nX-Gateway: {gateway}\r\n"
            f"{more}"
        )
        text += f"Content-Length: {len(body)}\r\n" if length else ""
        return (text + "\r\n" + body).encode("latin-1")

    def cancel(self) -> None:
        """The caller hangs up."""
        self.room.send("caller", self.request("CANCEL", "none", "Reason: Q.850;cause=16;text=secret\r\n"))
        self.room.settle()

    def legs(self) -> list[Message]:
        """The INVITEs that the gateway has."""
        return [m for party, m in self.room.got if party == "gateway" and m.method == "INVITE" and not m.is_reply]

    def at_gateway(self, method: str) -> list[Message]:
        """The requests of a method that the gateway has."""
        return [m for party, m in self.room.got if party == "gateway" and m.method == method]

    def caller_saw(self) -> list[int]:
        """The status codes that the caller has, 100 left out."""
        return [m.status for party, m in self.room.got if party == "caller" and m.status != 100]

    def reply(self, leg: int, code: int, reason: str = "Own Words", more: str = "", body: str = "") -> None:
        """The gateway answers a leg; the leg's case goes with it."""
        data = self.answer_of(leg, code, reason, more, body)
        self.room.send("gateway", data)
        self.room.settle()

    def answer_of(self, leg: int, code: int, reason: str = "Own Words", more: str = "", body: str = "") -> bytes:
        """Return the gateway's answer."""
        message = self.legs()[leg]
        case = message.text("x-case")
        data = answer(Sent((message.parts[1].decode(), leg), message.buf, "request", branch=leg), code, reason)
        head, _, _ = data.partition(b"Content-Length")
        extra = f"X-Case: {case}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}"
        return head + extra.encode()

    def saw(self) -> list[object]:
        """Everything that the case reported, party by party, in order."""
        return [json.loads(h.body) for _, message in self.room.got for h in message.all("x-saw")]


SCENARIOS: Final[list[Callable[[Play], None]]] = []


def scenario(play: Callable[[Play], None]) -> Callable[[Play], None]:
    """Register a scenario."""
    SCENARIOS.append(play)
    return play
