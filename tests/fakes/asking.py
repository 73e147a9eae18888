"""KSR.tm, the functions that only ask."""

from tests.fakes.machine import Machine, kemi
from tests.fakes.state import Transaction
from tests.fakes.surface import MisuseError


def _needs_transaction(m: Machine, name: str) -> Transaction:
    if m.here.transaction is None:
        raise MisuseError(f"KSR.{name} outside a transaction: -1 and an error in the log of the real one")
    return m.here.transaction


@kemi("tm.t_is_canceled")
def _is_canceled(m: Machine) -> int:
    return 1 if _needs_transaction(m, "tm.t_is_canceled").canceled else -1


@kemi("tm.t_any_timeout")
def _any_timeout(m: Machine) -> int:
    return 1 if any(b.timed_out for b in _needs_transaction(m, "tm.t_any_timeout").branches) else -1


@kemi("tm.t_any_replied")
def _any_replied(m: Machine) -> int:
    return 1 if any(b.replied for b in _needs_transaction(m, "tm.t_any_replied").branches) else -1


@kemi("tm.t_branch_timeout")
def _branch_timeout(m: Machine) -> int:
    context = m.must_be_in("tm.t_branch_timeout", "failure", "branch_failure")
    return 1 if _needs_transaction(m, "tm.t_branch_timeout").branches[context.branch].timed_out else -1


@kemi("tm.t_branch_replied")
def _branch_replied(m: Machine) -> int:
    """Whether anything had come before this final reply: of a reply that is the first, -1."""
    context = m.must_be_in("tm.t_branch_replied", "failure", "branch_failure")
    return 1 if _needs_transaction(m, "tm.t_branch_replied").branches[context.branch].replied else -1


@kemi("tm.t_get_branch_index")
def _branch_index(m: Machine) -> int:
    if m.here.route in ("branch", "on_reply", "branch_failure"):
        return m.here.branch
    raise MisuseError(f"KSR.tm.t_get_branch_index in {m.here.route} counts branches, it names none")


@kemi("tm.t_get_status_code")
def _status_code(m: Machine) -> int:
    transaction = _needs_transaction(m, "tm.t_get_status_code")
    if m.here.route == "request":
        return transaction.status or -1
    if m.here.route in ("failure", "branch_failure"):
        return transaction.branches[m.here.branch].last_received
    return m.here.held.message.status or -1


@kemi("tm.t_is_set")
def _is_set(m: Machine, target: str) -> int:
    field = {"branch_route": "on_branch", "failure_route": "on_failure", "onreply_route": "on_reply"}[target]
    return 1 if getattr(_needs_transaction(m, "tm.t_is_set"), field) else -1
