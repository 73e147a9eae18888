"""SDP as the other side may see it (RFC 8866): what makes media work, and nothing of who sent it.

By allow-list of lines and of attributes, each with the form its RFC gives it: a line invented tomorrow is dropped
too, and an allow-listed one must not carry a stranger's text. What stays of the sender is his media address and
port; where media is anchored, rtpengine's stand in their place (`kemi.voice`).
"""

import re
from typing import Final, NamedTuple

_V4: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_V6: Final = r"[0-9A-Fa-f:]{2,39}(?:\.[0-9]{1,3}){0,3}"
_ADDRESS: Final = rf"IN (?:IP4 {_V4}|IP6 {_V6})"  # never a name: it may be the sender's own
_MID: Final = r"(?=[A-Za-z0-9])(?:audio|video|text|data|application|sdparta_|[A-Za-z])?[0-9]{0,3}"
_PARAMETER: Final = r"[A-Za-z0-9-]{1,32}(?:=[A-Za-z0-9+/=,.-]{0,256})?"
_FLAG, _NUMBER, _SWITCH = "", ":[0-9]{1,6}", "(?::[01])?"

_MEDIA: Final = re.compile(
    r"m=(?:audio|video|text|image|application|message) [0-9]{1,5}(?:/[0-9]{1,3})? [A-Za-z]{2,6}(?:/[A-Za-z]{2,5}){0,3}"
    r"(?: (?:[0-9]{1,3}|t38|\*|webrtc-datachannel))+"
)
_CONNECTION: Final = re.compile(rf"c={_ADDRESS}(?:/[0-9]{{1,3}}){{0,2}}")
_BANDWIDTH: Final = re.compile(r"b=(?:AS|CT|TIAS|RS|RR):[0-9]{1,8}")
_ATTRIBUTES: Final = {
    name: re.compile(form)
    for name, form in {
        "rtpmap": r":[0-9]{1,3} [A-Za-z0-9.+_-]{1,24}/[0-9]{3,6}(?:/[0-9]{1,2})?",
        # Parameters are the codec's own affair; nine digits in a row could be a telephone number.
        "fmtp": rf":[0-9]{{1,3}} (?!.*[0-9]{{9}})(?:[0-9,/-]{{1,40}}|{_PARAMETER}(?:; ?{_PARAMETER}){{0,30}};?)",
        **dict.fromkeys(("ptime", "maxptime"), r":[0-9]{1,4}(?:\.[0-9]{1,3})?"),
        "rtcp": rf":[0-9]{{1,5}}(?: {_ADDRESS})?",
        "rtcp-fb": r":(?:[0-9]{1,3}|\*) (?:ack|nack|ccm|trr-int|transport-cc|goog-remb)(?: [a-z0-9]{1,5})?",
        "mid": f":{_MID}",
        "group": rf":(?:BUNDLE|LS|FID)(?: {_MID}){{0,8}}",
        "silenceSupp": ":(?:on|off)(?: -){4}",
        **dict.fromkeys(("rtcp-mux", "sendrecv", "sendonly", "recvonly", "inactive"), _FLAG),
        # SRTP: keys are made for the call.
        "crypto": r":[0-9]{1,4} [A-Za-z0-9_]{1,40} inline:"
        r"[A-Za-z0-9+/=|:]{1,160}(?: [A-Z_]{1,20}(?:=[A-Z0-9_]{1,8})?)*",
        "fingerprint": r":[A-Za-z0-9-]{3,8} [0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63}",
        "setup": ":(?:active|passive|actpass|holdconn)",
        "connection": ":(?:new|existing)",
        **dict.fromkeys(("T38FaxVersion", "T38MaxBitRate", "T38FaxMaxBuffer", "T38FaxMaxDatagram"), _NUMBER),
        **dict.fromkeys(("T38FaxFillBitRemoval", "T38FaxTranscodingMMR", "T38FaxTranscodingJBIG"), _SWITCH),
        "T38FaxRateManagement": ":(?:transferredTCF|localTCF)",
        "T38FaxUdpEC": ":t38UDP(?:Redundancy|FEC|NoEC)",
    }.items()
}
_MOST_KNOWN, _LONGEST_KNOWN = 1024, 64  # callers choose their lines, and a worker's memory must not grow
_known: dict[str, bool] = {}  # lines without anybody's keys or addresses, which many bodies have: whether they pass
_KNOWABLE: Final = frozenset({"rtpmap", "fmtp", "ptime", "maxptime", "sendrecv", "sendonly", "recvonly", "inactive"})
_NEEDED: Final = {"m=": _MEDIA, "c=": _CONNECTION}  # media without them is no media
_MOST_MEDIA: Final = 16  # each takes four ports of an rtpengine: a few calls with hundreds would leave none to others
_VERSIONS: Final = 1 << 31  # fits what every stack reads
_VERSION_FIELD: Final = 2  # o=<user> <session id> <version> <net> <type> <address>


