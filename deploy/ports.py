"""Free ports on loopback addresses; parties of a call live on addresses of their own."""

import contextlib
import secrets
import socket
from typing import Final

EDGE_HOST: Final = "127.0.0.1"
CUSTOMER_HOST: Final = "127.0.0.10"
GATEWAY_HOST: Final = "127.0.0.20"


def free_rtp(host: str, count: int = 200) -> str:
    """Return a range of `count` UDP ports of `host` that are free now, as RTP_PORTS has it."""
    first = free_row(host, count)
    return f"{first}-{first + count - 1}"


def free_row(host: str, count: int) -> int:
    """Return the first, an even one, of `count` UDP ports of `host`, one after the other, that are free now."""
    for _ in range(100):
        first = 2 * secrets.randbelow(10_500) + 10_000  # below what the system gives out by itself
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind((host, port))
            return first
    raise OSError(f"no {count} free ports in a row at {host}")


def free_udp(host: str) -> tuple[str, int]:
    """Return `host` and a UDP port that is free on it now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return host, int(sock.getsockname()[1])


def free_tcp(host: str) -> int:
    """Return a TCP port that is free on `host` now."""
    with socket.create_server((host, 0)) as sock:
        return int(sock.getsockname()[1])
