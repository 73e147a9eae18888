"""What is said to an rtpengine arrives where it can, and a silent one keeps a worker no longer than it may."""

import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Event, Thread

import pytest

from deploy.ports import free_udp
from kemi.domain.media import Node, first_offer
from kemi.errors import NoMedia
from kemi.media.rtpengine import Rtpengines

CALL = b"0123456789"


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A socket that takes what comes and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(10)
        yield silent


def test_what_was_said_to_nobody_does_not_cost_the_next_word() -> None:
    """A `delete` while the node was away comes back as an ICMP error with the next one, which goes all the same."""
    where = free_udp("127.0.0.1")
    with closing(Rtpengines([Node(*where)], set(), 30)) as media:
        media.delete(0, b"of before.")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as node:
            node.bind(where)
            node.settimeout(5)
            media.delete(0, CALL)
            assert CALL.hex().encode() in node.recv(2000)
            media.record(0, CALL, "note")
            assert b"start recording" in node.recv(2000)


def test_a_silent_one_is_asked_three_times_within_the_wait(silent: socket.socket) -> None:
    """The same question each time, by its cookie; then it is down, and nobody asks it any more."""
    down: set[int] = set()
    with closing(Rtpengines([Node(*silent.getsockname())], down, 60)) as media:
        for _ in range(3):
            with pytest.raises(NoMedia):
                media.change(0, CALL, first_offer(0), "v=0\r\n")
    assert down == {0}
    asked = {silent.recv(2000) for _ in range(3)}
    assert len(asked) == 1
    silent.settimeout(0)
    with pytest.raises(BlockingIOError):
        silent.recv(2000)


def test_the_wait_is_what_was_set(silent: socket.socket) -> None:
    """Who may wait 0.1 s has given up while another, who was asked to wait for a minute, has only begun."""
    patient_is_back = Event()

    def waits() -> None:
        with closing(Rtpengines([Node(*silent.getsockname())], set(), 60_000)) as media:
            media.change(0, CALL, first_offer(0), "v=0\r\n")
            patient_is_back.set()

    patient = Thread(target=waits)
    patient.start()
    question, asker = silent.recvfrom(2000)
    with closing(Rtpengines([Node(*silent.getsockname())], set(), 100)) as media, pytest.raises(NoMedia):
        media.change(0, CALL, first_offer(0), "v=0\r\n")
    assert not patient_is_back.is_set()
    silent.sendto(question.partition(b" ")[0] + b" d6:result2:oke", asker)
    patient.join(10)
    assert patient_is_back.is_set()
