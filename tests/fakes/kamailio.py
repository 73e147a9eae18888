"""The driver: messages go in, what went on the wire comes out.

    kam = FakeKamailio(router)
    kam.receive(invite, TRUNK)               # runs ksr_request_route, and on_branch for every leg
    legs = kam.take("request")               # the INVITEs that left
    kam.reply(legs[0], 180)                  # runs ksr_reply_route, then on_reply
    kam.time_runs_out()                      # runs on_failure, as in a timer process

Every step ends with `settle`: a misuse of KSR anywhere, a callback that raised or did not return an int fails the
test there, whatever a guard in between made of it.
"""

from typing import Any

from tests.fakes import engine, ksr, replies
from tests.fakes.machine import Machine
from tests.fakes.message import Message, UnparsableError
from tests.fakes.own import is_own
from tests.fakes.state import Address, Context, Held, Sent, Transaction
from tests.fakes.uris import name_addr, sent_by


class FakeKamailio(Machine):
    """A Kamailio process; the newest one made is the one that `import KSR` reaches."""

    def __init__(self, handler: Any = None, listen: Address = ("127.0.0.1", 5060), max_branches: int = 30) -> None:
        super().__init__(handler, listen, max_branches)
        self.seen = 0
        self.to_itself = 0  # how much of `sent` has been looked at for ourselves
        ksr.use(self)

    # -- in -----------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, source: Address) -> list[Sent]:
        """Take a datagram from `source`; return what it made us send. What the core cannot parse is dropped."""
        ksr.use(self)
        before = len(self.sent)
        self.traffic.append((source, self.listen, data))
        try:
            message = Message(data)
        except UnparsableError:
            return []
        held = Held(message, source)
        if message.is_reply:
            self._reply(held)
        else:
            self._request(held)
        self.settle()
        return self.sent[before:]

    def _request(self, held: Held) -> None:
        self.armed.clear()
        context = Context("request", held, None, {})
        self.run("ksr_request_route", context)
        transaction = context.transaction
        if transaction is None or transaction.held is not held:
            return
        if transaction.delayed_error and transaction.status < 200:
            replies.stateful(self, transaction, transaction.delayed_error, "I'm terribly sorry (tm)")
        elif not transaction.branches and transaction.status < 200 and not transaction.released and not self.escaped:
            self.misuses.append("a transaction was made and neither answered, relayed nor released")

    def _reply(self, held: Held) -> None:
        context = self.run("ksr_reply_route", Context("reply", held, None, {}))
        if context.dropped:
            if context.holds_transaction:
                self.misuses.append("a reply was dropped after t_check_trans: the next request in this worker is lost")
            return
        if is_own(self, held.message):
            return
        matched = engine.matching(self, held.message)
        if matched is not None:
            engine.reply_received(self, *matched, held)
            return
        vias = held.message.vias()
        if sent_by(vias[0]) == self.listen and len(vias) > 1:  # the core forwards it by the next Via
            self.send(sent_by(vias[1]), replies.relayed(held.message), "stateless_reply")

    def reply(
        self, request: Sent, code: int, reason: str = "Whatever", more: str = "", body: bytes = b""
    ) -> list[Sent]:
        """Answer a request that we sent, as its receiver would; `more` are further header lines with CRLF."""
        return self.receive(answer(request, code, reason, more, body), request.to)

    def hears_itself(self) -> None:
        """Deliver what was sent to our own address, and what comes of that."""
        while self.to_itself < len(self.sent):
            sent, self.to_itself = self.sent[self.to_itself], self.to_itself + 1
            if sent.to == self.listen:
                self.receive(sent.data, self.listen)

    def wakes_up(self) -> None:
        """Let all that sleeps wake up, as it stands now; one whose transaction is over does not."""
        ksr.use(self)
        asleep, self.asleep = self.asleep, []
        for callback, transaction in asleep:
            if not transaction.canceled and transaction.status < 200:
                request = transaction.held
                held = Held(request.message, request.source, request.new_uri, None, transaction.flags)
                self.run(callback, Context("failure", held, transaction, transaction.avps))
        self.settle()
        self.hears_itself()

    def time_runs_out(self, transaction: Transaction | None = None, branch: int | None = None) -> list[Sent]:
        """Let the final-response timer of every pending branch fire, or of one; `transaction`: the newest INVITE's."""
        ksr.use(self)
        before = len(self.sent)
        chosen = transaction or self.calls_in_progress()[-1]
        for pending in chosen.pending:
            if branch is None or pending.index == branch:
                engine.timed_out(self, chosen, pending)
        self.settle()
        return self.sent[before:]

    # -- out ----------------------------------------------------------------------------------------------------

    def take(self, what: str | None = None) -> list[Sent]:
        """Return what was sent since the last `take`, only the kind `what` if given; the rest counts as seen too."""
        new, self.seen = self.sent[self.seen :], len(self.sent)
        return [sent for sent in new if what is None or sent.what == what]

    def calls_in_progress(self) -> list[Transaction]:
        """Return the INVITE transactions, oldest first."""
        return [transaction for transaction in self.transactions if transaction.method == "INVITE"]


def answer(request: Sent, code: int, reason: str = "Whatever", more: str = "", body: bytes = b"") -> bytes:
    """Return the reply that the receiver of `request` would send: its Vias, From, Call-ID, CSeq, and To with a tag."""
    message = request.message
    lines = [f"SIP/2.0 {code} {reason}".encode()]
    for name in ("Via", "Record-Route", "From", "To", "Call-ID", "CSeq"):
        for header in message.all(name):
            value = header.raw_body
            if name == "To" and code > 100 and "tag" not in name_addr(value.decode("latin-1"))[2]:
                value += f";tag=uas-{request.to[1]}-{request.branch}".encode()
            lines.append(name.encode() + b": " + value)
    return b"\r\n".join(lines) + b"\r\n" + more.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
