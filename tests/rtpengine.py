"""What an rtpengine of a test's edge says of itself, over its own protocol."""

import os
import secrets
import signal
import socket
from contextlib import closing
from pathlib import Path

from deploy.wait import until
from kemi.media import bencode
from kemi.watch.rpc import Rpc, RpcError
from tests.edge import Edge


def asks(address: tuple[str, int], command: str, **said: str) -> dict[str, bencode.Value]:
    """One question and its answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect(address)
        cookie = f"{secrets.token_hex(6)} ".encode()
        sock.send(cookie + bencode.encode({"command": command, **said}))
        answer = bencode.decode(sock.recv(65_536)[len(cookie) :])
        assert isinstance(answer, dict)
        return answer


class Sessions:
    """The sessions of an edge's own rtpengine."""

    def __init__(self, edge: Edge) -> None:
        self._address = edge.rtpengine

    def calls(self) -> list[str]:
        """The ids of the calls it has."""
        found = asks(self._address, "list")["calls"]
        assert isinstance(found, list)
        return [str(one) for one in found]

    def end(self) -> None:
        """End them all."""
        for call in self.calls():
            asks(self._address, "delete", **{"call-id": call})

    def become(self, count: int) -> bool:
        """Wait until it has so many."""
        return until(lambda: len(self.calls()) == count, 10.0)


def is_up(edge: Edge) -> bool:
    """Wait until kemi.watch has told the workers that the edge's rtpengine is there."""
    rpc = Rpc(edge.stack.settings.var_dir / "run" / "kamailio.rpc", "media")

    def unmarked() -> bool:
        try:
            rpc.ask("htable.get", "down", "r0")
        except RpcError:
            return True
        return False

    with closing(rpc):
        return until(unmarked, 20.0)


def stop(pid: int) -> None:
    """Stop a process, and wait until every thread of it has stopped: until one has heard of it, the others go on."""
    os.kill(pid, signal.SIGSTOP)
    tasks = Path(f"/proc/{pid}/task")
    assert until(lambda: all(_state(task) == "T" for task in tasks.iterdir()), 10.0), "it did not stop"


def _state(task: Path) -> str:
    return (task / "stat").read_text().rpartition(")")[2].split()[0]
