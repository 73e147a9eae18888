"""The customer: who calls the hotline, through the company's trunk.

call = customer.calls("02727777787")
...
assert call.saw == [180, 200]
"""

import itertools
import secrets
from collections.abc import Iterable

from tests.sip.dialog import ClientTransaction, Dialog, ServerTransaction
from tests.sip.message import Address, Header, Message, build, parse, tag_of
from tests.sip.sdp import sdp as audio
from tests.sip.ua import UserAgent
from tests.sip.wire import Recording, Transport


class Call(Dialog):
    """A call that the customer placed."""

    def __init__(self, customer: "Customer", invite: Message, edge: Address, acks: bool) -> None:
        super().__init__(customer, invite.call_id, invite.get("from"), invite.get("to"), target=invite.uri, cseq=103)
        self._sdp_versions = itertools.count(2)  # the INVITE's was 1
        self.forks: list[Dialog] = []  # dialogs of further 2xx, acknowledged and hung up at once
        self.invite, self.edge, self._acks_itself = invite, edge, acks
        with customer.changed:
            self.tx = customer.transact(invite, edge, self._answered)

    @property
    def replies(self) -> list[Message]:
        """Every reply to the INVITE so far but 100, each once: a retransmission is the same bytes."""
        with self.agent.changed:
            return list({reply.raw: reply for reply in self.tx.replies if reply.status > 100}.values())

    @property
    def saw(self) -> list[int]:
        """Status codes that came for the INVITE so far, 100 left out. It does not wait."""
        return [reply.status for reply in self.replies]

    def final(self, within: float = 5.0) -> int:
        """Wait for the final reply to the INVITE and return its code."""
        return self.tx.outcome(within).status

    def heard(self, code: int) -> bool:
        """Wait until a reply with `code` came."""
        return self.agent.soon(lambda: any(reply.status == code for reply in self.tx.replies))

    @property
    def is_ringing(self) -> bool:
        return self.heard(180)

    @property
    def is_answered(self) -> bool:
        return self.heard(200)

    def acks(self, headers: Iterable[Header] = ()) -> None:
        """ACK the 2xx: only needed where the call was placed with `acks=False`."""
        self.acknowledges(self.tx.outcome(), headers)

    def retransmits_invite(self, times: int = 1) -> None:
        """Send the very same INVITE again."""
        for _ in range(times):
            self.agent.send(self.invite, self.edge)

    def cancels(self, headers: Iterable[Header] = ()) -> int:
        """CANCEL (RFC 3261 §9.1: the INVITE's R-URI, Via, From, To, Call-ID, CSeq number); return what it got."""
        same = [(name, self.invite.get(name)) for name in ("Via", "From", "To", "Call-ID")]
        routes = [("Route", each) for each in self.invite.all("route")]
        cseq = ("CSeq", f"{self.invite.cseq.split()[0]} CANCEL")
        fields = [*same, *routes, cseq, ("Max-Forwards", "70"), *self.agent.habits, *headers]
        return self.agent.transact(build(f"CANCEL {self.invite.uri} SIP/2.0", fields), self.edge).outcome().status

    def _answered(self, reply: Message) -> None:
        if not self.remote_tag:
            self.remote = reply.get("to")
            own = self.invite.all("record-route") if self.agent.is_behind_proxies else []
            self.routes = [each for each in reversed(reply.all("record-route")) if each not in own]  # §12.1.2
            self.target = reply.target or self.target
            self.agent.dialogs[(self.call_id, self.local_tag)] = self
        elif reply.to_tag != self.remote_tag:
            self._second_answer(reply)
            return
        if self._acks_itself:
            self.acknowledges(reply)

    def _second_answer(self, reply: Message) -> None:
        if any(fork.remote_tag == reply.to_tag for fork in self.forks):
            return
        fork = Dialog(self.agent, self.call_id, self.local, reply.get("to"), target=reply.target, cseq=103)
        self.forks.append(fork)
        fork.acknowledges(reply)
        fork.sends("BYE")


