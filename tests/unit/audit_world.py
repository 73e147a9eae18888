"""A call for the auditor's tests: what the caller said, a clean leg, a clean way back, and holes to plant leaks in.

PLACES are all carriers of identity of issue 3, each as lines of a message with `{}` where the leak goes.
"""

from typing import Any, Final

from kemi.audit import Finding, Packet, Sides, find_leaks
from tests.sip.message import Header, build
from tests.sip.sdp import sdp

EDGE, CALLER, GATEWAY = ("192.0.2.10", 5060), ("203.0.113.5", 5070), ("203.0.113.6", 5080)
NUMBER: Final = "0909789846"
NAME: Final = "Tran Thi Khach"
BOB, CAROL = "0844441909", "0844441910"
HOTLINE: Final = "02727777787"
SIDES: Final = Sides(
    callers=frozenset({CALLER[0]}), gateways=frozenset({GATEWAY[0]}), public=frozenset({EDGE[0], HOTLINE}),
    members=frozenset({BOB, CAROL}), caller_numbers=frozenset({NUMBER}), caller_names=frozenset({NAME}),
    edges=frozenset({EDGE[0]}),
)  # fmt: skip
TOKEN: Final = "AQ3vT0mWc9LxkZs8hJpYqRb1nGfUe5DoI7"
OFFER: Final = sdp("203.0.113.7").replace(b"o=- 3141592653 1 IN IP4 203.0.113.7", b"o=- 5 1 IN IP4 192.0.2.10")

INVITE: Final = build(
    f"INVITE sip:{HOTLINE}@192.0.2.10:5060 SIP/2.0",
    [
        ("Via", "SIP/2.0/UDP 203.0.113.5:5070;branch=z9hG4bKcaller77"),
        ("Via", "SIP/2.0/UDP 10.3.3.7:5060;branch=z9hG4bKbehind88"),
        ("From", f'"{NAME}" <sip:{NUMBER}@pbx.khach.example>;tag=khach4711'),
        ("To", f"<sip:{HOTLINE}@192.0.2.10:5060>"),
        ("Call-ID", "khach-call-0815@pbx.khach.example"),
        ("CSeq", "102 INVITE"),
        ("Contact", "<sip:khach-hang@203.0.113.5:5070>"),
        ("Date", "Thu, 19 Sep 2019 12:09:00 GMT"),
        ("User-Agent", "KhachPhone/3.1.4"),
        ("Content-Type", "application/sdp"),
    ],
    sdp("203.0.113.7"),
)
SAID: Final = Packet(1.0, CALLER, EDGE, INVITE.raw)


