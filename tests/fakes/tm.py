"""KSR.tm and KSR.tmx, in front of the engine."""

from typing import Any

from tests.fakes import cancels, engine, replies
from tests.fakes.machine import Machine, kemi
from tests.fakes.own import is_own
from tests.fakes.state import Held, Transaction
from tests.fakes.surface import MisuseError
from tests.fakes.uris import address_of, name_addr, via_param


def same_request(transaction: Transaction, held: Held, method: str) -> bool:
    """Say whether a request belongs to a transaction: Via branch and sent-by (RFC 3261 §17.2.3)."""
    ours, theirs = transaction.held.message.vias()[0], held.message.vias()[0]
    branch = via_param(theirs, "branch")
    same_top = branch == via_param(ours, "branch") and ours.split(";")[0] == theirs.split(";")[0]
    return bool(branch) and same_top and transaction.method == method


def _find(m: Machine, held: Held, method: str) -> Transaction | None:
    return next((t for t in m.transactions if same_request(t, held, method)), None)


def _acked(m: Machine, held: Held) -> Transaction | None:
    """Return the INVITE transaction that an ACK to a 2xx belongs to: Call-ID, CSeq and From tag, another Via branch."""
    message = held.message
    for transaction in m.transactions:
        invite = transaction.held.message
        same = all(message.text(name).split()[0] == invite.text(name).split()[0] for name in ("call-id", "cseq"))
        tags = [name_addr(x.text("from"))[2].get("tag") for x in (message, invite)]
        if transaction.method == "INVITE" and transaction.status // 100 == 2 and same and tags[0] == tags[1]:
            return transaction
    return None


def _retransmit(m: Machine, transaction: Transaction) -> None:
    if transaction.last_reply:
        m.send(transaction.held.source, transaction.last_reply, "reply", transaction.id)


@kemi("tm.t_check_trans")
def _check_trans(m: Machine) -> int:
    context = m.here
    held = context.held
    if context.route not in ("request", "reply"):
        return 1
    if held.message.is_reply:
        context.holds_transaction = engine.matching(m, held.message) is not None or is_own(m, held.message)
        return 1 if context.holds_transaction else -1
    method = held.message.method
    if method == "CANCEL":
        return 1 if _find(m, held, "INVITE") else -1
    if method == "ACK":
        if found := _find(m, held, "INVITE"):
            found.released = True
            return 0
        return 1 if _acked(m, held) else -1
    if found := _find(m, held, method):
        context.transaction = found
        _retransmit(m, found)
        return 0
    return -1


@kemi("tm.t_lookup_cancel")
def _lookup_cancel(m: Machine) -> int:
    return 1 if _find(m, m.here.held, "INVITE") else -1


@kemi("tm.t_newtran")
def _newtran(m: Machine) -> int:
    """1 made, 0 a retransmission and answered as before, negative where there is one already (E_SCRIPT)."""
    context = m.must_be_in("tm.t_newtran", "request")
    held = context.held
    if context.transaction is not None:
        context.transaction.flags = held.flags
        return -10
    method = held.message.method
    if method == "ACK":
        return 1
    if found := _find(m, held, method):
        context.transaction = found
        _retransmit(m, found)
        return 0
    context.transaction = Transaction(len(m.transactions) + 1, held, context.avps, held.flags)
    context.transaction.disable_6xx = m.disable_6xx
    context.transaction.first_uri = held.new_uri
    for name, value in _early(m).items():
        setattr(context.transaction, name, value)
    m.transactions.append(context.transaction)
    return 1


def _early(m: Machine) -> dict[str, Any]:
    """What the script armed before there was a transaction; tm keeps it until there is one."""
    armed = dict(m.armed)
    m.armed.clear()
    return armed


