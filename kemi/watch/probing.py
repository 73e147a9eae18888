"""Asks gateways by OPTIONS whether they are there, and tells Kamailio's workers which are not (kemi/decisions/0024).

From the edge's own IP address, by a socket of its own (over TCP by a connection each time): no worker is asked, and an
answer passes no call's way. From says the edge and nobody else. Where the watch is gone, what it said of a gateway is
forgotten by itself (`_HOLD`).
"""

import logging
import re
import secrets
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from kemi.domain.addresses import SAID, Hop, without_port
from kemi.domain.gateways import way
from kemi.domain.health import Health, Verdict
from kemi.domain.model import Gateway
from kemi.watch.connection import Connection
from kemi.watch.rpc import Rpc, RpcError

_TABLE: Final = "down"
_HOLD: Final = 30  # seconds that a verdict holds; it is said again every second
_STATUS: Final = re.compile(rb"SIP/2\.0 ([1-6]\d\d) ")
_CALL_ID: Final = re.compile(rb"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)\r?$", re.IGNORECASE | re.MULTILINE)
_log: Final = logging.getLogger("watch")


class Probing:
    """The gateways that are asked, and the socket."""

    def __init__(self, rpc: Rpc, listen: str, host: str) -> None:
        """`listen`: the IP address that Kamailio listens on; `host`: what the edge calls itself."""
        self._rpc = rpc
        self._host, self._listen = host, listen
        self._gateways: dict[int, Gateway] = {}
        self._health: dict[int, Health] = {}
        self._asked: dict[str, int] = {}  # Call-ID → gateway, of what is waited for
        self._ids: dict[int, str] = {}
        self.socket = socket.socket(socket.AF_INET6 if ":" in listen else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((listen, 0))
        self._connections: dict[int, Connection] = {}

    def know(self, gateways: Iterable[Gateway]) -> None:
        """Ask these gateways from now on, as far as they want to be asked."""
        wanted = {one.id: one for one in gateways if one.enabled and one.probe_seconds}
        for gateway_id in self._gateways.keys() - wanted.keys():
            self._forget(gateway_id)
        for gateway_id, one in wanted.items():
            held = self._gateways.get(gateway_id)
            if held is None or way(held) != way(one):
                self._forget(gateway_id)
                self._health[gateway_id] = Health(time.monotonic())
        self._gateways = wanted

    def _forget(self, gateway_id: int) -> None:
        health = self._health.pop(gateway_id, None)
        self._hang_up(gateway_id)
        self._asked.pop(self._ids.pop(gateway_id, ""), None)
        if health is not None and health.is_down:
            with suppress(RpcError):  # it is forgotten by itself, only later
                self._rpc.ask("htable.delete", _TABLE, f"g{gateway_id}")

    def step(self) -> None:
        """Send what is due, and judge who is silent."""
        now = time.monotonic()
        for gateway_id, gateway in self._gateways.items():
            health = self._health[gateway_id]
            self._judge(gateway, health.silent(now, gateway.probe_seconds))
            if health.asked_at is None:
                self._hang_up(gateway_id)
            if health.sends(now):
                self._send(gateway, fresh=health.asked_at == now)

    def read(self) -> None:
        """Take the answers that have come."""
        while True:
            try:
                data, source = self.socket.recvfrom(65_535)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of an earlier packet
                continue
            self._heard(data, source[0])

    def connections(self) -> list[Connection]:
        """Return those that something is waited for on, as `socket` is."""
        return [one for one in self._connections.values() if one.is_open]

    def _heard(self, data: bytes, ip: str) -> None:
        status, call_id = _STATUS.match(data), _CALL_ID.search(data)
        gateway = self._gateways.get(self._asked.get(call_id[1].decode("latin-1"), 0)) if call_id else None
        if status is None or gateway is None or int(status[1]) < 200 or ip != way(gateway).ip:
            return
        self._asked.pop(self._ids.pop(gateway.id), None)
        self._hang_up(gateway.id)
        verdict = self._health[gateway.id].answered(int(status[1]), time.monotonic(), gateway.probe_seconds)
        self._judge(gateway, verdict)

    def _hang_up(self, gateway_id: int) -> None:
        if gateway_id in self._connections:
            self._connections.pop(gateway_id).close()

    def tell(self) -> None:
        """Say again who is down: Kamailio may have started anew. Raises `RpcError`."""
        for gateway_id, health in self._health.items():
            if health.is_down:
                self._rpc.ask("htable.setxi", _TABLE, f"g{gateway_id}", 1, _HOLD)

    def _judge(self, gateway: Gateway, verdict: Verdict | None) -> None:
        if verdict is None:
            return
        level = logging.ERROR if verdict.is_down else logging.WARNING
        state = "alarm=gateway_down" if verdict.is_down else "gateway_up"
        _log.log(level, "%s gateway=%d name=%s why=%s", state, gateway.id, gateway.name, verdict.why)
        with suppress(RpcError):  # it is said again
            if verdict.is_down:
                self.tell()
            else:
                self._rpc.ask("htable.delete", _TABLE, f"g{gateway.id}")

    def _send(self, gateway: Gateway, *, fresh: bool) -> None:
        if fresh:
            self._asked.pop(self._ids.get(gateway.id, ""), None)
            self._ids[gateway.id] = secrets.token_hex(12)
            self._asked[self._ids[gateway.id]] = gateway.id
        hop = way(gateway)
        if gateway.transport == "tcp":
            if fresh:  # what TCP has lost it sends again itself
                self._connect(gateway, hop)
            return
        with suppress(OSError):  # no route: its silence is judged
            self.socket.sendto(self._text(gateway, self.socket.getsockname()[1]).encode(), (hop.ip, hop.port))

    def _connect(self, gateway: Gateway, hop: Hop) -> None:
        self._hang_up(gateway.id)
        health, every = self._health[gateway.id], gateway.probe_seconds

        def failed(why: str) -> None:
            self._judge(gateway, health.failed(time.monotonic(), every, why))

        one = self._connections[gateway.id] = Connection(self._listen, lambda said: self._heard(said, hop.ip), failed)
        one.ask(hop, lambda port: self._text(gateway, port))

    def _text(self, gateway: Gateway, port: int) -> str:
        """Return the OPTIONS at hand, as sent from `port`."""
        call_id, host = self._ids[gateway.id], f"[{gateway.host}]" if ":" in gateway.host else gateway.host
        uri, me = f"sip:{host}:{gateway.port}{SAID[gateway.transport]}", f"{without_port(self._host)}:{port}"
        via = f"Via: SIP/2.0/{gateway.transport.upper()} {me};rport;branch=z9hG4bK{call_id}"
        lines = (
            f"OPTIONS {uri} SIP/2.0", via,
            f"From: <sip:{self._host}>;tag={call_id[:8]}", f"To: <{uri}>", f"Call-ID: {call_id}", "CSeq: 1 OPTIONS",
            "Max-Forwards: 70", "User-Agent: SIP", "Accept: application/sdp", "Content-Length: 0", "", "",
        )  # fmt: skip
        return "\r\n".join(lines)
