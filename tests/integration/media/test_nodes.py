"""Several rtpengines: one dies, and calls go through the other; those of the dead one are silent, and end."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest

from deploy.parts import pongs, rtpengine
from deploy.ports import free_rtp, free_udp
from deploy.settings import FixedSettings
from deploy.wait import until
from kemi.domain.media import Change, Node
from kemi.errors import NoMedia
from kemi.media.rtpengine import Rtpengines
from tests.rtpengine import asks
from tests.sip.sdp import sdp

OFFER = Change("offer", "caller", "member")


class Two:
    """Two rtpengines that can be killed, and what all workers know of them."""

    def __init__(self, folder: Path, open_: ExitStack) -> None:
        self.nodes: list[Node] = []
        self.running: list[Popen[bytes]] = []
        self._commands: list[list[str]] = []
        self._open = open_
        self.down: set[int] = set()
        (folder / "recordings" / "raw").mkdir(parents=True)
        for _ in range(2):
            control = free_udp("127.0.0.1")
            part = rtpengine(FixedSettings(var_dir=folder, rtp_ports=free_rtp("127.0.0.1", 100)), control)
            self._commands.append(list(part.command))
            self.nodes.append(Node(*control))
            self.running.append(self._starts(len(self.running)))
        self.media = open_.enter_context(closing(Rtpengines(self.nodes, self.down, 1000)))

    def kill(self, node: int) -> None:
        """kill -9, and wait for its end."""
        self.running[node].kill()
        self.running[node].wait()

    def restart(self, node: int) -> None:
        """Start one that was killed, where it was."""
        self.running[node] = self._starts(node)

    def _starts(self, node: int) -> Popen[bytes]:
        process = self._open.enter_context(Popen(self._commands[node], stdout=DEVNULL, stderr=DEVNULL))
        self._open.callback(process.kill)
        assert until(lambda: pongs(self.nodes[node][:2]), 10)
        return process

    def calls(self, node: int) -> list[str]:
        found = asks(self.nodes[node][:2], "list")["calls"]
        assert isinstance(found, list)
        return sorted(str(one) for one in found)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    """Both run."""
    with ExitStack() as open_:
        yield Two(tmp_path, open_)


def test_one_dies_and_the_other_takes_its_calls(two: Two) -> None:
    """No call is lost but those that ran through it; one question finds out, and nobody asks again."""
    media = two.media
    body = sdp("127.0.0.11").decode()
    calls = [bytes((0, *b"call-", number, 0, 0, 0)) for number in range(12)]
    placed = {call: media.place(call, body, {0}) for call in calls}
    assert {node for node, _ in placed.values()} == {0, 1}
    assert all("127.0.0.11" not in found[0] for _, found in placed.values())
    for node in (0, 1):
        assert two.calls(node) == sorted(call.hex() for call in calls if placed[call][0] == node)
    two.kill(0)
    assert {media.place(b"new" + call[3:], body, {0})[0] for call in calls} == {1}
    assert two.down == {0}
    for call, (node, _) in placed.items():
        if node == 0:
            with pytest.raises(NoMedia, match="rtpengine 0 is down"):
                media.change(node, call, OFFER, body)
        else:
            assert media.change(node, call, OFFER, body)
        media.delete(node, call)
    assert until(lambda: all(one.startswith(b"new".hex()) for one in two.calls(1)), 10)
    two.kill(1)
    with pytest.raises(NoMedia, match="no rtpengine answers"):
        media.place(calls[0], body, {0})
    assert two.down == {0, 1}


def test_a_question_that_is_refused_is_no_dead_node(two: Two) -> None:
    """rtpengine's own error is the call's, not the node's."""
    media = two.media
    with pytest.raises(NoMedia, match="refuses"):
        media.change(0, b"0123456789", OFFER, "not SDP at all")
    assert two.down == set()
