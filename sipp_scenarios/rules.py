"""The rules of RFC 3261 and 3262 that whoever is called or calls can hold the edge to, read off a capture.

    broken(packets, edge, parties)      what each party would have had to complain of, with the section that says so

Each party sees its own messages alone, as its telephone would: `Asked` are the edge's requests to it, `Replied` the
edge's replies to it (sipp_scenarios/replied.py). Between the parties there is one rule: Max-Forwards (§16.6 step 3).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from sipp_scenarios.dialogs import Book, Dialog
from sipp_scenarios.replied import Replied
from tests.sip.message import Message, parse
from tests.sip.wire import Packet

_OUTSIDE: Final = {"INVITE", "OPTIONS"}  # what the edge may ask without a dialog
_MOST_HOPS: Final = 255


def broken(packets: Iterable[Packet], edge: str, parties: Iterable[str]) -> list[str]:
    """Return what is broken in what `edge` sent to the addresses of `parties`, each with the address it went to."""
    books, hops = {host: Book() for host in parties}, _Hops()
    words: dict[str, None] = {}
    for packet in packets:
        ways = {packet.src[0]: packet.dst[0], packet.dst[0]: packet.src[0]}
        host = ways.get(edge, "")
        if host not in books or (message := _read(packet.raw)) is None:
            continue
        if packet.dst[0] == edge:
            books[host].note(message)
            hops.note(host, message)
            continue
        found = Replied(books[host]).broken(message) if message.status else Asked(books[host]).broken(message)
        what = f"{message.status} to {message.method}" if message.status else message.method
        words |= dict.fromkeys(f"{what} to {host} {each}" for each in [*found, *hops.broken(host, message)])
    return [*words]


def _read(raw: bytes) -> Message | None:
    try:
        return parse(raw)
    except ValueError:  # a keep-alive
        return None


class Asked:
    """What a UAS that takes the RFC at its word says to a request."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def broken(self, message: Message) -> Iterator[str]:
        """Yield what is wrong with it; and remember it."""
        first = self._book.asked.setdefault((message.branch, message.method), message)
        if first is not message:
            if first.raw != message.raw:
                yield "is sent again with other bytes (§17.1.1.2)"
            return
        yield from _plain(message)
        if message.method == "CANCEL":
            yield from self._cancel(message)
        elif message.method == "ACK":
            yield from self._ack(message)
        elif message.to_tag:
            yield from self._in_dialog(message)
        elif message.method not in _OUTSIDE:
            yield "without a To tag, and so outside of any dialog (§12.2.1.1)"
        elif message.method == "INVITE":
            yield from self._new(message)

    def _new(self, message: Message) -> Iterator[str]:
        if len(message.all("contact")) != 1:
            yield "without exactly one Contact (§8.1.1.8)"
        who = (message.from_tag, message.call_id, message.cseq)
        if self._book.seen.setdefault(who, message.branch) != message.branch:
            yield "is a merged request (§8.2.2.2)"

    def _cancel(self, message: Message) -> Iterator[str]:
        invite = self._book.asked.get((message.branch, "INVITE"))
        if invite is None:
            yield "on the branch of no INVITE (§9.1)"
            return
        yield from (f"with another {name} than its INVITE's (§9.1)" for name in _others(message, invite, "to"))
        if not self._book.replies[message.branch, "INVITE"]:
            yield "before any reply to its INVITE (§9.1)"
        if message.all("require") or message.all("proxy-require"):
            yield "with Require (§9.1)"

    def _ack(self, message: Message) -> Iterator[str]:
        invite = self._book.asked.get((message.branch, "INVITE"))
        number = int(message.cseq.split()[0])
        if invite is not None:
            refusals = [each for each in self._book.replies[message.branch, "INVITE"] if each.status >= 300]
            if not refusals:
                yield "on its INVITE's branch to what is no refusal (§13.2.2.4)"
                return
            yield from (f"with another {name} than its INVITE's (§17.1.1.3)" for name in _others(message, invite))
            if message.get("to") not in {each.get("to") for each in refusals}:
                yield "with another To than the refusal's (§17.1.1.3)"
            return
        dialog = self._book.dialog(message)
        if dialog is not None and number in dialog.answered:
            yield from _to_its_target(message, dialog)
        elif (message.call_id, number) in self._book.refused:
            yield "to a refusal on another branch than its INVITE's (§17.1.1.3)"
        else:
            yield "to no 2xx of this dialog: Call-ID, tags, CSeq (§13.2.2.4)"

    def _in_dialog(self, message: Message) -> Iterator[str]:
        dialog = self._book.dialog(message)
        if dialog is None:
            yield "with a Call-ID and tags that are no dialog's (§12.2.1.1)"
            return
        yield from _to_its_target(message, dialog)
        number = int(message.cseq.split()[0])
        if number <= dialog.cseq:
            yield f"with a CSeq that does not grow: {number} after {dialog.cseq} (§12.2.1.1)"
        dialog.cseq = max(dialog.cseq, number)
        if message.method == "PRACK":
            yield from _prack(" ".join(message.get("rack").split()), dialog)


