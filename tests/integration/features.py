"""What the tests of SIP's features have in common: offers of every kind, and what of them must have arrived."""

from tests.sip import Call, Customer, Member, sdp
from tests.sip.message import Header, Message

TIMER: list[Header] = [("Supported", "timer"), ("Session-Expires", "1800;refresher=uac"), ("Min-SE", "600")]
RELIABLE: list[Header] = [("Require", "100rel"), ("Supported", "100rel, timer")]


def answered(customer: Customer, bob: Member, hotline: str, headers: list[Header] | None = None) -> Call:
    """A call that Bob has answered and whose ACK he has."""
    call = customer.calls(hotline, extra_headers=headers or [])
    bob.answers()
    assert call.is_answered
    assert bob.was_acked
    return call


def last(requests: list[Message], method: str) -> Message:
    """The latest request of a method."""
    return next(each for each in reversed(requests) if each.method == method)


def rings_reliably(member: Member, rseq: int, body: bytes = b"") -> None:
    """183 with RSeq (RFC 3262 §3)."""
    member.rings(183, [("Require", "100rel"), ("RSeq", str(rseq))], body)


def description(member: Member) -> bytes:
    """An answer of this member's, by its own port."""
    return sdp(member.carrier.media_host, 41000 + int(member.number[-2:]) * 2, member.carrier.who)


def origin(body: bytes) -> tuple[str, int]:
    """Session id and version of an SDP's o= line."""
    fields = next(line for line in body.decode().splitlines() if line.startswith("o=")).split()
    return fields[1], int(fields[2])


def fax(host: str, who: str, version: int) -> bytes:
    """A T.38 offer (ITU-T T.38 annex D), audio switched off."""
    lines = ["v=0", f"o={who} 3141592653 {version} IN IP4 {host}", f"s={who}", f"c=IN IP4 {host}", "t=0 0"]
    lines += ["m=audio 0 RTP/AVP 8", "m=image 40100 udptl t38", *FAX_LINES, f"a=T38VendorInfo:{who}"]
    return ("\r\n".join(lines) + "\r\n").encode()


FAX_LINES = [
    "a=T38FaxVersion:0", "a=T38MaxBitRate:14400", "a=T38FaxFillBitRemoval:0", "a=T38FaxTranscodingMMR:0",
    "a=T38FaxTranscodingJBIG:0", "a=T38FaxRateManagement:transferredTCF", "a=T38FaxMaxBuffer:262",
    "a=T38FaxMaxDatagram:176", "a=T38FaxUdpEC:t38UDPRedundancy",
]  # fmt: skip