class Customer(UserAgent):
    """Whoever sends requests to the edge at `edge`: by default the company's trunk with the seed's customer."""

    def __init__(
        self, edge: Address, *, host: str = "127.0.0.10", port: int = 0, recording: Recording | None = None,
        number: str = "0909789846", name: str = "Tran Thi Khach", transport: Transport = "udp",
    ) -> None:  # fmt: skip
        self.edge, self.number, self.name = edge, number, name
        super().__init__(host, port, recording, "khach-hang", "127.0.0.11", transport)
        self.habits = [("User-Agent", "KhachPhone/3.1.4")]

    def calls(
        self, dialled: str, *, extra_headers: Iterable[Header] = (), sdp: bytes | None = None, acks: bool = True,
        from_value: str = "", to_value: str = "", uri: str = "", max_forwards: int = 70,
        content_type: str = "application/sdp",
    ) -> Call:  # fmt: skip
        """Place a call; returns at once. `sdp=b""` sends none."""
        invite = self.invite(
            dialled, extra_headers=extra_headers, sdp=sdp, from_value=from_value, to_value=to_value, uri=uri,
            max_forwards=max_forwards, content_type=content_type,
        )  # fmt: skip
        return Call(self, invite, self.edge, acks)

    def invite(
        self, dialled: str, *, extra_headers: Iterable[Header] = (), sdp: bytes | None = None, from_value: str = "",
        to_value: str = "", uri: str = "", max_forwards: int = 70, content_type: str = "application/sdp",
    ) -> Message:  # fmt: skip
        """The INVITE of a call, not sent."""
        host = f"{self.edge[0]}:{self.edge[1]}"
        caller = from_value or f'"{self.name}" <sip:{self.number}@{self.address[0]}>'
        if not tag_of(caller):
            caller += f";tag=khach{secrets.token_hex(6)}"
        if sdp is None:
            sdp = audio(self.media_host, 40000, self.who)
        fields: list[Header] = [("Via", self.via()), ("Max-Forwards", str(max_forwards)), ("From", caller)]
        fields += [
            ("To", to_value or f"<sip:{dialled}@{host}>"),
            ("Call-ID", f"khach-{secrets.token_urlsafe(12)}@{self.address[0]}"),
        ]
        fields += [("CSeq", "102 INVITE"), ("Contact", self.contact), *self.habits, *extra_headers]
        fields += [("Content-Type", content_type)] if sdp else []
        return build(f"INVITE {uri or f'sip:{dialled}@{host}'} SIP/2.0", fields, sdp)

    def asks(self, method: str, uri: str = "", headers: Iterable[Header] = ()) -> ClientTransaction:
        """A request outside any dialog: OPTIONS, REGISTER, a scanner's …"""
        host = f"{self.edge[0]}:{self.edge[1]}"
        who = f"<sip:{self.number}@{self.address[0]}>"
        fields: list[Header] = [
            ("Via", self.via()),
            ("Max-Forwards", "70"),
            ("From", f"{who};tag={secrets.token_hex(6)}"),
        ]
        fields += [("To", f"<sip:{host}>"), ("Call-ID", secrets.token_hex(10)), ("CSeq", f"1 {method}"), *headers]
        return self.transact(build(f"{method} {uri or f'sip:{host}'} SIP/2.0", fields), self.edge)

    def sends(self, raw: bytes) -> ClientTransaction:
        """Send bytes as they are; replies are matched if they hold a Via branch."""
        return self.transact(parse(raw), self.edge)

    def on_new(self, tx: ServerTransaction) -> None:
        tx.answer(200 if tx.request.method == "OPTIONS" else 405, None, secrets.token_hex(4))

    def on_cancel(self, invite: ServerTransaction, _cancel: Message) -> None:
        invite.answer(487, None, secrets.token_hex(4))
