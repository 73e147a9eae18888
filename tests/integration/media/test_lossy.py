"""A network between edge and rtpengine that loses what is said once."""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from deploy.wait import until
from kemi.domain.media import Change, Node
from kemi.domain.sounds import stand_in
from kemi.media.rtpengine import Rtpengines
from tests.integration.media.test_nodes import Two
from tests.listening import sweep, write_wav
from tests.media_room import LOW, media_of, speaks
from tests.sip import Recording
from tests.sip.sdp import sdp
from tests.telephone import Telephone

CALL = b"0123456789"
ANSWER = Change("answer", "caller", "member")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """An rtpengine."""
    with ExitStack() as open_:
        yield Two(tmp_path, open_).nodes[0]


@contextmanager
def losing(words: bytes, node: Node) -> Iterator[tuple[Node, Event]]:
    """A way to `node` that loses the first datagram with these words, and whether it has."""
    lost, over = Event(), Event()
    with socket.socket(type=socket.SOCK_DGRAM) as near, socket.socket(type=socket.SOCK_DGRAM) as far:
        near.bind(("127.0.0.1", 0))
        far.connect((node.ip, node.port))

        def carries() -> None:
            asker = ("", 0)
            while not over.is_set():
                for sock in select.select([near, far], [], [], 0.1)[0]:
                    if sock is far:
                        near.sendto(far.recv(65_536), asker)
                        continue
                    raw, asker = near.recvfrom(65_536)
                    if words in raw and not lost.is_set():
                        lost.set()
                    else:
                        far.send(raw)

        carrier = Thread(target=carries)
        carrier.start()
        try:
            yield Node(*near.getsockname()), lost
        finally:
            over.set()
            carrier.join()


@pytest.mark.parametrize("words", [b"stop media", b"unblock media", b"block media", b"play media"])
def test_no_music_stays_over_a_conversation(node: Node, tmp_path: Path, recording: Recording, words: bytes) -> None:
    """And nobody stays unheard: the member alone is heard, in what follows."""
    tune = write_wav(tmp_path / "tune.wav", sweep(2.0))
    with (
        losing(words, node) as (way, lost),
        closing(Rtpengines([way], set(), 1000)) as media,
        Telephone("127.0.0.11", recording) as customers,
        Telephone("127.0.0.21", recording) as members,
    ):
        offer = sdp(customers.host, customers.port).decode()
        _, bodies = media.place(CALL, offer, {0})
        media.change(0, CALL, ANSWER, stand_in(offer))
        media.play(0, CALL, str(tune), once=False)
        assert until(lambda: len(customers.voice()) > 800, 10)
        media.hush(0, CALL)
        assert lost.is_set()
        media.change(0, CALL, ANSWER, sdp(members.host, members.port).decode())
        assert speaks(members, media_of(bodies[0].encode()), customers, LOW)
        since = len(customers.heard)
        assert speaks(members, media_of(bodies[0].encode()), customers, LOW)
        assert {one.ssrc for one in customers.heard[since:]} == {members.ssrc}
        media.delete(0, CALL)
