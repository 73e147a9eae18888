"""SIP URIs, as far as Kamailio looks into them here."""

import ipaddress
import re
from typing import Final

from tests.fakes.state import Address
from tests.fakes.surface import MisuseError

_URI: Final = re.compile(
    r"(?P<scheme>sips?|tel):(?:(?P<user>[^@;?>]*)@)?(?P<host>\[[0-9a-fA-F:.]+\]|[^:;?>\[\]@]*)(?::(?P<port>[0-9]+))?"
    r"(?P<params>(?:;[^?>]*)?)(?P<headers>(?:\?.*)?)",
    re.IGNORECASE,
)


class BadUriError(ValueError):
    """Kamailio's parse_uri refuses this."""


def uri_parts(uri: str) -> dict[str, str]:
    """Return scheme, user, host, port, params of a URI, "" for what is absent; raises `BadUriError`."""
    match = _URI.fullmatch(uri.strip())
    if not match or (match["scheme"].lower() != "tel" and not match["host"]):
        raise BadUriError(uri)
    if match["port"] and int(match["port"]) > 65535:
        raise BadUriError(uri)
    return {key: value or "" for key, value in match.groupdict().items()}


def name_addr(value: str) -> tuple[str, str, dict[str, str]]:
    """Take a From or To value apart: display name, URI, header parameters."""
    display, bracket, rest = value.partition("<")
    if bracket:
        uri, _, tail = rest.partition(">")
    else:
        display, (uri, _, tail) = "", value.partition(";")
        tail = ";" + tail if tail else ""
    params = {}
    for part in tail.split(";")[1:]:
        key, _, text = part.partition("=")
        params[key.strip().lower()] = text.strip()
    return display.strip(), uri.strip(), params


def address_of(uri: str) -> Address:
    """Return where a request to `uri` goes. A host name is a `MisuseError`: tm would ask the DNS inside the worker."""
    parts = uri_parts(uri)
    host = parts["host"].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        raise MisuseError(f"the next hop {uri!r} is a name, not an address") from error
    return host, int(parts["port"] or 5060)


def via_param(via: str, name: str) -> str | None:
    """Return a parameter of a Via value, "" where it has no value, None where it is absent."""
    for part in via.split(";")[1:]:
        key, _, value = part.strip().partition("=")
        if key.lower() == name:
            return value
    return None


def sent_by(via: str) -> Address:
    """Return host and port a Via value names."""
    host, _, port = via.partition(";")[0].rsplit(maxsplit=1)[-1].rpartition(":")
    if not host:
        host, port = port, "5060"
    return host.strip("[]"), int(port)
