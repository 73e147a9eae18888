"""The rules for a reply of the edge's, as whoever asked sees it (RFC 3261 §8.2.6, §12.1.1, §13.3.1; RFC 3262 §3)."""

import re
from collections.abc import Iterator
from typing import Final

from sipp_scenarios.dialogs import Book
from tests.sip.message import Message

_ADDED: Final = re.compile(r";\s*(?:received|rport)(?:=[^;,\s]*)?", re.IGNORECASE)  # by servers, to a Via
_TAG: Final = re.compile(r"\s*;\s*tag=[^;>\s]*", re.IGNORECASE)
_MOST: Final = 2**31 - 1  # the first RSeq (RFC 3262 §3)


class Replied:
    """What a UAC that takes the RFC at its word says to a reply."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def broken(self, reply: Message) -> Iterator[str]:
        """Yield what is wrong with it; and remember it."""
        key = (reply.branch, reply.method)
        request, before = self._book.said.get(key), self._book.answers[key]
        if request is None:
            yield "on the branch of no request (§8.1.3.3, §17.1.3)"
            return
        if any(reply.raw == each.raw for each in before):
            return  # sent again
        yield from _copied(reply, request)
        if any(each.status >= 200 for each in before if not each.status // 100 == reply.status // 100 == 2):
            yield "after a final one (§17.2.1)"
        if reply.method == "INVITE":
            yield from _to_invite(reply, request, before)
            if reply.to_tag and 100 < reply.status < 300:
                self._book.opened(reply, request)
        before.append(reply)


def _copied(reply: Message, request: Message) -> Iterator[str]:
    """Yield what is not as in the request (§8.2.6.2)."""
    vias = [[_ADDED.sub("", each) for each in _listed(message)] for message in (reply, request)]
    if vias[0] != vias[1]:
        yield "with other Vias than its request's (§8.2.6.2)"
    same = ("from", "call-id", "cseq")
    yield from (f"with another {name} than its request's (§8.2.6.2)" for name in same if _differ(name, reply, request))
    if _TAG.sub("", reply.get("to")) != _TAG.sub("", request.get("to")):
        yield "with another To than its request's (§8.2.6.2)"
    if request.to_tag and reply.to_tag != request.to_tag:
        yield "with another To tag than its request's (§8.2.6.2)"
    if not reply.to_tag and reply.status > 100:
        yield "without a To tag (§8.2.6.2)"
    if reply.get("content-length") != str(len(reply.body)):
        yield "with a wrong Content-Length (§20.14)"


def _listed(message: Message) -> list[str]:
    return [each.strip() for line in message.all("via") for each in line.split(",")]


def _differ(name: str, reply: Message, request: Message) -> bool:
    return reply.get(name).split() != request.get(name).split()


def _to_invite(reply: Message, invite: Message, before: list[Message]) -> Iterator[str]:
    if 100 < reply.status < 300 and reply.to_tag:
        if len(reply.all("contact")) != 1:
            yield "without exactly one Contact (§12.1.1)"
        routes = invite.all("record-route")
        if reply.all("record-route")[-len(routes) :] != routes and routes:
            yield "without its request's Record-Route (§12.1.1)"
    if not 100 < reply.status < 200:
        return
    rseq, said = reply.get("rseq"), _options(reply, "require")
    if bool(rseq) != ("100rel" in said):
        yield "with RSeq or Require: 100rel, but not both (RFC 3262 §3)"
    asked = _options(invite, "require")
    if rseq and "100rel" not in asked | _options(invite, "supported"):
        yield "is reliable, but its request did not support that (RFC 3262 §3)"
    if not rseq and "100rel" in asked:
        yield "is not reliable, but its request required that (RFC 3262 §3)"
    if rseq:
        yield from _counted(int(rseq), [int(each.get("rseq")) for each in before if _is_as_reliable(each, reply)])


def _is_as_reliable(each: Message, reply: Message) -> bool:
    return bool(each.get("rseq")) and each.to_tag == reply.to_tag


def _counted(rseq: int, before: list[int]) -> Iterator[str]:
    if before and rseq != before[-1] + 1:
        yield f"with RSeq {rseq} after {before[-1]} (RFC 3262 §3)"
    elif not 1 <= rseq <= _MOST:
        yield f"with RSeq {rseq} (RFC 3262 §3)"


def _options(message: Message, name: str) -> set[str]:
    return {each.strip().lower() for line in message.all(name) for each in line.split(",")}
