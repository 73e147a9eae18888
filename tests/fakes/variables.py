"""KSR.pv: the pseudo-variables that the call plane uses. Another name is a `MisuseError`, not the real one's None."""

import re
from collections.abc import Callable
from typing import Final

from tests.fakes.machine import Machine, kemi
from tests.fakes.state import AvpValue, Held
from tests.fakes.surface import MisuseError
from tests.fakes.uris import BadUriError, name_addr, uri_parts

Value = str | int | None
_AVP: Final = re.compile(r"\$avp\(([A-Za-z_][A-Za-z0-9_]*)\)")
_HDR: Final = re.compile(r"\$hdr\(([^)]+)\)|\$\(hdr\(([^)]+)\)\[(-?[0-9]+)\]\)")


def _part(uri: str, part: str) -> Value:
    try:
        return uri_parts(uri)[part] or None
    except BadUriError:
        return None


def _address(held: Held, header: str, what: str) -> Value:
    display, uri, params = name_addr(held.message.text(header))
    if what == "uri":
        return uri
    if what == "display":
        return display or None
    return params.get("tag") or None if what == "tag" else _part(uri, what)


def _from(header: str, what: str) -> Callable[[Machine], Value]:
    return lambda m: _address(m.here.held, header, what)


def _request(read: Callable[[Held], Value]) -> Callable[[Machine], Value]:
    return lambda m: None if m.here.held.message.is_reply else read(m.here.held)


def _reply(read: Callable[[Held], Value]) -> Callable[[Machine], Value]:
    return lambda m: read(m.here.held) if m.here.held.message.is_reply else None


def _body(m: Machine) -> Value:
    return m.here.held.message.body.decode("utf-8")


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number  # pv_get_uintval, as KEMI sees it


def _branch_index(m: Machine) -> Value:
    return m.here.branch if m.here.route in ("branch", "on_reply", "branch_failure") else None


def _reply_code(m: Machine) -> Value:
    transaction = m.transaction()
    if transaction is None:
        return 0
    if m.here.route in ("request", "branch"):
        return transaction.status
    if m.here.route == "failure":
        return transaction.branches[m.here.branch].last_received
    return m.here.held.message.status


def _branch_uri(m: Machine) -> Value:
    transaction = m.transaction()
    if m.here.route != "on_reply" or transaction is None:
        return None
    return transaction.branches[m.here.branch].uri


def _reply_last(m: Machine) -> Value:
    transaction = m.transaction()
    if m.here.route != "on_reply" or transaction is None:
        return None
    last = transaction.branches[m.here.branch].last_received
    return last if last >= 300 else m.here.held.message.status


_READ: Final[dict[str, Callable[[Machine], Value]]] = {
    "$ru": _request(lambda held: held.uri),
    "$rU": _request(lambda held: _part(held.uri, "user")),
    "$rd": _request(lambda held: _part(held.uri, "host")),
    "$rp": _request(lambda held: _part(held.uri, "port") or "5060"),
    "$ou": _request(lambda held: held.message.parts[1].decode("utf-8")),
    "$du": _request(lambda held: held.dst_uri),
    "$rm": lambda m: m.here.held.message.method,
    "$rs": _reply(lambda held: held.message.status),
    "$rr": _reply(lambda held: held.message.parts[2].decode("utf-8")),
    "$si": lambda m: m.here.held.source[0],
    "$sp": lambda m: m.here.held.source[1],
    "$Ri": lambda m: m.listen[0],
    "$Rp": lambda m: m.listen[1],
    "$pr": lambda _: "udp",
    "$proto": lambda _: "udp",
    "$ci": lambda m: m.here.held.message.text("call-id"),
    "$cs": lambda m: m.here.held.message.text("cseq").split()[0],
    "$fu": _from("from", "uri"), "$fU": _from("from", "user"), "$fd": _from("from", "host"),
    "$fn": _from("from", "display"), "$ft": _from("from", "tag"),
    "$tu": _from("to", "uri"), "$tU": _from("to", "user"), "$td": _from("to", "host"),
    "$tn": _from("to", "display"), "$tt": _from("to", "tag"),
    "$ct": lambda m: m.here.held.message.text("contact") or None,
    "$ua": lambda m: m.here.held.message.text("user-agent") or None,
    "$cT": lambda m: m.here.held.message.text("content-type") or None,
    "$rb": _body,
    "$(mb{s.encode.hexa})": lambda m: m.here.held.message.buf.hex(),
    "$(rb{s.encode.hexa})": lambda m: m.here.held.message.body.hex(),
    "$ml": lambda m: len(m.here.held.message.buf),
    "$mf": lambda m: m.here.held.flags,
    "$bf": lambda m: m.here.held.branch_flags,
    "$stat(free_size)": lambda m: _signed(m.memory[0]),
    "$stat(total_size)": lambda m: _signed(m.memory[1]),
    "$T_branch_idx": _branch_index,
    "$T_reply_code": _reply_code,
    "$T_branch(uri)": _branch_uri,
    "$T_reply_last": _reply_last,
}  # fmt: skip


