"""KSR's core functions, and siputils, maxfwd, sanity, sl and corex."""

from typing import Any, Final

from tests.fakes import replies
from tests.fakes.machine import Machine, kemi
from tests.fakes.state import Target
from tests.fakes.surface import MisuseError
from tests.fakes.uris import BadUriError, address_of, name_addr, uri_parts

_METHODS: Final = (
    "INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "SUBSCRIBE", "PUBLISH",
    "NOTIFY", "REFER", "INFO", "UPDATE", "PRACK", "MESSAGE",
)  # fmt: skip
_LAST_FLAG: Final = 31


def _register_logs_and_methods() -> None:
    def log_as(level: str) -> Any:
        def write(m: Machine, text: str) -> int:
            m.logged.append((level, text))
            return 0

        return write

    def is_method(method: str) -> Any:
        def is_it(m: Machine) -> bool:
            return m.here.held.message.method == method

        return is_it

    for level in ("dbg", "info", "notice", "warn", "err", "crit"):
        kemi(level)(log_as(level))
    for method in _METHODS:
        kemi(f"is_{method}")(is_method(method))


_register_logs_and_methods()


@kemi("log")
def _log(m: Machine, level: str, text: str) -> int:
    m.logged.append((level, text))
    return 0


@kemi("set_drop")
def _set_drop(m: Machine) -> int:
    m.here.dropped = True
    return 0


@kemi("is_method", "is_method_in")
def _is_method(_: Machine, names: str) -> bool:
    raise MisuseError(
        f"is_method({names!r}): the letters of is_method_in are easily wrong; use is_INVITE() and its like"
    )


@kemi("setflag")
def _setflag(m: Machine, flag: int) -> bool:
    if not 0 <= flag <= _LAST_FLAG:
        return False
    m.here.held.flags |= 1 << flag
    return True


@kemi("resetflag")
def _resetflag(m: Machine, flag: int) -> bool:
    if not 0 <= flag <= _LAST_FLAG:
        return False
    m.here.held.flags &= ~(1 << flag)
    return True


@kemi("isflagset")
def _isflagset(m: Machine, flag: int) -> bool:
    return 0 <= flag <= _LAST_FLAG and bool(m.here.held.flags >> flag & 1)


@kemi("setbflag")
def _setbflag(m: Machine, flag: int) -> bool:
    m.here.held.branch_flags |= 1 << flag
    return True


@kemi("resetbflag")
def _resetbflag(m: Machine, flag: int) -> bool:
    m.here.held.branch_flags &= ~(1 << flag)
    return True


@kemi("isbflagset")
def _isbflagset(m: Machine, flag: int) -> bool:
    return bool(m.here.held.branch_flags >> flag & 1)


@kemi("seturi")
def _seturi(m: Machine, uri: str) -> bool:
    """Like the real one it looks at nothing; a URI that would not parse is found when the request is sent."""
    m.here.held.new_uri = uri
    m.here.held.uri_is_new = True
    return True


@kemi("setdsturi")
def _setdsturi(m: Machine, uri: str) -> bool:
    m.here.held.dst_uri = uri
    return True


@kemi("resetdsturi")
def _resetdsturi(m: Machine) -> bool:
    m.here.held.dst_uri = None
    return True


@kemi("isdsturiset")
def _isdsturiset(m: Machine) -> bool:
    return m.here.held.dst_uri is not None


@kemi("force_rport")
def _force_rport(m: Machine) -> bool:
    m.here.held.force_rport = True
    return True


@kemi("set_reply_no_connect", "set_forward_no_connect", "set_reply_close", "set_forward_close")
def _connection_flag(_: Machine) -> bool:
    return True


@kemi("is_myself_ruri")
def _is_myself_ruri(m: Machine) -> bool:
    return _is_myself(m, m.here.held.uri)


@kemi("is_myself")
def _is_myself(m: Machine, uri: str) -> bool:
    try:
        parts = uri_parts(uri)
    except BadUriError:
        return False
    return (parts["host"], int(parts["port"] or 5060)) == m.listen


@kemi("is_UDP")
def _is_udp(_: Machine) -> bool:
    return True


@kemi("is_TCP", "is_TLS", "is_IPv6")
def _is_something_else(_: Machine) -> bool:
    return False


@kemi("is_IPv4")
def _is_ipv4(_: Machine) -> bool:
    return True


@kemi("siputils.has_totag")
def _has_totag(m: Machine) -> int:
    return 1 if name_addr(m.here.held.message.text("to"))[2].get("tag") else -1


@kemi("siputils.is_request")
def _is_request(m: Machine) -> int:
    return -1 if m.here.held.message.is_reply else 1


@kemi("siputils.is_reply")
def _is_reply(m: Machine) -> int:
    return 1 if m.here.held.message.is_reply else -1


@kemi("maxfwd.process_maxfwd")
def _process_maxfwd(m: Machine, limit: int) -> int:
    """Count Max-Forwards down in the buffer itself; -1 at zero."""
    message = m.here.held.message
    header = message.first("max-forwards")
    if header is None:
        message.add(message.headers_end, b"Max-Forwards: %d\r\n" % limit)
        return 2
    if not header.raw_body.isdigit():
        return -2
    value = int(header.raw_body)
    if value == 0:
        return -1
    new = limit if value > limit else value - 1
    message.patch(header.body_at, str(new).encode().rjust(len(header.raw_body)))
    return 1


@kemi("sl.send_reply", "sl.sl_send_reply")
def _send_reply(m: Machine, code: int, reason: str) -> int:
    """Answer statelessly, or through the transaction where there is one."""
    context = m.must_be_in("sl.send_reply", "request", "failure")
    if not 100 <= code <= 699:
        return -1
    if context.held.message.method == "ACK":
        return -1
    if context.transaction is not None:
        return replies.stateful(m, context.transaction, code, reason)
    data = replies.to_request(context.held, code, reason, tag=replies.stateless_tag(context.held))
    m.send(context.held.source, data, "stateless_reply")
    return 1


@kemi("corex.append_branch")
def _append_branch(m: Machine) -> int:
    return _append(m, m.here.held.uri)


@kemi("corex.append_branch_uri")
def _append_branch_uri(m: Machine, uri: str) -> int:
    return _append(m, uri)


def _append(m: Machine, uri: str) -> int:
    """Add a branch with the $du and branch flags of the moment; -1 beyond max_branches, counted over all waves."""
    context = m.must_be_in("corex.append_branch", "request", "failure", "branch_failure")
    held = context.held
    already = len(context.transaction.branches) if context.transaction else 0
    if already + len(held.targets) + int(held.uri_is_new) >= m.max_branches:
        return -1
    address_of(held.dst_uri or uri)
    held.targets.append(Target(uri, held.dst_uri, held.branch_flags))
    return 1


@kemi("corex.send_data")
def _send_data(m: Machine, uri: str, data: str) -> int:
    """Send a datagram that no transaction knows, from our own socket."""
    m.send(address_of(uri), data.encode(), "datagram")
    return 1
