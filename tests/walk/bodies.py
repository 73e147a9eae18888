"""Bodies: SDP that says of its sender whatever SDP can say, alone or among parts, and bodies that are no SDP."""

from typing import Final, NamedTuple

from tests.walk.words import Words


class Body(NamedTuple):
    """A body, its Content-Type, and what kinds of carriers it holds."""

    content: bytes
    content_type: str
    kinds: tuple[str, ...] = ()


NONE: Final = Body(b"", "")
SDP_KINDS: Final = frozenset(f"sdp {kind}" for kind in ("o=", "s=", "i=", "u=", "e=", "p=", "a=cname", "a=tool",
                                                        "a=candidate", "a=unknown", "a=msid", "k="))  # fmt: skip
OTHER_KINDS: Final = frozenset({"multipart", "pidf", "isup", "text", "dtmf"})


def sdp(words: Words, version: int, mode: str = "sendrecv") -> Body:
    """Return an audio description; each identifying line is there or not, by chance."""
    dice, port = words.dice, words.dice.randrange(10000, 60000, 2)
    session = dice.randrange(10**9, 10**10)
    kinds = ["sdp o="]
    head = ["v=0", f"o={words.word()} {session} {version} IN IP4 {words.word()}.example"]
    optional = [
        ("sdp s=", f"s={words.word()} call"), ("sdp i=", f"i=from {words.number()}"),
        ("sdp u=", f"u=http://{words.word()}.example/"), ("sdp e=", f"e={words.word()}@{words.word()}.example"),
        ("sdp p=", f"p=+84 {words.own[1:]}"),
    ]  # fmt: skip
    for kind, line in optional:
        if dice.random() < 0.5:
            kinds.append(kind)
            head.append(line)
        elif kind == "sdp s=":
            head.append("s=-")
    address = f"127.0.{dice.randrange(1, 200)}.{dice.randrange(1, 255)}"
    head += [f"c=IN IP4 {address}", *_maybe(words, kinds, "sdp k=", f"k=clear:{words.word()}"), "t=0 0"]
    head += _maybe(words, kinds, "sdp a=tool", f"a=tool:{words.word()} 2.1")
    tail = [f"m=audio {port} RTP/AVP 8 0 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000"]
    tail += ["a=fmtp:101 0-16", f"a={mode}", "a=ptime:20"]
    tail += _maybe(words, kinds, "sdp a=cname", f"a=ssrc:{dice.randrange(10**9)} cname:{words.word()}@{words.host()}")
    tail += _maybe(words, kinds, "sdp a=candidate", f"a=candidate:1 1 UDP 213 {words.word()}.local {port} typ host")
    tail += _maybe(words, kinds, "sdp a=msid", f"a=msid:{words.word()} {words.word()}")
    tail += _maybe(words, kinds, "sdp a=unknown", f"a={words.word()}:{words.payload()}")
    return Body(_lines(head + tail), "application/sdp", tuple(kinds))


def t38(words: Words, version: int) -> Body:
    """Return a fax's description."""
    session = words.dice.randrange(10**9, 10**10)
    lines = ["v=0", f"o={words.word()} {session} {version} IN IP4 {words.word()}.example", f"s={words.word()}"]
    lines += ["c=IN IP4 127.0.3.3", "t=0 0", "m=image 40010 udptl t38", "a=T38FaxVersion:0", "a=T38MaxBitRate:14400"]
    lines += ["a=T38FaxRateManagement:transferredTCF", "a=T38FaxUdpEC:t38UDPRedundancy", f"a=T38Vendor:{words.word()}"]
    return Body(_lines(lines), "application/sdp", ("sdp o=", "sdp s="))


def multipart(words: Words, inner: Body) -> Body:
    """Return `inner` among a location and the binary message of a telephone exchange."""
    fence = words.word()
    pidf = f'<presence entity="pres:{words.own}@{words.word()}.example"><gp:loc>{words.word()}</gp:loc></presence>'
    isup = b"\x01\x11\x48\x00\x0a" + bytes.fromhex(words.own[1:] + "0") + b"\xff\xfe" + words.word().encode()
    parts = [
        (f"Content-Type: application/pidf+xml\r\nContent-ID: <{words.word()}@x>", pidf.encode()),
        (f"Content-Type: {inner.content_type}", inner.content),
        (f"Content-Type: application/isup;version=nxv3;base={words.word()}", isup),
    ]
    words.dice.shuffle(parts)
    body = b"".join(f"--{fence}\r\n{head}\r\n\r\n".encode() + data + b"\r\n" for head, data in parts)
    kinds = (*inner.kinds, "multipart", "pidf", "isup")
    return Body(body + f"--{fence}--\r\n".encode(), f'multipart/mixed;boundary="{fence}"', kinds)


def text(words: Words) -> Body:
    """Return a body that is no SDP."""
    return Body(f"{words.name()} {words.number()} {words.word()}".encode("latin-1"), "text/plain", ("text",))


def dtmf(words: Words) -> Body:
    """Return what an INFO carries for a pressed key, and more."""
    return Body(f"Signal=5\r\nDuration=160\r\nX={words.word()}\r\n".encode(), "application/dtmf-relay", ("dtmf",))


def _maybe(words: Words, kinds: list[str], kind: str, line: str) -> list[str]:
    if words.dice.random() < 0.5:
        return []
    kinds.append(kind)
    return [line]


def _lines(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode()
