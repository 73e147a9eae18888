"""Small scripts for the tests of the fake itself: callbacks given as functions, and plain messages."""

from collections.abc import Callable
from typing import Any, Final

from tests.fakes import ksr
from tests.fakes.kamailio import FakeKamailio
from tests.fakes.state import Address

KSR: Final[Any] = ksr.KSR
PEER: Final[Address] = ("127.0.0.10", 5060)
NEXT: Final = "sip:bob@127.0.0.20:5060"
LEGS: Final = ("sip:b1@127.0.0.20:5060", "sip:b2@127.0.0.20:5060", "sip:b3@127.0.0.20:5060")


class Script:
    """A script whose callbacks are given as functions; the missing ones do nothing."""

    def __init__(self, **callbacks: Callable[[], Any]) -> None:
        for name in ("ksr_request_route", "ksr_reply_route", "on_branch", "on_reply", "on_failure"):
            body = callbacks.get(name, lambda: 1)
            setattr(self, name, _returning(body))


def _returning(body: Callable[[], Any]) -> Callable[[Any], int]:
    def callback(_msg: Any) -> int:
        body()
        return 1

    return callback


def invite(more: str = "", body: str = "", call: str = "c1") -> bytes:
    """Return an INVITE; `more` are header lines with CRLF."""
    return (
        f"INVITE sip:hot@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.10:5060;branch=z9hG4bK{call}\r\n"
        f"Max-Forwards: 70\r\nFrom: Alice <sip:alice@h>;tag=a\r\nTo: <sip:hot@h>\r\nCall-ID: {call}\r\n"
        "CSeq: 1 INVITE\r\n"
        f"{more}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def cancel(call: str = "c1") -> bytes:
    """Return the CANCEL of that INVITE."""
    return invite(call=call).replace(b"INVITE", b"CANCEL")


def running(body: Callable[[], Any], data: bytes | None = None) -> FakeKamailio:
    """Run `body` as the request route of one message."""
    kam = FakeKamailio(Script(ksr_request_route=body))
    kam.receive(data or invite(), PEER)
    return kam


def forking(*uris: str, **callbacks: Callable[[], Any]) -> FakeKamailio:
    """Receive an INVITE and fork it to `uris`, with `callbacks` armed."""

    def route() -> None:
        if KSR.is_CANCEL():
            KSR.tm.t_relay()
            return
        KSR.tm.t_newtran()
        KSR.tm.t_on_branch("on_branch")
        KSR.tm.t_on_reply("on_reply")
        KSR.tm.t_on_failure("on_failure")
        KSR.seturi(uris[0])
        for uri in uris[1:]:
            KSR.corex.append_branch_uri(uri)
        KSR.tm.t_relay()

    kam = FakeKamailio(Script(ksr_request_route=route, **callbacks))
    kam.receive(invite(), PEER)
    return kam
