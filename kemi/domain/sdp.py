"""SDP as the other side may see it (RFC 8866): what makes media work, and nothing of who sent it.

By allow-list of lines and of attributes: a line invented tomorrow is dropped too. What stays of the sender is
his media address and port; they go when media is anchored (README, listed exceptions).
"""

from typing import Final, NamedTuple

_ATTRIBUTES: Final = frozenset(
    {
        *("rtpmap", "fmtp", "ptime", "maxptime", "rtcp", "rtcp-mux", "rtcp-fb", "mid", "group", "silenceSupp"),
        *("sendrecv", "sendonly", "recvonly", "inactive"),  # hold
        *("crypto", "fingerprint", "setup", "connection"),  # SRTP: keys are made for the call
        *("T38FaxVersion", "T38MaxBitRate", "T38FaxFillBitRemoval", "T38FaxTranscodingMMR"),
        *("T38FaxTranscodingJBIG", "T38FaxRateManagement", "T38FaxMaxBuffer", "T38FaxMaxDatagram", "T38FaxUdpEC"),
    }
)
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


def scrub(body: str, origin: Origin) -> str:
    """Return the SDP of `body` with only allow-listed lines. Raises `ValueError` where it is no SDP."""
    if not body.startswith("v=0"):
        raise ValueError("a body that is not SDP")
    kept: list[str] = []
    for line in body.splitlines():
        kind = line[:2]
        if kind in {"m=", "c=", "b="}:
            kept.append(line)
        elif kind == "a=":
            if line[2:].partition(":")[0] in _ATTRIBUTES:
                kept.append(line)
        elif kind == "o=":
            kept.append(_origin(line, origin))
        elif kind == "v=":
            kept.append("v=0")
        elif kind == "s=":
            kept.append("s=-")
        elif kind == "t=":
            kept.append("t=0 0")
    kept.append("")
    return "\r\n".join(kept)


def _origin(line: str, origin: Origin) -> str:
    fields = line[2:].split()
    version = fields[_VERSION_FIELD] if len(fields) > _VERSION_FIELD else "0"
    if not version.isdecimal() or not version.isascii():
        raise ValueError("an o= line without a version")
    shown = (int(version) + origin.offset) % _VERSIONS
    family = "IP6" if ":" in origin.host else "IP4"
    return f"o=- {origin.session_id} {shown} IN {family} {origin.host}"
