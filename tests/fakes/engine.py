"""The transaction engine: what tm does with requests that are relayed, replies that come, and time that runs out.

After tm 5.6.3 (t_fwd.c, t_reply.c, t_cancel.c) with the parameters of `kamailio.cfg`: cancel_b_method=1,
reparse_invite=1, e2e_cancel_reason=0, 6xx never ends the hunt when the script says so.
"""

from typing import TYPE_CHECKING, Final

from tests.fakes import cancels, replies
from tests.fakes.message import Lump, Message
from tests.fakes.state import Address, Branch, Context, Held, Target, Transaction
from tests.fakes.surface import MisuseError
from tests.fakes.uris import address_of, via_param

if TYPE_CHECKING:
    from tests.fakes.machine import Machine

MAGIC: Final = "z9hG4bK-fake"
E_CFG: Final = -6
_CLASS_PRIORITY: Final = {3: 3000, 4: 4000, 5: 5000, 6: 1000}
_PREFERRED_4XX: Final = (401, 407, 415, 420, 484)


def via_of(m: "Machine", transaction: int, branch: int) -> str:
    """Return the Via value that a branch carries."""
    host, port = m.listen
    return f"SIP/2.0/UDP {host}:{port};branch={MAGIC}.{transaction}.{branch}"


def request_bytes(held: Held, uri: str, via: str) -> bytes:
    """Return the request as it leaves: our Via on top, the sender's completed, every change applied."""
    message = held.message
    top = message.all("via")[0]
    seen = replies.via_seen(top.raw_body.decode("latin-1"), held).encode("latin-1")
    extra = [
        Lump(top.at, 0, f"Via: {via}\r\n".encode()),
        Lump(top.body_at, len(top.raw_body), seen),
    ]
    return message.built(b" ".join([message.parts[0], uri.encode(), b"SIP/2.0"]), extra)


# -- forking ------------------------------------------------------------------------------------------------------


def forward(m: "Machine", transaction: Transaction, held: Held) -> int:
    """Build every branch, each through the branch callback, then send them all (t_forward_nonack)."""
    if transaction.canceled:
        held.targets.clear()
        return -1
    if not transaction.branches and m.here.route == "request":
        transaction.lumps = held.message.lumps.copy()
    on_branch, transaction.on_branch = transaction.on_branch, None
    wanted = [Target(held.uri, held.dst_uri, held.branch_flags)] if held.uri_is_new else []
    wanted += held.targets
    held.uri_is_new, held.targets = False, []
    before = held.branch_flags
    added, lowest = [], -1
    for target in wanted:
        branch = _add_branch(m, transaction, held, target, on_branch)
        if branch is None:
            lowest = E_CFG
        else:
            added.append(branch)
    held.branch_flags = before
    transaction.flags = held.flags
    if not added:
        return min(lowest, E_CFG) if wanted else -1
    for branch in added:
        m.send(branch.to, branch.sent, "request", transaction.id, branch.index)
    return 1


def _add_branch(
    m: "Machine", transaction: Transaction, held: Held, target: Target, on_branch: str | None
) -> Branch | None:
    """Build one branch with changes of its own; None where the callback dropped it, and then no index is taken."""
    index = len(transaction.branches)
    if index >= m.max_branches:
        raise MisuseError(f"branch {index} of a transaction: tm's limit is {m.max_branches}")
    lumps, uri, dst = held.message.lumps, held.new_uri, held.dst_uri
    held.message.lumps = lumps.copy()
    held.new_uri, held.dst_uri, held.branch_flags = target.uri, target.dst_uri, target.branch_flags
    try:
        context = Context("branch", held, transaction, transaction.avps, index)
        if on_branch is not None:
            m.run(on_branch, context)
        if context.dropped:
            return None
        final_uri = held.uri
        to = address_of(held.dst_uri or final_uri)
        sent = request_bytes(held, final_uri, via_of(m, transaction.id, index))
        armed = (transaction.on_reply, transaction.on_failure, transaction.on_branch_failure)
        branch = Branch(index, final_uri, to, sent, held.branch_flags, *armed)
    finally:
        held.message.lumps, held.new_uri, held.dst_uri = lumps, uri, dst
    transaction.branches.append(branch)
    return branch


# -- replies ------------------------------------------------------------------------------------------------------


def matching(m: "Machine", reply: Message) -> tuple[Transaction, Branch] | None:
    """Return the transaction and branch that a reply belongs to, by our Via branch and the method in CSeq."""
    tag = via_param(reply.vias()[0], "branch") or ""
    if not tag.startswith(MAGIC):
        return None
    number, _, index = tag[len(MAGIC) + 1 :].partition(".")
    for transaction in m.transactions:
        here = str(transaction.id) == number and int(index) < len(transaction.branches)
        if here and reply.method in (transaction.method, "CANCEL"):
            return transaction, transaction.branches[int(index)]
    return None