@kemi("tm.t_relay")
def _relay(m: Machine) -> int:
    context = m.must_be_in("tm.t_relay", "request", "failure", "branch_failure")
    held = context.held
    method = held.message.method
    if method == "ACK" and context.route == "request":
        to = address_of(held.dst_uri or held.uri)
        m.send(to, engine.request_bytes(held, held.uri, engine.via_of(m, 0, 0)), "request")
        return 1
    if method == "CANCEL":
        return _relay_cancel(m, held)
    if context.route == "request":
        made = _newtran(m)
        if made == 0:
            return 1
    transaction = context.transaction
    assert transaction is not None
    if method == "INVITE" and transaction.auto_100 and transaction.status < 100 and context.route == "request":
        replies.stateful(m, transaction, 100, "Trying")
    result = engine.forward(m, transaction, held)
    if result < 0 and context.route == "request":
        transaction.delayed_error = 500
    return result


def _relay_cancel(m: Machine, held: Held) -> int:
    """CANCEL hop by hop (e2e_cancel): 200 to the CANCEL, CANCELs to what rang, 487 at once where nothing is out."""
    invite = _find(m, held, "INVITE")
    if invite is None:
        raise MisuseError("t_relay of a CANCEL that matches no INVITE: tm passes it on as it is")
    invite.canceled = True
    m.send(held.source, replies.to_request(held, 200, "canceling", f"tm-{invite.id}"), "reply")
    if not invite.pending:
        replies.stateful(m, invite, 487, "Request Canceled")
        return 1
    for branch in invite.pending:
        cancels.cancel(m, invite, branch, b"", force=False)
    return 1


# -- arming -------------------------------------------------------------------------------------------------------


def _arm(field: str) -> Any:
    def arm(m: Machine, callback: str) -> int:
        if m.handler is not None and not callable(getattr(m.handler, callback, None)):
            raise MisuseError(f"{field}({callback!r}): no such callback; the real one would send unmasked")
        if m.here.transaction is None:
            m.armed[field] = callback
        else:
            setattr(m.here.transaction, field, callback)
        return 1

    return arm


for _field in ("on_branch", "on_reply", "on_failure", "on_branch_failure"):
    kemi(f"tm.t_{_field}")(_arm(_field))


def _set(field: str, value: Any = None) -> Any:
    def setter(m: Machine, flag: int) -> int:
        wanted = bool(flag) if value is None else bool(flag) is value
        if m.here.transaction is None:
            m.armed[field] = wanted
        else:
            setattr(m.here.transaction, field, wanted)
        return 1

    return setter


kemi("tm.t_set_disable_6xx")(_set("disable_6xx"))
kemi("tm.t_set_no_e2e_cancel_reason")(_set("no_e2e_cancel_reason"))
kemi("tm.t_set_auto_inv_100")(_set("auto_100"))
kemi("tm.t_set_disable_internal_reply")(_set("internal_reply", False))
kemi("tm.t_set_disable_failover")(lambda _m, _flag: 1)


@kemi("tm.t_set_fr_inv")
def _set_fr_inv(m: Machine, milliseconds: int) -> int:
    return _timer(m, "fr_inv", milliseconds)


@kemi("tm.t_set_fr")
def _set_fr(m: Machine, inv: int, plain: int) -> int:
    return _timer(m, "fr", inv, plain)


@kemi("tm.t_set_max_lifetime")
def _set_max_lifetime(m: Machine, inv: int, other: int) -> int:
    return _timer(m, "max_lifetime", inv, other)


def _timer(m: Machine, name: str, *values: int) -> int:
    if any(value <= 0 for value in values):
        raise MisuseError(f"{name} of {values} ms")
    if m.here.transaction is not None:
        m.here.transaction.timers[name] = values
    return 1


# -- answering and asking -----------------------------------------------------------------------------------------


@kemi("tm.t_reply")
def _reply(m: Machine, code: int, reason: str) -> int:
    context = m.must_be_in("tm.t_reply", "request", "failure", "on_reply")
    if context.held.message.method == "ACK" and not context.held.message.is_reply:
        return -1
    if context.transaction is None:
        return -1
    return replies.stateful(m, context.transaction, code, reason)


@kemi("tm.t_send_reply")
def _send_reply(m: Machine, code: int, reason: str) -> int:
    if m.here.transaction is None:
        _newtran(m)
    return int(_reply(m, code, reason))


@kemi("tm.t_release")
def _release(m: Machine) -> int:
    if m.here.transaction is None:
        return -1
    m.here.transaction.released = True
    return 1
