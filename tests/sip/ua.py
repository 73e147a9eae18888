"""What customer and carrier share: messages find their transaction and dialog (RFC 3261 §17.1.3, §12.2.2)."""

import secrets
from collections.abc import Callable

from tests.sip.dialog import ClientTransaction, Dialog, ServerTransaction
from tests.sip.message import Address, Header, Message
from tests.sip.wire import Endpoint, Recording, Transport


class UserAgent(Endpoint):
    """A SIP user agent on one address.

    `who` is the name its SDP and headers are full of; `media_host` the address it wants media at;
    `habits` are headers it puts into everything it sends.
    """

    def __init__(
        self, host: str, port: int, recording: Recording | None, who: str, media_host: str,
        transport: Transport = "udp",
    ) -> None:  # fmt: skip
        self.who, self.media_host, self.media_port = who, media_host, 40000
        self.habits: list[Header] = []
        self.dialogs: dict[tuple[str, str], Dialog] = {}  # by Call-ID and local tag
        self.strays: list[Message] = []  # replies that answer nothing we sent
        self.is_behind_proxies = False  # its proxies take their Route off before the edge sees the request
        self.refuse_next = 0  # code that the next in-dialog INVITE gets instead of 200
        self.script: dict[str, tuple[int, list[Header], bytes]] = {}  # the next in-dialog reply, by method
        self.deaf_to: set[str] = set()  # Call-IDs of earlier tests, still being retransmitted
        self.losing: list[str] = []  # what the network loses next before it gets here: "ACK", "INVITE 200" …
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[tuple[str, str], ServerTransaction] = {}
        super().__init__(host, port, recording, transport)

    @property
    def sent_by(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    @property
    def contact(self) -> str:
        transport = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"<sip:{self.who}@{self.sent_by}{transport}>"

    def via(self) -> str:
        """A new Via line; its branch is the transaction's name."""
        rport = ";rport" if self.transport == "udp" else ""  # RFC 3581 is of UDP
        return f"SIP/2.0/{self.transport.upper()} {self.sent_by};branch=z9hG4bK{secrets.token_hex(8)}{rport}"

    def transact(
        self, request: Message, to: Address, on_success: Callable[[Message], None] | None = None
    ) -> ClientTransaction:
        """Send a request of its own transaction."""
        with self.changed:
            tx = ClientTransaction(self, request, to, on_success)
            self._clients[(request.branch, request.method)] = tx
            self.send(request, to)
            return tx

    def on_message(self, message: Message, source: Address) -> None:
        if message.call_id in self.deaf_to or self._loses(message):
            return
        if message.status:
            self._on_reply(message)
        elif message.method == "ACK":
            self._on_ack(message)
        else:
            self._on_request(message, source)

    def _loses(self, message: Message) -> bool:
        what = f"{message.method} {message.status}" if message.status else message.method
        if what not in self.losing:
            return False
        self.losing.remove(what)
        return True

    def on_new(self, tx: ServerTransaction) -> None:
        """A request outside any dialog."""
        raise NotImplementedError

    def on_cancel(self, invite: ServerTransaction, cancel: Message) -> None:
        """A CANCEL of an INVITE of ours; it has had its 200 already."""
        raise NotImplementedError

    def _on_reply(self, reply: Message) -> None:
        if not (reply.get("from") and reply.get("to")):
            return  # §8.1.1, §16.3: not even a message
        tx = self._clients.get((reply.branch, reply.method))
        vias = (
            [sum(line.count(",") + 1 for line in message.all("via")) for message in (reply, tx.request)] if tx else []
        )
        if tx is None or vias[0] != vias[1]:  # one a line or several: the same (RFC 3261 §7.3.1)
            self.strays.append(reply)
        else:
            tx.on_reply(reply)

    def _on_ack(self, ack: Message) -> None:
        invite = self._servers.get((ack.branch, "INVITE"))
        dialog = self.dialogs.get((ack.call_id, ack.to_tag))
        if invite is not None:
            invite.acked = True
            return
        number = ack.cseq.split()[0]
        for tx in self._servers.values():  # the ACK to a 2xx has a branch of its own (§17.1.1.3)
            same = tx.request.call_id == ack.call_id and tx.request.from_tag == ack.from_tag
            if same and tx.request.cseq == f"{number} INVITE" and tx.reply is not None and tx.reply.status < 300:
                if not tx.acked and dialog is not None:
                    dialog.on_ack(ack)
                tx.acked = True

    def _on_request(self, request: Message, source: Address) -> None:
        known = self._servers.get((request.branch, request.method))
        if known is not None:
            if known.reply is not None:  # a retransmission: the same reply again (§17.2)
                self.send(known.reply, source)
            return
        tx = self._servers[(request.branch, request.method)] = ServerTransaction(self, request, source)
        if request.method == "CANCEL":
            self._cancel(tx)
        elif request.to_tag:
            dialog = self.dialogs.get((request.call_id, request.to_tag))
            if dialog is None or dialog.remote_tag != request.from_tag:
                tx.answer(481, None, request.to_tag)
            else:
                dialog.on_request(tx)
        else:
            self.on_new(tx)

    def _cancel(self, tx: ServerTransaction) -> None:
        invite = self._servers.get((tx.request.branch, "INVITE"))
        if invite is None:
            tx.answer(481, None, secrets.token_hex(4))
            return
        # §9.2: the To tag of the reply to the CANCEL is that of the INVITE's own replies.
        tx.answer(200, None, invite.reply.to_tag if invite.reply and invite.reply.to_tag else secrets.token_hex(4))
        self.on_cancel(invite, tx.request)
