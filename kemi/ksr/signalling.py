"""Writing: bodies, replies, forks and relays."""

from collections.abc import Sequence
from typing import Final

import KSR

from kemi.domain.addresses import Hop
from kemi.domain.phrases import phrase
from kemi.errors import NoRoom
from kemi.ksr import request
from kemi.ksr.truth import must, yes
from kemi.refusal import refusal

_SDP: Final = "application/sdp"
_OUT_OF_MEMORY: Final = -2  # E_OUT_OF_MEM of Kamailio's core
_KEPT: Final = 10  # that part of shared memory is kept for the calls that there are
_WORD: Final = 0xFFFFFFFF  # KEMI has statistics as signed numbers of 32 bits: kamailio -m is below 4096
_get = KSR.pv.get
_set_body = KSR.textops.set_body
_append_branch = KSR.corex.append_branch_uri
_append = KSR.hdr.append
_relay = KSR.tm.t_relay
_reply = KSR.tm.t_reply
_change_status = KSR.textopsx.change_reply_status
_TRYING, _RINGING = phrase(100), phrase(180)


def answer(code: int) -> int:
    """Answer the request at hand; by its transaction if it has one, by hand if Kamailio cannot read all of it."""
    if not yes(KSR.sl.send_reply(code, phrase(code))) and not is_readable():
        answer_by_hand(code)
    return 1


def is_readable() -> bool:
    """Say whether Kamailio can read the message at hand to the end of its headers."""
    if not yes(KSR.textopsx.hf_iterator_start("edge")):
        return False
    KSR.textopsx.hf_iterator_end("edge")
    return True


def answer_by_hand(code: int = 0) -> int:
    """Answer the request at hand out of its bytes, with `code` or what fits; return the code, 0 for no answer."""
    answered = refusal(request.raw(), request.source(), code)
    if answered is None:
        return 0
    datagram(answered.hop, answered.text)
    return answered.code


def put_headers(block: str) -> None:
    """Add header lines to the message; `block` ends with CRLF."""
    must(_append(block), "hdr.append")


def put_body(body: str, content_type: str) -> None:
    """Make `body` (SDP, or "" for none) the message's only body. `content_type` is what it came with."""
    if body:
        must(_set_body(body, _SDP), "set_body")
        return
    if content_type:
        KSR.hdr.remove("Content-Type")
    must(KSR.textopsx.remove_body(), "remove_body")


def blank(code: int) -> None:
    """Leave of the reply at hand, whose headers are stripped, nothing but `code`."""
    if code >= 300:  # a 2xx has had its words before tm
        reword(code, code, "")
    put_body("", "any")


def here() -> str:
    """Return our own address and port, as a URI has them."""
    ip = _get("$Ri")
    return f"[{ip}]:{_get('$Rp')}" if ":" in ip and not ip.startswith("[") else f"{ip}:{_get('$Rp')}"


def has_room() -> bool:
    """Say whether shared memory has room for a new call beside what those that there are may still need.

    Full, it is no longer a refusal but a standstill: each allocation looks through all of it (kemi/decisions/0045).
    """
    return bool(_get("$stat(free_size)") & _WORD > (_get("$stat(total_size)") & _WORD) // _KEPT)


def is_new() -> bool:
    """Make the request's transaction; False for a retransmission, which tm has answered.

    Raises `ValueError` for what tm cannot read, `NoRoom` where its memory is full.
    """
    rc = KSR.tm.t_newtran()
    if rc == _OUT_OF_MEMORY:
        raise NoRoom("shared memory is full: kamailio -m")
    if rc < 0:
        raise ValueError("a request that tm cannot read")
    return bool(rc > 0)


def fork(uris: Sequence[str]) -> bool:
    """Send the INVITE at hand to every one of `uris`; False where tm sent none."""
    must(KSR.seturi(uris[0]), "seturi")
    for uri in uris[1:]:
        must(_append_branch(uri), "append_branch_uri")
    return yes(_relay())


def relay(uri: str, hop: Hop) -> bool:
    """Send the request at hand on to `uri` by way of `hop`."""
    must(KSR.seturi(uri), "seturi")
    must(KSR.setdsturi(hop.uri()), "setdsturi")
    return yes(_relay())


def reword(code: int, was: int, words: str) -> None:
    """Give the reply at hand the status `code` with its standard phrase; `was` and `words` are what it came with."""
    standard = phrase(code)
    if code != was or words != standard:
        must(_change_status(code, standard), "change_reply_status")


def ring() -> None:
    """Tell the caller that it rings, in a 180 made of his own INVITE."""
    must(_reply(180, _RINGING), "t_reply")


def swallow() -> None:
    """Keep the 18x at hand from being relayed, and known to tm."""
    must(_change_status(100, _TRYING), "change_reply_status")


def send(uri: str, text: str) -> None:
    """Send a request to `uri`, whose host is an address, that no transaction stands behind."""
    must(KSR.corex.send_data(f"sip:{uri.removeprefix('sip:').rpartition('@')[2]}", text), "send_data")


def bye(hop: Hop, target: str, headers: str) -> None:
    """Send a BYE of our own to `hop`; tm repeats it until it is answered, for `fr_timer`."""
    must(KSR.tm.t_uac_send("BYE", target, hop.uri(), "", headers, ""), "t_uac_send")


def datagram(hop: Hop, text: str) -> None:
    """Send a request that no transaction stands behind."""
    must(KSR.corex.send_data(hop.uri(), text), "send_data")
