"""The few things a call reads out of SIP addresses (RFC 3261 §19.1, §20.10): strict, or nothing.

Whatever does not look as it must raises `ValueError`: an address is never guessed from the wire.
"""

import re
import socket
from collections.abc import Callable
from typing import Final, NamedTuple

_QUOTED: Final = re.compile(r'\s*"(?:[^"\\]|\\.)*"', re.DOTALL)
_QUOTES: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TAG: Final = re.compile(r";\s*tag\s*=\s*([A-Za-z0-9.!%*_+`'~-]+)\s*(?:;|$)", re.ASCII | re.IGNORECASE)
# As nearly every header is written; what is not takes the way that minds all that RFC 3261 allows.
_PLAIN: Final = re.compile(r'\s*(?:"(?:[^"\\]|\\.)*+")?[^<>"]*<([^\s<>"\x00-\x20\x7f]++)>', re.DOTALL)
_PLAIN_TAG: Final = re.compile(r";tag=([A-Za-z0-9.!%*_+`'~-]++)", re.ASCII)
_RECEIVED: Final = re.compile(r"\s*;\s*received\s*=[^;,\s]*|\s*;\s*i\s*=[^;,\s]*", re.IGNORECASE)  # i: Kamailio's own
_RPORT: Final = re.compile(r"\s*;\s*rport(?:\s*=\s*\d*)?(?![A-Za-z0-9-])", re.IGNORECASE)
# The sent-by of a Via that is everybody's: the broadcast address, or a multicast one.
_TO_ALL: Final = re.compile(
    r"\s(?:255(?:\.255){3}|2(?:2[4-9]|3\d)(?:\.\d{1,3}){3}|\[ff[0-9a-f:.]*\])(?=[\s:;]|$)", re.IGNORECASE
)
_SPEC: Final = re.compile(r"[^\s<>\"\x00-\x20\x7f]+")
_LISTED: Final = re.compile(r'(?:[^,"<]|"(?:[^"\\]|\\.)*+"|<[^>]*+>)++', re.DOTALL)
_URI: Final = re.compile(
    r"(?P<scheme>sip):(?:(?P<user>[^\s@<>\"]+)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?"
    r"(?P<params>;[^\s<>\"?]*)?(?:\?[^\s<>\"]*)?",
    re.ASCII | re.IGNORECASE,
)


SAID: Final = {"udp": "", "tcp": ";transport=tcp"}  # of a URI that is to be reached by it (RFC 3263 §4.1)


class Hop(NamedTuple):
    """Where a message is sent: an IP address, a port, a transport."""

    ip: str
    port: int
    transport: str = "udp"

    def uri(self) -> str:
        """Return the hop as a URI for tm: no name, so nothing is ever resolved in a worker."""
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"sip:{host}:{self.port}{SAID[self.transport]}"


def addr_spec(value: str) -> str:
    """Return the URI of a From, To, Contact or Route value. Raises `ValueError`."""
    plain = _PLAIN.match(value)
    return plain[1] if plain is not None else careful_spec(value)


def careful_spec(value: str) -> str:
    """Do what `addr_spec` does where the value is not written plainly."""
    quoted = _QUOTED.match(value)
    rest = value[quoted.end() :] if quoted else value
    if "<" in rest:
        uri, closed, _ = rest.partition("<")[2].partition(">")
        if not closed:
            raise ValueError("an address without its closing bracket")
    else:
        uri = rest.partition(";")[0]  # RFC 3261 §20: without brackets, parameters are the header's
    uri = uri.strip()
    if _SPEC.fullmatch(uri) is None:
        raise ValueError("an address without a URI")
    return uri


def tag(value: str) -> str:
    """Return the tag of a From or To value, "" where it has none."""
    plain = _PLAIN_TAG.fullmatch(value, value.rfind(">") + 1)
    return plain[1] if plain is not None else careful_tag(value)


def careful_tag(value: str) -> str:
    """Do what `tag` does where the value is not written plainly."""
    if '"' in value:
        value = _QUOTES.sub("", value)  # what a display name or a parameter quotes is no tag
    found = _TAG.search(value, value.rfind(">") + 1)
    return found.group(1) if found else ""


def is_via_of(value: str, own: str) -> bool:
    """Say whether a Via that came back is the one its sender wrote, but for what servers add to it."""
    return value == own or _plain_via(value) == _plain_via(own)


def is_to_all(via: str) -> bool:
    """Say whether a reply that goes by this Via would go to everybody."""
    return _TO_ALL.search(via) is not None


def via_seen(own: str, ip: str, port: int) -> str:
    """Return a Via with where it came from."""
    return _RPORT.sub(f";rport={port}", _plain_via(own)) + f";received={ip}"


def _plain_via(value: str) -> str:
    return _RPORT.sub(";rport", _RECEIVED.sub("", value))


def user(uri: str) -> str:
    """Return the user part of a sip or tel URI, without parameters; "" where there is none."""
    scheme, _, rest = uri.partition(":")
    if scheme.lower() == "tel":
        return rest.partition(";")[0]
    name, at, _ = rest.partition("@")
    return name.partition(";")[0].partition(":")[0] if at else ""


def hop(uri: str, source: Hop, is_known: Callable[[str], bool] = lambda _: False) -> Hop:
    """Return where to send what is for `uri`, given where its owner spoke from.

    That is `source`, unless `uri` names another port of it or an address that `is_known` (a trunk's): a Contact is
    free text, and the edge sends nothing to an address only because a peer wrote it down. By the transport that he
    used, but UDP where he speaks TCP and `uri` wants it. Raises `ValueError` for what is not a sip URI.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise ValueError("an address that is not a sip URI")
    ip = found["host"].strip("[]")
    port = int(found["port"] or 5060)
    if not 0 < port < 65536:
        raise ValueError("a port that does not exist")
    if ip == source.ip or (is_ip(ip) and (is_known(ip) or _is_same(ip, source.ip))):
        return Hop(ip, port, "udp" if source.transport != "udp" and _wants_udp(found) else source.transport)
    return source


def _wants_udp(uri: re.Match[str]) -> bool:
    return ";transport=udp" in (uri["params"] or "").lower()


def _is_same(ip: str, other: str) -> bool:
    """Say whether two addresses are one IPv6 address: peers and Kamailio write it each in their way."""
    return ":" in ip and ":" in other and _packed6(ip) == _packed6(other)


def _packed6(ip: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6, ip)


def without_port(host: str) -> str:
    """Return the host of "host", "host:port" or "[IPv6]:port"; brackets stay."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() and (":" not in name or name.endswith("]")) else host


def is_ip(host: str) -> bool:
    """Say whether `host` is an IP address and not a name (`inet_pton`: ten times cheaper than `ipaddress`)."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        return False
    return True


def split_list(value: str) -> list[str]:
    """Split a comma-separated header value, minding quotes and brackets (RFC 3261 §7.3.1). Raises `ValueError`."""
    if "," not in value:
        return [value.strip()] if value.strip() else []
    parts, at = [], 0
    while at < len(value):
        found = _LISTED.match(value, at)
        end = found.end() if found else at
        if end < len(value) and value[end] != ",":
            raise ValueError("a quote or a bracket without its end")
        parts.append(value[at:end].strip())
        at = end + 1
    return [part for part in parts if part]
