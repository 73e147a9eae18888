"""Addresses as settings write them: `<host>:<port>`, an IPv6 address in brackets."""

import ipaddress
import socket
from pathlib import Path


def host_port(text: str) -> tuple[str, str]:
    """Return what stands before and behind the last colon."""
    host, _, port = text.rpartition(":")
    return host, port


def is_port(text: str) -> bool:
    """Tell whether `text` is a port's number."""
    return text.isascii() and text.isdecimal() and 0 < int(text) < 65536


def is_ip(text: str) -> bool:
    """Tell whether `text` is an IP address as it stands before a port."""
    try:
        ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return ("[" in text) == (":" in text)


def is_mine(host: str, port: int = 0, *, tcp: bool = False) -> bool:
    """Tell whether a socket of this machine, UDP or TCP, may have the address `host`, and no other has `port` there."""
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as sock:
        if tcp:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that are over do not count
        try:
            sock.bind((host, port))
        except OSError:
            return False
    return True


def in_proc(host: str, port: int) -> str:
    """Write an IPv4 address as /proc/net does: its bytes as this (little-endian) machine's word, the port as read."""
    return f"{socket.inet_aton(host)[::-1].hex().upper()}:{port:04X}"


def is_taken(host: str, port: int, *, tcp: bool = False) -> bool:
    """Tell whether a socket of this machine has an IPv4 address and port: UDP, or TCP where it listens (proc(5)).

    It is only looked at. Who binds it to find out has it for a moment, and whoever wants it just then has not.
    """
    wanted = in_proc(host, port)
    lines = Path("/proc/net/tcp" if tcp else "/proc/net/udp").read_text().splitlines()[1:]
    sockets = [line.split()[1:4] for line in lines]
    return any(own == wanted and (not tcp or state == "0A") for own, _, state in sockets)


def takes_connections(text: str, seconds: float = 0.5) -> bool:
    """Tell whether somebody listens on the TCP address `text`; every address (0.0.0.0, ::) is asked for on loopback."""
    host, port = host_port(text)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host.strip("[]"), host.strip("[]"))  # noqa: S104 -- it is asked
    try:
        socket.create_connection((host, int(port)), seconds).close()
    except OSError:
        return False
    return True
