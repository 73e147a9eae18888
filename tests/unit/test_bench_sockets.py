"""The benchmark blames a program for the datagrams that its own and SIPp's sockets lose, and for no others."""

import socket
from contextlib import closing

from sipp_scenarios.bench.sockets import Lost, emptied, listening, parse
from tests.edge import EDGE_HOST

_UDP = """  sl local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode ref pointer drops
   30: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5810 2 000000004c3d37d7 12
   31: 0A00007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5811 2 000000004c3d37d8 7
"""


def test_a_sockets_count_is_found_by_its_address() -> None:
    """127.0.0.1:5060 and 127.0.0.10:5060 are two."""
    assert parse(_UDP, [("127.0.0.10", 5060)]) == {(("127.0.0.10", 5060), "5811"): 7}
    assert parse(_UDP, [("127.0.0.1", 5061)]) == {}


def flood(target: socket.socket, datagrams: int) -> None:
    """Send so many of 1000 bytes to a socket that nobody reads."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
        for _ in range(datagrams):
            sender.sendto(bytes(1000), target.getsockname())


def small() -> socket.socket:
    """A socket with room for a few datagrams."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.bind((EDGE_HOST, 0))
    return one


def test_what_a_full_socket_loses_is_counted_and_what_others_lose_is_not() -> None:
    """Nor what it had lost before."""
    with closing(small()) as mine, closing(small()) as others:
        flood(mine, 100)
        with Lost([mine.getsockname()]) as before, Lost([mine.getsockname()]) as lost:
            flood(mine, 50)
            flood(others, 100)
        assert lost.count == 50
        assert before.count == 50
        with Lost([mine.getsockname()]) as nothing:
            flood(others, 100)
        assert nothing.count == 0


def test_what_still_comes_for_a_member_is_counted_and_taken() -> None:
    """So that the next window does not take it for its own."""
    with closing(small()) as free:
        address = free.getsockname()
    with closing(listening(address)) as mine:
        flood(mine, 3)
        assert (emptied(mine), emptied(mine)) == (3, 0)
