"""The keys of the routing table: `h:+84…` hotline, `G:<id>` group, `t:<id>` tenant and so on (`kemi.table.store`)."""

import ipaddress


def hotline_key(number: str) -> bytes:
    """Return the key of the hotline with this E.164 number."""
    return b"h:" + number.encode()


def key_number(key: bytes) -> str:
    """Return the number that `hotline_key` made this key of."""
    return key[2:].decode()


def id_key(kind: str, row_id: int) -> bytes:
    """Return the key of a group (`kind` "G"), tenant ("t"), plan ("p") or gateway ("g")."""
    return f"{kind}:{row_id}".encode()


def key_id(key: bytes) -> int:
    """Return the id that `id_key` made this key of."""
    return int(key[2:])


def address_key(ip: str) -> bytes:
    """Return the key of a trunk's address; of an IPv6 one in any spelling. Raises `ValueError`."""
    return b"a:" + (str(ipaddress.ip_address(ip)) if ":" in ip else ip).encode()
