"""Replies that Kamailio makes itself: statelessly, or through a transaction."""

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from tests.fakes import cancels
from tests.fakes.message import Message
from tests.fakes.state import Held, Transaction
from tests.fakes.uris import name_addr, sent_by, via_param

if TYPE_CHECKING:
    from tests.fakes.machine import Machine


_KEPT: Final = frozenset({"from", "call-id", "cseq"})
_WORDS: Final = {408: "Request Timeout", 487: "Request Terminated", 503: "Service Unavailable"}


def own_words(code: int) -> str:
    """Return tm's phrase for a reply that it makes by itself."""
    return _WORDS[code]


def stateless_tag(held: Held) -> str:
    """Return the To tag of a stateless reply: the same for every retransmission."""
    return "sl-" + blake2b(held.message.text("via").encode(), digest_size=8).hexdigest()


def via_seen(value: str, held: Held) -> str:
    """Return the sender's Via with `received` and `rport` as the core adds them (RFC 3261 §18.2.1, RFC 3581)."""
    if via_param(value, "rport") is not None or held.force_rport:
        value = ";".join(part for part in value.split(";") if not part.strip().lower().startswith("rport"))
        value += f";rport={held.source[1]}"
    if sent_by(value)[0] != held.source[0]:
        value = ";".join(part for part in value.split(";") if not part.strip().lower().startswith("received="))
        value += f";received={held.source[0]}"
    return value


def to_request(held: Held, code: int, reason: str, tag: str) -> bytes:
    """Return a reply built from the request as received (build_res_buf_from_sip_req): no lump of it is used."""
    lines = [f"SIP/2.0 {code} {reason}".encode()]
    vias = 0
    for header in held.message.headers:
        name, raw = header.raw_name, header.raw_body
        if header.key == "via":
            vias += 1
            if vias == 1:
                raw = via_seen(raw.decode("latin-1"), held).encode("latin-1")
        elif header.key == "to":
            if code > 100 and "tag" not in name_addr(raw.decode("latin-1"))[2]:
                raw += f";tag={tag}".encode()
        elif header.key not in _KEPT and not (header.key == "record-route" and 180 <= code <= 299):
            continue
        lines.append(name + b": " + raw)
    extra = "".join(held.reply_headers).encode()
    return b"\r\n".join(lines) + b"\r\n" + extra + b"Content-Length: 0\r\n\r\n"


def stateful(m: "Machine", transaction: Transaction, code: int, reason: str) -> int:
    """Answer through the transaction; cancels what is pending on a final. -1 when it already has its final answer."""
    if transaction.status >= 200 or not 100 <= code <= 699:
        return -1
    if not transaction.to_tag:
        transaction.to_tag = f"tm-{transaction.id}"
    held = m.here.held if m.context and m.here.route == "failure" else transaction.held
    data = to_request(held, code, reason, transaction.to_tag)
    transaction.status, transaction.last_reply = code, data
    m.send(transaction.held.source, data, "reply", transaction.id)
    if code >= 200:
        cancels.cancel_pending(m, transaction, reason=None)
    return 1


def relayed(message: Message) -> bytes:
    """Return a reply with our Via taken off and every change applied."""
    via = message.all("via")[0]
    first, comma, _ = via.raw_body.partition(b",")
    message_lumps = message.lumps.copy()
    if comma:
        message.cut(via.body_at, via.body_at + len(first) + 1)
    else:
        message.cut(via.at, via.end)
    try:
        return message.built()
    finally:
        message.lumps = message_lumps
