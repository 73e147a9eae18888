"""SDP as the other side may see it (RFC 8866): what makes media work, and nothing of who sent it.

By allow-list of lines and of attributes: a line invented tomorrow is dropped too. What stays of the sender is
his media address and port; they go when media is anchored (README, listed exceptions).
"""

from typing import Final

_ATTRIBUTES: Final = frozenset(
    {
        *("rtpmap", "fmtp", "ptime", "maxptime", "rtcp", "rtcp-mux", "rtcp-fb", "mid", "group", "silenceSupp"),
        *("sendrecv", "sendonly", "recvonly", "inactive"),  # hold
        *("crypto", "fingerprint", "setup", "connection"),  # SRTP: keys are made for the call
        *("T38FaxVersion", "T38MaxBitRate", "T38FaxFillBitRemoval", "T38FaxTranscodingMMR"),
        *("T38FaxTranscodingJBIG", "T38FaxRateManagement", "T38FaxMaxBuffer", "T38FaxMaxDatagram", "T38FaxUdpEC"),
    }
)
_VERSION_FIELD: Final = 2  # o=<user> <session id> <version> <net> <type> <address>


def scrub(body: str, session_id: int, host: str) -> str:
    """Return the SDP of `body` with only allow-listed lines.

    `session_id` and `host` stand in the new `o=` line; its version is the sender's own, because a version that
    does not increase tells the far side that a hold changed nothing (RFC 3264 §8). Raises `ValueError` where
    the body is no SDP.
    """
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
            kept.append(_origin(line, session_id, host))
        elif kind == "v=":
            kept.append("v=0")
        elif kind == "s=":
            kept.append("s=-")
        elif kind == "t=":
            kept.append("t=0 0")
    kept.append("")
    return "\r\n".join(kept)


def _origin(line: str, session_id: int, host: str) -> str:
    fields = line[2:].split()
    version = fields[_VERSION_FIELD] if len(fields) > _VERSION_FIELD else "0"
    if not version.isdecimal() or not version.isascii():
        raise ValueError("an o= line without a version")
    family = "IP6" if ":" in host else "IP4"
    return f"o=- {session_id} {version} IN {family} {host}"
