"""KSR.textops and KSR.textopsx, what they do to bodies, first lines and whole messages."""

from tests.fakes.headers import message_at_hand
from tests.fakes.machine import Machine, kemi
from tests.fakes.message import Message
from tests.fakes.surface import MisuseError


@kemi("textops.set_body")
def _set_body(m: Machine, body: str, content_type: str) -> int:
    if not body or not content_type:
        return -1
    message_at_hand(m).set_body(body.encode(), content_type.encode())
    return 1


@kemi("textops.has_body")
def _has_body(m: Machine) -> int:
    return 1 if message_at_hand(m).body else -1


@kemi("textopsx.remove_body")
def _remove_body(m: Machine) -> int:
    message = message_at_hand(m)
    if message.body:
        message.cut(message.body_at, len(message.buf))
    return 1


@kemi("textopsx.change_reply_status")
def _change_reply_status(m: Machine, code: int, reason: str) -> int:
    """Change status code and phrase; the class of a provisional or a 2xx cannot be changed."""
    context = m.must_be_in("textopsx.change_reply_status", "reply", "on_reply")
    message = context.held.message
    if not reason or not 100 <= code <= 699:
        return -1
    if (code < 300 or message.status < 300) and code // 100 != message.status // 100:
        return -1
    message.new_status = (code, reason.encode())
    return 1


@kemi("textopsx.msg_apply_changes")
def _msg_apply_changes(m: Machine) -> int:
    """Build the message with all its changes and parse it anew: from here on the script reads the new one."""
    held = m.here.held
    if not held.message.is_reply and m.here.route != "request":
        return -1
    if m.here.iterators:
        raise MisuseError("msg_apply_changes under an open header iterator: its pointer goes stale")
    first: bytes | None = None
    if not held.message.is_reply and held.new_uri is not None:
        first = b" ".join([held.message.parts[0], held.new_uri.encode(), b"SIP/2.0"])
        held.new_uri = None
    held.message = Message(held.message.built(first))
    return 1
