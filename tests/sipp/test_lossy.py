"""The network that loses packets: only what it was told to lose, and it says what never came to be lost."""

import socket
from collections.abc import Iterator
from typing import Final

import pytest

from deploy.wait import readable
from sipp_scenarios.lossy import Lossy
from sipp_scenarios.scenario import Loss, Step
from tests.edge import free_port

INVITE: Final = b"INVITE sip:a@b SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n"
OK: Final = b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n"
BYE: Final = b"BYE sip:a@b SIP/2.0\r\nCSeq: 2 BYE\r\n\r\n"


class Ends:
    """Both ends of a lossy road: the edge, and a party that is hidden behind its address."""

    def __init__(self, *asked: Loss | Step) -> None:
        losses = [each for each in asked if isinstance(each, Loss)]
        steps = [each for each in asked if isinstance(each, Step)]
        self.done: list[tuple[str, bool]] = []
        self.edge, self.party = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.edge.bind(("127.0.0.1", 0))
        self.outside = ("127.0.0.20", free_port("127.0.0.20"))
        self.road = Lossy(self.outside, self.edge.getsockname(), "127.0.0.24", losses, steps, self._does)
        self.party.bind(self.road.ends[0])
        for each in (self.edge, self.party):
            each.settimeout(10)

    def _does(self, step: Step) -> None:
        """Note the step, and whether the party has what it was to happen before."""
        self.done.append((step.kill, bool(readable([self.party], 0))))

    def hears(self, *sent: bytes) -> list[bytes]:
        """What the party gets of what the edge sends; the last one arrives."""
        return self._passed(self.edge, self.outside, self.party, sent)

    def says(self, *sent: bytes) -> list[bytes]:
        """What the edge gets of what the party sends; the last one arrives."""
        return self._passed(self.party, self.road.ends[1], self.edge, sent)

    @staticmethod
    def _passed(here: socket.socket, to: tuple[str, int], there: socket.socket, sent: tuple[bytes, ...]) -> list[bytes]:
        for each in sent:
            here.sendto(each, to)
        got = [there.recv(65535)]
        while got[-1] != sent[-1]:
            got.append(there.recv(65535))
        return got


@pytest.fixture
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    """A road with the losses of the test."""
    ends = Ends(*request.param)
    with ends.road:
        yield ends
    ends.edge.close()
    ends.party.close()


def losing(*asked: Loss | Step) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("ends", [asked], indirect=True)


@losing(Loss(at="gateway", what="INVITE"), Loss(at="gateway", what="200 INVITE", times=2))
def test_it_loses_what_it_was_told_and_as_often(ends: Ends) -> None:
    """The first INVITE, two answers to it; everything else passes, both ways."""
    assert ends.hears(INVITE, INVITE, BYE) == [INVITE, BYE]
    assert ends.says(OK, OK, OK, BYE) == [OK, BYE]
    assert ends.road.complaints() == ""


@losing(Loss(at="gateway", what="ACK"), Loss(at="gateway", what="BYE", times="all"))
def test_it_says_what_never_came(ends: Ends) -> None:
    """A scenario whose packet was never there to be lost has not shown anything."""
    assert ends.hears(BYE, BYE, INVITE) == [INVITE]
    assert ends.road.complaints() == "lost 0 ACK, not 1"


@losing(Step(at="gateway", before="INVITE", kill="kamailio"), Step(at="gateway", before="ACK", kill="postgres"))
def test_a_step_is_done_once_and_before_its_packet_goes_on(ends: Ends) -> None:
    """And what never came by is said."""
    assert ends.hears(INVITE, INVITE, BYE) == [INVITE, INVITE, BYE]
    assert ends.done == [("kamailio", False)]
    assert ends.road.complaints() == "no ACK came"


@losing(Loss(at="gateway", what="BYE", times="all"))
def test_a_stranger_is_not_heard(ends: Ends) -> None:
    """Only the edge and the party pass."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(OK, ends.outside)
        stranger.sendto(OK, ends.road.ends[1])
        assert ends.hears(INVITE) == [INVITE]
        assert ends.says(INVITE) == [INVITE]
