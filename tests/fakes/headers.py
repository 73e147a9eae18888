"""KSR.hdr and its relations in textops: reading and changing headers by name."""

import re

from tests.fakes.machine import Machine, kemi
from tests.fakes.message import Header, Message
from tests.fakes.surface import MisuseError


def message_at_hand(m: Machine) -> Message:
    """Return the message that the running callback holds."""
    return m.here.held.message


def header_lines(text: str) -> bytes:
    """Return the bytes of header lines; the real one takes any text and sends it, so we refuse what is no header."""
    data = text.encode()
    lines = data.split(b"\r\n")
    if lines[-1] != b"":
        raise MisuseError(f"header text without CRLF at its end: {text!r}")
    for line in lines[:-1]:
        name, colon, _ = line.partition(b":")
        if not colon or not name or b" " in name or b"\n" in line or b"\r" in line:
            raise MisuseError(f"not a header line: {line!r}")
    return data


@kemi("hdr.append")
def _append(m: Machine, text: str) -> int:
    message_at_hand(m).add(message_at_hand(m).headers_end, header_lines(text))
    return 1


@kemi("hdr.insert")
def _insert(m: Machine, text: str) -> int:
    message_at_hand(m).add(message_at_hand(m).start, header_lines(text))
    return 1


@kemi("hdr.append_after")
def _append_after(m: Machine, text: str, name: str) -> int:
    header = message_at_hand(m).first(name)
    message_at_hand(m).add(header.end if header else message_at_hand(m).headers_end, header_lines(text))
    return 1


@kemi("hdr.insert_before")
def _insert_before(m: Machine, text: str, name: str) -> int:
    header = message_at_hand(m).first(name)
    message_at_hand(m).add(header.at if header else message_at_hand(m).start, header_lines(text))
    return 1


def cut(message: Message, header: Header) -> None:
    """Take a header out when the message is sent."""
    if header is message.first("via"):
        raise MisuseError("the topmost Via cannot be removed: the core puts received and rport into it (5.6.3)")
    message.cut(header.at, header.end)


@kemi("textops.subst_hf")
def _subst_hf(m: Machine, name: str, subst: str, flags: str) -> int:
    """What we use it for: take a part out of the first header of a name."""
    sign, pattern, to, how = re.fullmatch(r"(.)(.*)\1(.*)\1(.*)", subst).groups()  # type: ignore[union-attr]
    if (sign, to, how, flags) != ("/", "", "s", "f"):
        raise MisuseError(f"subst_hf({name!r}, {subst!r}, {flags!r}) is not known to the fake")
    header = message_at_hand(m).first(name)
    found = re.search(pattern.encode(), header.raw_body, re.DOTALL) if header else None
    if header is None or found is None:
        return -1
    message_at_hand(m).cut(header.body_at + found.start(), header.body_at + found.end())
    return 1


@kemi("hdr.remove")
def _remove(m: Machine, name: str) -> int:
    for header in message_at_hand(m).all(name):
        cut(message_at_hand(m), header)
    return 1


@kemi("textops.remove_hf")
def _remove_hf(m: Machine, name: str) -> int:
    return _remove(m, name)


@kemi("hdr.rmappend")
def _rmappend(m: Machine, name: str, text: str) -> int:
    _remove(m, name)
    return _append_ok(m, text)


def _append_ok(m: Machine, text: str) -> int:
    message_at_hand(m).add(message_at_hand(m).headers_end, header_lines(text))
    return 1


@kemi("hdr.get")
def _get(m: Machine, name: str) -> str | None:
    header = message_at_hand(m).first(name)
    return header.body if header else None


@kemi("hdr.gete")
def _gete(m: Machine, name: str) -> str:
    header = message_at_hand(m).first(name)
    return header.body if header else ""


@kemi("hdr.get_idx")
def _get_idx(m: Machine, name: str, index: int) -> str | None:
    found = message_at_hand(m).all(name)
    return found[index].body if -len(found) <= index < len(found) else None


@kemi("hdr.gete_idx")
def _gete_idx(m: Machine, name: str, index: int) -> str:
    found = message_at_hand(m).all(name)
    return found[index].body if -len(found) <= index < len(found) else ""


@kemi("hdr.is_present", "textops.is_present_hf")
def _is_present(m: Machine, name: str) -> int:
    return 1 if message_at_hand(m).first(name) else -1


@kemi("hdr.append_to_reply")
def _append_to_reply(m: Machine, text: str) -> int:
    header_lines(text)
    m.here.held.reply_headers.append(text)
    return 1
