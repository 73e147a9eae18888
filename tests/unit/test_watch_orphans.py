"""What rtpengines have of calls that rang when their edge died is ended, and not where two may be talking."""

import errno
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from kemi.domain.media import Node
from kemi.media import bencode
from kemi.spool import sink
from kemi.watch.keeper import Watch
from tests.told import ANSWERED_0, RANG_0, RECEIVED
from tests.watch_room import FIRST, Edge


class Engine(NamedTuple):
    """An edge, and an rtpengine that only hears."""

    edge: Edge
    sock: socket.socket

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Start a watch that knows it; it ends as it does on SIGTERM."""
        with closing(self.edge.watch(86_400, Node(*self.sock.getsockname()))) as watch:
            yield watch

    def deleted(self) -> list[str]:
        """Return the calls whose sessions were to end, since it was asked last."""
        found = list[str]()
        while True:
            try:
                said = bencode.decode(self.sock.recv(65_536).partition(b" ")[2])
            except BlockingIOError:
                return found
            if isinstance(said, dict) and said["command"] == "delete":
                found.append(str(said["call-id"]))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    edge = Edge(tmp_path)
    with closing(edge), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield Engine(edge, sock)
    if edge.kamailio.is_up:
        edge.dies()


@pytest.fixture
def watch(engine: Engine) -> Iterator[Watch]:
    """A watch that has seen a call ring."""
    engine.edge.tells(RECEIVED, RANG_0)
    with engine.watch() as watch:
        watch.look()
        assert engine.deleted() == []
        yield watch


def test_a_call_that_rang_when_its_edge_died_is_ended(engine: Engine, watch: Watch) -> None:
    engine.edge.dies()
    watch.look()
    assert engine.deleted() == [FIRST]


def test_the_next_watch_knows_what_rang(engine: Engine) -> None:
    """Kamailio is stopped, then the watch, which looks no more; nothing of the spool is read twice."""
    engine.edge.tells(RECEIVED, RANG_0)
    with engine.watch() as first:
        first.look()
        engine.edge.dies()
    engine.edge.starts()
    with engine.watch() as second:
        second.look()
    assert engine.deleted() == [FIRST]


def test_an_answer_that_came_between_two_looks_counts(
    engine: Engine, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was written, and its edge died, when the spool had just been read."""
    truth = watch.truth

    def and_then() -> object:
        found = truth()
        if engine.edge.kamailio.is_up:
            engine.edge.tells(ANSWERED_0)
            engine.edge.dies()
        return found

    monkeypatch.setattr(watch, "truth", and_then)
    for _ in range(3):
        watch.look()
    assert engine.deleted() == []


def test_a_full_disk_may_have_kept_an_answer_out(
    engine: Engine, watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Two people may talk: their session is left to rtpengine, which ends what is silent; said once."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(sink, "write", full)
        engine.edge.tells(ANSWERED_0)
    engine.edge.dies()
    for _ in range(3):
        watch.look()
    assert engine.deleted() == []
    assert len([line for line in caplog.messages if "left to rtpengine's timeouts calls=1" in line]) == 1
