"""Addresses as settings write them, and whose they are."""

import socket

import pytest

from deploy.hosts import is_mine, is_taken
from deploy.ports import free_udp


@pytest.mark.parametrize(
    ("host", "mine"),
    [("127.0.0.1", True), ("127.77.1.1", True), ("0.0.0.0", True), ("192.0.2.77", False), ("2001:db8::77", False)],  # noqa: S104 -- it is asked
)
def test_an_address_is_this_machines_or_not(host: str, mine: bool) -> None:
    """Kamailio would only die of it, again and again."""
    assert is_mine(host) is mine


def test_a_port_that_another_has_is_not_ours() -> None:
    """Kamailio would share it (SO_REUSEADDR), and each edge would get some of the packets."""
    host, port = free_udp("127.77.1.2")
    assert is_mine(host, port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, port))
        assert not is_mine(host, port)


def test_a_port_that_somebody_listens_on_by_tcp_is_free_by_udp_and_the_other_way() -> None:
    """And one that connections have just ended on is free (SO_REUSEADDR, as Kamailio has it)."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = listener.getsockname()
        assert not is_mine(*here, tcp=True)
        assert is_mine(*here)
        with socket.create_connection(here):
            listener.accept()[0].close()
    assert is_mine(*here, tcp=True)


def test_what_is_taken_is_seen_without_being_in_the_way() -> None:
    """By UDP, or by TCP where somebody listens; the port of another address, or transport, is free."""
    with socket.create_server(("127.77.1.3", 0)) as listener, socket.socket(type=socket.SOCK_DGRAM) as heard:
        host, port = listener.getsockname()
        assert is_taken(host, port, tcp=True)
        assert not is_taken(host, port)
        heard.bind((host, port))
        assert is_taken(host, port)
        assert not is_taken("127.77.1.4", port)
        assert not is_taken("127.77.1.4", port, tcp=True)
    assert not is_taken(host, port)
    assert not is_taken(host, port, tcp=True)
