"""Reading the message at hand: its source, its body."""

import contextlib
import email.message
import email.parser
import email.policy
from typing import Final

import KSR

from kemi.domain import sane
from kemi.domain.addresses import Hop
from kemi.exchange import Taken
from kemi.ksr.truth import must

_get = KSR.pv.get
_gete = KSR.pv.gete
_SDP: Final = "application/sdp"


def source() -> Hop:
    """Return where the message came from."""
    return Hop(_get("$si"), _get("$sp"), _get("$proto"))


def served(taken: Taken, method: str) -> str:
    """Return the SDP of the request whose headers were `taken`. Raises `ValueError` for one that is to be 400."""
    sane.check_cseq(taken.cseq, method)
    if taken.via_list:
        sane.check_via(taken.vias[0])
        must(KSR.textops.subst_hf("Via", "/,.*//s", "f"), "subst_hf")  # what is below it was noted
    return sdp(taken.content_type, taken.content_length)


def sdp(content_type: str, length: str = "") -> str:
    """Return the SDP of the message, "" where it carries none: alone, or as a part of a multipart body.

    `length`: its Content-Length. Raises `ValueError` where the message holds less.
    """
    if not content_type or length == "0":
        return ""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _SDP:
        return sane.body_of(_gete("$rb"), length)
    if kind.startswith("multipart/"):
        return _sdp_part(content_type, _raw_body())
    return ""


def uri() -> str:
    """Return the R-URI, as it stands on the wire where Kamailio cannot parse it."""
    return _get("$ru") or raw().split(b" ", 2)[1].decode()


def raw() -> bytes:
    """Return the message as it came, byte for byte."""
    return bytes.fromhex(_gete("$(mb{s.encode.hexa})"))


def _raw_body() -> bytes:
    # A multipart body may hold binary ISUP, which KEMI cannot give as text.
    return bytes.fromhex(_gete("$(rb{s.encode.hexa})"))


def _sdp_part(content_type: str, body: bytes) -> str:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    parts = email.parser.BytesParser(policy=email.policy.SMTP).parsebytes(head + body)
    for part in parts.walk():
        if part.get_content_type() == _SDP:
            payload = part.get_payload(decode=True)
            return payload.decode() if isinstance(payload, bytes) else ""
    return ""


def via() -> str:
    """Return the reply's Via; "" where it is no text: then that leg cannot be ended by itself."""
    with contextlib.suppress(UnicodeDecodeError):
        return str(KSR.hdr.gete("Via"))
    return ""
