"""A spool of its own, its edge's starts and deaths, and a Kamailio that is a dictionary: what the watch looks at."""

import fcntl
import os
import socket
from pathlib import Path
from typing import Any, Final

from kemi.domain.events import Event
from kemi.domain.media import Node
from kemi.spool.instance import Instance, claim_instance
from kemi.spool.sink import SpoolSink
from kemi.watch.ending import Ending
from kemi.watch.keeper import Watch
from kemi.watch.probing import Probing
from kemi.watch.rpc import Rpc, RpcError
from tests.told import of_call
from tests.unit.given import keyring

FIRST: Final = "00000000000000000001"


def bound() -> socket.socket:
    """A socket as the supervisor gives it."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made


class Kamailio(Rpc):
    """The counters, and what was asked."""

    def __init__(self) -> None:
        self.limits: dict[str, int] = {}
        self.asked: list[str] = []
        self.is_up = True

    def ask(self, method: str, *params: str | int) -> Any:
        self.asked.append(method)
        if not self.is_up:
            raise RpcError("nobody there")
        if params[0] == "down":
            return "Ok"
        assert params[0] == "limits"
        if method == "htable.dump":
            return [{"entry": 0, "slot": [{"name": name, "value": value} for name, value in self.limits.items()]}]
        key = str(params[1])
        if method == "htable.get":
            if key not in self.limits:
                raise RpcError("htable.get: {'message': \"Key name doesn't exist in htable.\"}")
            return {"item": {"name": key, "value": self.limits[key]}}
        if method == "htable.setxi":
            self.limits[key] = int(params[2])
        return "Ok"

    @property
    def counted(self) -> dict[str, int]:
        """The counters that are not 0."""
        return {key: value for key, value in self.limits.items() if value and key != "watch"}


class Edge:
    """Starts of Kamailio that write into one spool."""

    def __init__(self, var: Path) -> None:
        self.var, self.kamailio = var, Kamailio()
        self._spool = var / "spool"
        self._probing = Probing(self.kamailio, "127.0.0.1", "edge.invalid:5060")
        self._ending = Ending(keyring(), "edge.invalid:5060", ("127.0.0.1", 9), bound())
        (var / "run").mkdir()
        self.instance: Instance
        self.starts()

    def starts(self) -> None:
        """Kamailio starts, its memory empty."""
        self.instance = claim_instance(self._spool, "edge")
        self._sink = SpoolSink(self._spool, "edge", self.instance.name)
        self.kamailio.limits.clear()
        self.kamailio.is_up = True

    def dies(self) -> None:
        """Kill -9."""
        fcntl.flock(self.instance.fd, fcntl.LOCK_UN)
        os.close(self.instance.fd)
        self.kamailio.is_up = False

    def close(self) -> None:
        """Leave nothing open."""
        self._probing.socket.close()
        self._ending.socket.close()

    def tells(self, *events: Event, call: str = FIRST) -> None:
        """Write events."""
        for event in of_call(call, *events):
            self._sink.put(event)

    def watch(self, max_seconds: int = 86_400, *nodes: Node) -> Watch:
        """Start a watch."""
        return Watch(self.var, max_seconds, self.kamailio, self._probing, self._ending, nodes)