class Origin(NamedTuple):
    """What one side of a call is shown as `o=`: a session id, and what is added to the sender's versions.

    The version must increase where the sender's does, or a hold seems to change nothing (RFC 3264 §8); as it
    stands it may be the sender's session id or his clock.
    """

    session_id: int
    offset: int
    host: str


class Description(NamedTuple):
    """A body that was read: what passes of it, but for `o=`."""

    version: int
    rest: str

    def shown_by(self, origin: Origin) -> str:
        """Return the SDP that the other side gets."""
        shown = (self.version + origin.offset) % _VERSIONS
        family = "IP6" if ":" in origin.host else "IP4"
        return f"v=0\r\no=- {origin.session_id} {shown} IN {family} {origin.host}\r\ns=-\r\n{self.rest}"

    def anchorable(self) -> "Description":
        """Return what an rtpengine gives ports of its own to, all of it; what it would pass on as it is, is refused.

        That is `m=message`, whatever its protocol, and an `a=rtcp` before any media (rtpengine 10.5).
        """
        session = f"\r\n{self.rest}".partition("\r\nm=")[0]
        if "m=message" not in self.rest and "a=rtcp:" not in session:
            return self
        kept, before, passes = list[str](), True, True
        for line in self.rest.split("\r\n")[:-1]:
            if line.startswith("m="):
                before, passes = False, not line.startswith("m=message")
                if not passes:
                    kept += [f"m=message 0 {line.split(' ', 2)[2]}", "c=IN IP4 0.0.0.0"]
            if passes and not (before and line.startswith("a=rtcp:")):
                kept.append(line)
        return self._replace(rest="\r\n".join([*kept, ""]))

    @property
    def is_fax(self) -> bool:
        """Whether it speaks of a fax by T.38."""
        return "m=image " in self.rest

    def refused_by(self, origin: Origin) -> str:
        """Return the SDP that refuses every medium of this one (RFC 3264 §6: port 0) and says nothing else of it."""
        kinds = (line.split(" ", 2) for line in self.rest.split("\r\n") if line.startswith("m="))
        lines = ["c=IN IP4 0.0.0.0", "t=0 0", *(f"{kind} 0 {rest}" for kind, _, rest in kinds), ""]
        return self._replace(rest="\r\n".join(lines)).shown_by(origin)


def scrub(body: str, origin: Origin) -> str:
    """Return the SDP of `body` with only what may pass. Raises `ValueError` where it is no SDP."""
    return read(body).shown_by(origin)


def read(body: str) -> Description:
    """Take what may pass out of `body`. Raises `ValueError` where it is no SDP, or its media cannot be read."""
    if not body.startswith("v=0"):
        raise ValueError("a body that is not SDP")
    version, media, kept = -1, 0, []
    for line in body.splitlines():
        line = line.rstrip(" ")  # noqa: PLW2901 - some ATAs end lines so
        kind = line[:2]
        if kind == "a=":
            if _known[line] if line in _known else _passes(line):
                kept.append(line)
        elif kind in _NEEDED:
            if _NEEDED[kind].fullmatch(line) is None:
                raise ValueError("media that cannot be read")
            media += kind == "m="
            kept.append(line)
        elif kind == "b=":
            if _BANDWIDTH.fullmatch(line):
                kept.append(line)
        elif kind == "t=":
            kept.append("t=0 0")
        elif kind == "o=" and version < 0:
            version = _version(line)
    if version < 0:
        raise ValueError("SDP without its o= line")
    if media > _MOST_MEDIA:
        raise ValueError("more media than any call has")
    kept.append("")
    return Description(version, "\r\n".join(kept))


def _passes(line: str) -> bool:
    """Say whether an attribute has its form."""
    name = line[2:].partition(":")[0]
    form = _ATTRIBUTES.get(name)
    passes = form is not None and form.fullmatch(line, 2 + len(name)) is not None
    if name in _KNOWABLE and len(line) <= _LONGEST_KNOWN:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[line] = passes
    return passes


def _version(line: str) -> int:
    fields = line[2:].split()
    version = fields[_VERSION_FIELD] if len(fields) > _VERSION_FIELD else "0"
    if not version.isdecimal() or not version.isascii():
        raise ValueError("an o= line without a version")
    return int(version)