def _value(m: Machine, name: str) -> Value:
    if avp := _AVP.fullmatch(name):
        return m.here.avps.get(avp[1])
    if hdr := _HDR.fullmatch(name):
        found = m.here.held.message.all(hdr[1] or hdr[2])
        index = int(hdr[3] or 0)
        return found[index].body if -len(found) <= index < len(found) else None
    if name not in _READ:
        raise MisuseError(f"pv {name!r} is not known to the fake: write it in tests/fakes/variables.py")
    return _READ[name](m)


@kemi("pv.get")
def _get(m: Machine, name: str) -> Value:
    return _value(m, name)


@kemi("pv.gete")
def _gete(m: Machine, name: str) -> Value:
    value = _value(m, name)
    return "" if value is None else value


@kemi("pv.getw")
def _getw(m: Machine, name: str) -> Value:
    value = _value(m, name)
    return "<null>" if value is None else value


@kemi("pv.getvs")
def _getvs(m: Machine, name: str, default: str) -> Value:
    value = _value(m, name)
    return default if value is None else value


@kemi("pv.getvn")
def _getvn(m: Machine, name: str, default: int) -> Value:
    value = _value(m, name)
    return default if value is None else value


@kemi("pv.geti")
def _geti(m: Machine, name: str) -> int:
    value = _value(m, name)
    if isinstance(value, int):
        return value
    return int(value) if value and value.isdigit() else 0


@kemi("pv.is_null")
def _is_null(m: Machine, name: str) -> bool:
    return _value(m, name) is None


@kemi("pv.sets")
def _sets(m: Machine, name: str, value: str) -> bool:
    return _set(m, name, value)


@kemi("pv.seti")
def _seti(m: Machine, name: str, value: int) -> bool:
    return _set(m, name, value)


def _set(m: Machine, name: str, value: AvpValue) -> bool:
    held = m.here.held
    if avp := _AVP.fullmatch(name):
        m.here.avps[avp[1]] = value
    elif name == "$ru" and isinstance(value, str):
        held.new_uri, held.uri_is_new = value, True
    elif name == "$rU" and isinstance(value, str):
        parts = uri_parts(held.uri)
        port = f":{parts['port']}" if parts["port"] else ""
        held.new_uri = f"{parts['scheme']}:{value}@{parts['host']}{port}{parts['params']}"
        held.uri_is_new = True
    elif name == "$du" and isinstance(value, str):
        held.dst_uri = value or None
    elif name == "$bf" and isinstance(value, int):
        held.branch_flags = value
    else:
        raise MisuseError(f"pv {name!r} cannot be set to {value!r} here")
    return True


@kemi("pv.unset")
def _unset(m: Machine, name: str) -> bool:
    if avp := _AVP.fullmatch(name):
        m.here.avps.pop(avp[1], None)
    elif name == "$du":
        m.here.held.dst_uri = None
    else:
        raise MisuseError(f"pv {name!r} cannot be unset here")
    return True