def _plain(message: Message) -> Iterator[str]:
    """Yield what is wrong with a request of any kind (§8.1.1)."""
    hops = message.get("max-forwards")
    if not hops.isdecimal() or int(hops) > _MOST_HOPS:
        yield "without Max-Forwards (§8.1.1.6)"
    if not message.branch.startswith("z9hG4bK"):
        yield "without the magic cookie (§8.1.1.7)"
    if message.get("content-length") != str(len(message.body)):
        yield "with a wrong Content-Length (§20.14)"
    if message.cseq.partition(" ")[2] != message.method:
        yield "with another method in its CSeq (§8.1.1.5)"
    if not message.from_tag:
        yield "without a From tag (§8.1.1.3)"


def _others(message: Message, invite: Message, *names: str) -> Iterator[str]:
    """Yield what a request made by the hop itself has not as its INVITE: CANCEL, and the ACK to a refusal."""
    if message.uri != invite.uri:
        yield "Request-URI"
    yield from (name for name in ("from", "call-id", *names) if message.get(name) != invite.get(name))
    if message.cseq.split()[0] != invite.cseq.split()[0]:
        yield "CSeq number"
    if message.all("via") != invite.all("via")[:1]:
        yield "Via, or more than one,"
    if message.all("route") != invite.all("route"):
        yield "Route"


def _to_its_target(message: Message, dialog: Dialog) -> Iterator[str]:
    if dialog.target and message.uri != dialog.target:
        yield "to another URI than the Contact (§12.2.1.1)"


def _prack(rack: str, dialog: Dialog) -> Iterator[str]:
    if rack not in dialog.reliable:
        yield f"of no reliable reply: RAck {rack or 'missing'} (RFC 3262 §7.2)"
    elif rack in dialog.pracked:
        yield f"of one that has its PRACK: RAck {rack} (RFC 3262 §4)"
    dialog.pracked.add(rack)


class _Hops:
    """Max-Forwards between the parties: what goes on has less than what came (§16.6 step 3)."""

    def __init__(self) -> None:
        self._came: dict[
            tuple[str, str], tuple[str, int | None]
        ] = {}  # method and CSeq number: from whom, with how many
        self._most: int | None = None  # of the new INVITEs

    def note(self, host: str, message: Message) -> None:
        """A party has sent this."""
        hops = message.get("max-forwards")
        if message.status or not hops.isdecimal():
            return
        if message.method == "INVITE" and not message.to_tag:
            self._most = max(self._most or 0, int(hops))
        self._came[message.method, message.cseq.split()[0]] = host, int(hops)

    def broken(self, host: str, message: Message) -> Iterator[str]:
        """The edge has sent this; CANCEL and the ACK to a refusal are its own."""
        hops = message.get("max-forwards")
        if message.status or message.method in {"CANCEL", "ACK", "OPTIONS"} or not hops.isdecimal():
            return
        whose, came = self._came.get((message.method, message.cseq.split()[0]), (host, None))
        if not message.to_tag:
            whose, came = "", self._most
        if whose != host and came is not None and int(hops) >= came:
            yield f"with Max-Forwards {hops} of {came} (§16.6 step 3)"