def reply_received(m: "Machine", transaction: Transaction, branch: Branch, held: Held) -> None:
    """What tm does with a reply that matched (t_reply.c, reply_received)."""
    code = held.message.status
    if held.message.method == "CANCEL" and transaction.method == "INVITE":
        return
    if transaction.method == "INVITE" and code >= 300:
        m.send(
            branch.to, cancels.from_invite(branch, "ACK", held.message.first("to")), "ack", transaction.id, branch.index
        )
    if code < 200 and branch.canceled:
        cancels.cancel(m, transaction, branch, transaction.cancel_reason, force=True)
        return
    if branch.on_reply is not None:
        held.flags, held.branch_flags = transaction.flags, branch.branch_flags
        context = Context("on_reply", held, transaction, transaction.avps, branch.index)
        m.run(branch.on_reply, context)
        transaction.flags, branch.branch_flags = held.flags, held.branch_flags
        if context.dropped and code < 200:
            return  # a final goes on although it was dropped
        code = held.message.status
    _relay_reply(m, transaction, branch, held, code)
    branch.replied = True


def timed_out(m: "Machine", transaction: Transaction, branch: Branch) -> None:
    """No final answer in time: a 408 of our own, CANCEL where it rang (timer.c, fake_reply)."""
    rang = branch.last_received >= 100 and not branch.cancel_sent
    branch.timed_out = branch.canceled = True
    _relay_reply(m, transaction, branch, None, 408)
    if rang and transaction.method == "INVITE":
        cancels.cancel(m, transaction, branch, b"", force=True)


def _relay_reply(m: "Machine", transaction: Transaction, branch: Branch, held: Held | None, code: int) -> None:
    """Decide what the caller gets (t_should_relay_response); `held` is None for a reply of our own making."""
    success = 200 <= code < 300 and transaction.method == "INVITE"
    if transaction.status >= 200:
        if success and held:
            branch.last_received = code
            _send_up(m, transaction, held)
        return
    if branch.last_received >= 200 and not (success and branch.last_received < 300):
        return
    branch.last_received = code
    if code < 300:
        if code != 100 and held:
            _send_up(m, transaction, held)
        if code >= 200:
            cancels.cancel_pending(m, transaction, b"SIP;cause=%d%b" % (code, _COMPLETED if code == 200 else b""))
        return
    branch.reply, branch.faked = held, held is None
    if branch.on_branch_failure is not None:
        _one_failed(m, transaction, branch, branch.on_branch_failure)
    if transaction.pending:
        if code >= 600 and not (transaction.seen_6xx or transaction.disable_6xx):
            transaction.seen_6xx = True
            cancels.cancel_pending(m, transaction, b"SIP;cause=%d" % code)
        return
    _all_failed(m, transaction)


_COMPLETED: Final = b';text="Call completed elsewhere"'


def _one_failed(m: "Machine", transaction: Transaction, branch: Branch, callback: str) -> None:
    """Run the branch-failure route: it sees the request, and may add branches (run_branch_failure_handlers)."""
    transaction.on_branch_failure = None
    request = transaction.held
    held = Held(request.message, request.source, transaction.first_uri, None, transaction.flags, branch.branch_flags)
    held.uri_is_new = False
    held.message.lumps = transaction.lumps.copy()
    m.run(callback, Context("branch_failure", held, transaction, transaction.avps, branch.index))
    transaction.flags = held.flags


def _all_failed(m: "Machine", transaction: Transaction) -> None:
    picked = min(transaction.branches, key=_priority)
    count = len(transaction.branches)
    if picked.on_failure is not None:
        transaction.on_failure = None
        # The failure route sees the request as tm keeps it: the lumps of the first t_relay, the R-URI of t_newtran.
        request = transaction.held
        uri = transaction.first_uri
        held = Held(request.message, request.source, uri, None, transaction.flags, uri_is_new=False)
        held.message.lumps = transaction.lumps.copy()
        m.run(picked.on_failure, Context("failure", held, transaction, transaction.avps, picked.index))
        transaction.flags = held.flags
    if transaction.status >= 200 or len(transaction.branches) > count:
        return
    if picked.reply is None or picked.last_received == 503:
        code = 487 if picked.faked and transaction.canceled else picked.last_received
        replies.stateful(m, transaction, 500 if code == 503 else code, replies.own_words(code))
        return
    _send_up(m, transaction, picked.reply)


def _priority(branch: Branch) -> int:
    code = branch.last_received
    if code // 100 == 4:
        return 4000 + (_PREFERRED_4XX.index(code) if code in _PREFERRED_4XX else 10 + code % 100)
    return _CLASS_PRIORITY.get(code // 100, 32000) + code % 100


def _send_up(m: "Machine", transaction: Transaction, held: Held) -> None:
    code = held.message.status
    data = replies.relayed(held.message)
    if transaction.status < 200:
        transaction.status, transaction.last_reply = code, data
    m.send(_reply_address(transaction), data, "reply", transaction.id)


def _reply_address(transaction: Transaction) -> Address:
    return transaction.held.source
