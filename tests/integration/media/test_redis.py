"""An rtpengine with a Redis: killed, it comes back with its sessions, and nobody's telephone has to say a word."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.ports import free_rtp, free_tcp
from deploy.wait import until
from tests.edge import EDGE_HOST, HOTLINE, Edge, running_edge
from tests.media_room import answered, hear_each_other
from tests.rtpengine import Sessions
from tests.sip import Customer, Member
from tests.telephone import Telephone

PASSWORD = "s3cret-of-redis"


class Redis:
    """A server of its own that keeps nothing on disk."""

    def __init__(self, folder: Path, open_: ExitStack) -> None:
        self.port = free_tcp(EDGE_HOST)
        command = ["redis-server", "--port", str(self.port), "--bind", EDGE_HOST, "--save", "", "--dir", str(folder)]
        command += ["--requirepass", PASSWORD]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        open_.callback(self._process.wait)
        open_.callback(self._process.kill)
        assert until(lambda: self.says("PING") == "PONG", 10)

    def says(self, *command: str) -> str:
        """Ask it, as whoever knows the password."""
        asked = ["redis-cli", "-h", EDGE_HOST, "-p", str(self.port), "-n", "5", *command]
        env = {**os.environ, "REDISCLI_AUTH": PASSWORD}
        return subprocess.run(asked, env=env, check=False, capture_output=True, text=True).stdout.strip()

    def stop(self) -> None:
        """Let it answer nobody, until it goes on."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        os.kill(self._process.pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with ExitStack() as open_:
        yield Redis(tmp_path_factory.mktemp("redis"), open_)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, redis: Redis) -> Iterator[Edge]:
    """The real stack, whose rtpengine has a Redis."""
    where = f"{PASSWORD}@{EDGE_HOST}:{redis.port}/5"
    folder, rtp_ports = tmp_path_factory.mktemp("kept"), free_rtp(EDGE_HOST)
    with running_edge(folder, rtpengine="own", rtp_ports=rtp_ports, rtpengine_redis=where) as edge:
        yield edge


def test_the_two_hear_each_other_when_it_is_there_again(
    edge: Edge, redis: Redis, customer: Customer, bob: Member, customers: Telephone, members: Telephone,
    sessions: Sessions,
) -> None:  # fmt: skip
    """kill -9: the same ports, the same session; at its end nothing is left, in Redis either."""
    call = answered(customer, HOTLINE, bob, customers, members)
    hear_each_other(call, bob, customers, members)
    assert redis.says("DBSIZE") == "1"
    edge.stack.kill("rtpengine")
    edge.stack.restart("rtpengine")
    assert sessions.become(1)
    hear_each_other(call, bob, customers, members)
    assert call.hangs_up() == 200
    assert sessions.become(0)
    assert until(lambda: redis.says("DBSIZE") == "0", 10)


@pytest.mark.usefixtures("sessions")
@pytest.mark.may_log("rtpengine", "Redis")
def test_calls_go_on_without_redis(
    edge: Edge, redis: Redis, customer: Customer, bob: Member, customers: Telephone, members: Telephone, log_since: int
) -> None:  # fmt: skip
    """Redis answers nobody: rtpengine is not taken for dead, and calls have their voice."""
    redis.stop()
    try:
        for _ in range(3):
            bob.legs.clear()
            call = answered(customer, HOTLINE, bob, customers, members)
            hear_each_other(call, bob, customers, members)
            assert call.hangs_up() == 200
        assert "alarm=rtpengine_down" not in edge.log_since(log_since)
    finally:
        redis.go_on()


def test_its_password_is_not_for_everybody_to_see(edge: Edge) -> None:
    """Neither in the list of processes nor in a log."""
    pid = edge.stack.pid("rtpengine")
    assert PASSWORD.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert PASSWORD not in edge.stack.log("rtpengine").read_text()
