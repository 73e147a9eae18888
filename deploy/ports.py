"""Free ports on loopback addresses; parties of a call live on addresses of their own."""

import socket
from typing import Final

EDGE_HOST: Final = "127.0.0.1"
CUSTOMER_HOST: Final = "127.0.0.10"
GATEWAY_HOST: Final = "127.0.0.20"


def free_udp(host: str) -> tuple[str, int]:
    """Return `host` and a UDP port that is free on it now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return host, int(sock.getsockname()[1])


def free_tcp(host: str) -> int:
    """Return a TCP port that is free on `host` now."""
    with socket.create_server((host, 0)) as sock:
        return int(sock.getsockname()[1])
