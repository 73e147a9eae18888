"""CANCEL and the ACK to a negative answer, as tm builds them: from the INVITE as it was sent (reparse_invite=1)."""

from typing import TYPE_CHECKING, Final

from tests.fakes.message import Header
from tests.fakes.state import Branch, Transaction

if TYPE_CHECKING:
    from tests.fakes.machine import Machine

_FROM_INVITE: Final = frozenset({"from", "to", "call-id", "cseq", "route", "max-forwards", "content-length"})


def cancel_pending(m: "Machine", transaction: Transaction, reason: bytes | None) -> None:
    """Cancel every branch that has no final answer; one that never rang is only given up (F_CANCEL_B_KILL)."""
    if transaction.method != "INVITE":
        return
    text = reason if reason is not None else b"SIP;cause=%d" % transaction.status
    for branch in transaction.pending:
        branch.canceled = True
        transaction.cancel_reason = text
        if branch.last_received >= 100:
            cancel(m, transaction, branch, text, force=True)


def cancel(m: "Machine", transaction: Transaction, branch: Branch, reason: bytes, *, force: bool) -> None:
    """Send the CANCEL of a branch, built from the INVITE as it was sent; To is the one that was *received*."""
    branch.canceled = True
    if branch.cancel_sent or (branch.last_received < 100 and not force):
        return
    branch.cancel_sent = True
    to = transaction.held.message.first("to")
    data = from_invite(branch, "CANCEL", to, reason)
    m.send(branch.to, data, "cancel", transaction.id, branch.index)


def from_invite(branch: Branch, method: str, to: Header | None, reason: bytes = b"") -> bytes:
    """Return a CANCEL or an ACK made from the INVITE of `branch` (build_local_reparse)."""
    invite = branch.message
    lines = [b" ".join([method.encode(), invite.parts[1], b"SIP/2.0"])]
    vias = 0
    for header in invite.headers:
        if header.key == "via":
            vias += 1
            if vias == 1:
                lines.append(b"Via: " + header.raw_body)
        elif header.key == "cseq":
            lines.append(b"CSeq: " + header.raw_body.split()[0] + b" " + method.encode())
        elif header.key == "content-length":
            lines.append(header.raw_name + b": 0")
        elif header.key == "to" and to is not None:
            lines.append(b"To: " + to.raw_body)
        elif header.key in _FROM_INVITE:
            lines.append(header.raw_name + b": " + header.raw_body)
    if reason:
        lines.append(b"Reason: " + reason)
    return b"\r\n".join(lines) + b"\r\n\r\n"