def raw(start: str, headers: list[Header], body: bytes) -> bytes:
    """Write a message, well formed or not."""
    lines = [start, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def leg(
    *planted: Header, member: str = BOB, body: bytes = OFFER, kind: str = "application/sdp", **other: str
) -> Packet:
    """A clean INVITE to a member; `planted` headers more, or other values (`from_`, `contact`, `via`, `start` …)."""
    headers = [
        ("Via", "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKedge.0"),
        ("Via", other.get("via", "SIP/2.0/UDP 203.0.113.5:5070;branch=z9hG4bKcaller77;received=203.0.113.5")),
        ("From", other.get("from_", f"<sip:{HOTLINE}@192.0.2.10>;tag=qW3zLk1mXo9T")),
        ("To", other.get("to", f"<sip:{HOTLINE}@192.0.2.10:5060>")),
        ("Call-ID", other.get("call_id", f"leg-call-id-{member[-1]}")),
        ("CSeq", "102 INVITE"),
        ("Max-Forwards", "69"),
        ("Contact", other.get("contact", f"<sip:{TOKEN}@192.0.2.10:5060>")),
        *planted,
        ("Content-Type", kind),
    ]
    start = other.get("start", f"INVITE sip:{member}@203.0.113.6:5080 SIP/2.0")
    return Packet(2.0, EDGE, GATEWAY, raw(start, headers, body))


def back(start: str = "SIP/2.0 200 OK", *planted: Header, body: bytes = b"") -> Packet:
    """A reply to the caller's INVITE, clean but for what is planted."""
    own = [(name, INVITE.get(name)) for name in ("Via", "From", "To", "Call-ID", "CSeq")]
    return Packet(4.0, EDGE, CALLER, raw(start, [*own, *planted], body))


def found_in(*packets: Packet) -> list[Finding]:
    """What the auditor says of these, after the caller's INVITE."""
    return find_leaks([SAID, *packets], SIDES)


HEADERS: Final = {
    "P-Asserted-Identity display": ("P-Asserted-Identity", '"{}" <sip:02727777787@192.0.2.10>'),
    "P-Asserted-Identity user": ("P-Asserted-Identity", "<sip:{}@192.0.2.10>"),
    "P-Preferred-Identity": ("P-Preferred-Identity", "<sip:{}@192.0.2.10>"),
    "Remote-Party-ID": ("Remote-Party-ID", "<sip:{}@192.0.2.10>;party=calling;privacy=off"),
    "Privacy": ("Privacy", "id;{}"),
    "Diversion": ("Diversion", "<sip:{}@192.0.2.10>;reason=unconditional"),
    "History-Info": ("History-Info", "<sip:02727777787@192.0.2.10>;index=1, <sip:{}@192.0.2.10>;index=1.1"),
    "Referred-By": ("Referred-By", "<sip:{}@192.0.2.10>"),
    "Referred-By compact": ("b", "<sip:{}@192.0.2.10>"),
    "Reply-To": ("Reply-To", "<sip:{}@192.0.2.10>"),
    "Record-Route": ("Record-Route", "<sip:192.0.2.10;lr;did={}>"),
    "Path": ("Path", "<sip:{}@192.0.2.10;lr>"),
    "Session-ID": ("Session-ID", "{};remote=00000000000000000000000000000000"),
    "Subject": ("Subject", "call of {}"),
    "Subject compact": ("s", "{}"),
    "Subject folded": ("Subject", "call\r\n of\r\n\t{}"),
    "Call-Info": ("Call-Info", "<https://192.0.2.10/{}.jpg>;purpose=icon"),
    "Alert-Info": ("Alert-Info", "<https://192.0.2.10/ring?{}>"),
    "Organization": ("Organization", "{}"),
    "User-Agent": ("User-Agent", "Edge ({})"),
    "Server": ("Server", "Edge/{}"),
    "Identity": ("Identity", "{};info=<https://192.0.2.10/c.pem>;alg=ES256"),
    "Geolocation": ("Geolocation", "<cid:{}@192.0.2.10>"),
    "P-Charging-Vector": ("P-Charging-Vector", "icid-value={}"),
    "P-Charging-Function-Addresses": ("P-Charging-Function-Addresses", "ccf={}"),
    "P-Access-Network-Info": ("P-Access-Network-Info", "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp={}"),
    "User-to-User": ("User-to-User", "{};encoding=hex"),
    "Authorization": ("Authorization", 'Digest username="{}", realm="e", nonce="n", response="r"'),
    "Proxy-Authorization": ("Proxy-Authorization", 'Digest username="u", realm="e", nonce="{}"'),
    "Reason text": ("Reason", 'SIP;cause=200;text="{}"'),
    "Warning": ("Warning", '399 192.0.2.10 "{}"'),
    "Date": ("Date", "Thu, {} GMT"),
    "unknown X-": ("X-Anything", "{}"),
    "a header of tomorrow": ("P-Unheard-Of", "a={};b"),
    "Supported compact": ("k", "timer, {}"),
    "Content-Disposition": ("Content-Disposition", "session;handling={}"),
}  # fmt: skip
OTHERS: Final = {
    "start line": {"start": "INVITE sip:0844441909@203.0.113.6:5080;x={} SIP/2.0"},
    "From display": {"from_": '"{}" <sip:02727777787@192.0.2.10>;tag=a1'},
    "From parameter": {"from_": "<sip:02727777787@192.0.2.10>;tag=a1;p={}"},
    "From tag": {"from_": "<sip:02727777787@192.0.2.10>;tag={}"},
    "To display": {"to": "{} <sip:02727777787@192.0.2.10>"},
    "To parameter": {"to": "<sip:02727777787@192.0.2.10;{}>"},
    "Contact user": {"contact": "<sip:{}@192.0.2.10>"},
    "Contact host": {"contact": "<sip:token@{}>"},
    "Contact +sip.instance": {"contact": '<sip:token@192.0.2.10>;+sip.instance="<urn:uuid:{}>"'},
    "Contact gruu": {"contact": '<sip:token@192.0.2.10;gr={}>;pub-gruu="sip:x@192.0.2.10"'},
    "deeper Via": {
        "via": "SIP/2.0/UDP 203.0.113.5:5070;branch=z9hG4bKcaller77\r\nVia: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK{}"
    },
    "deeper Via, one line": {
        "via": "SIP/2.0/UDP 203.0.113.5:5070;branch=z9hG4bKcaller77, SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK-{}"
    },
    "a parameter of Via1": {"via": "SIP/2.0/UDP 203.0.113.5:5070;branch=z9hG4bKcaller77;x={}"},
    "Call-ID": {"call_id": "leg-{}-1"},
}
SDP_LINES: Final = (
    "o={} 5 1 IN IP4 192.0.2.10", "o=- {} 1 IN IP4 192.0.2.10", "s={}", "i={}", "u=https://192.0.2.10/{}", "e={}",
    "p={}", "a=ssrc:314159265 cname:{}", "a=cname:{}", "a=tool:{}", "a=candidate:1 1 UDP 2130706431 {} 40000 typ host",
    "a=rtcp:40001 IN IP4 {}", "c=IN IP4 {}", "a=fmtp:101 {}", "a=unheard-of:{}", "z={}", "k=clear:{}",
)  # fmt: skip
PIDF: Final = '<?xml version="1.0"?>\r\n<presence entity="pres:{}"><tuple id="a">\r\n<status/></tuple></presence>\r\n'


def planted_in_headers(leak: str) -> dict[str, Packet]:
    """A leg for each place in the head, `leak` in it."""
    made = {place: leg((name, value.replace("{}", leak))) for place, (name, value) in HEADERS.items()}
    for place, changes in OTHERS.items():
        [(key, value)] = changes.items()
        other: dict[str, Any] = {key: value.replace("{}", leak)}
        made[place] = leg(**other)
    return made


def planted_in_bodies(leak: str) -> dict[str, Packet]:
    """A leg for each place in a body: every SDP line, PIDF, a multipart, plain text, bytes."""
    code = leak.encode("latin-1")
    made = {line: leg(body=OFFER + line.encode().replace(b"{}", code) + b"\r\n") for line in SDP_LINES}
    pidf = PIDF.encode().replace(b"{}", code)
    made["PIDF"] = leg(body=pidf, kind="application/pidf+xml")
    parts = b"--x1\r\nContent-Type: application/sdp\r\n\r\n" + OFFER + b"\r\n--x1\r\nContent-Type: application/pidf+xml"
    made["multipart"] = leg(body=parts + b"\r\n\r\n" + pidf + b"\r\n--x1--\r\n", kind='multipart/mixed;boundary="x1"')
    made["plain text"] = leg(body=code, kind="text/plain")
    made["ISUP"] = leg(body=b"\x01\x11\xff" + code + b"\x00\xfe", kind="application/isup")
    return made


def planted_on_the_way_back(leak: str) -> dict[str, Packet]:
    """A reply to the caller for each place in its head; the status line, too."""
    made = {
        place: back("SIP/2.0 200 OK", (name, value.replace("{}", leak))) for place, (name, value) in HEADERS.items()
    }
    made["status line"] = back(f"SIP/2.0 486 {leak} is busy")
    made["Contact"] = back("SIP/2.0 302 Moved Temporarily", ("Contact", f"<sip:{leak}@192.0.2.10>"))
    return made
